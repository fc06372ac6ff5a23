"""A workflow is checked as if its files were here, so that its script can be written where they are not."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import msgspec

from comfy_core.folders import Folders
from execution.explain import MissingModel, missing_models
from execution.graph import parse
from execution.inputs import ANYTHING
from execution.validate import Validation, validate
from nodes.schema import Input, Node, NodeSchema


def validate_without_files(
    prompt: Any, nodes: Mapping[str, Node], where: Folders
) -> tuple[Validation, list[MissingModel]]:
    """What is wrong with a prompt besides the files that are not in their folders; and those that its outputs need.

    Nodes that such a file is for are not asked what they think of it.
    """
    schemas = {name: node.schema for name, node in nodes.items()}
    missing = [one for one in missing_models(prompt, schemas, where) if one.value]
    unknown: dict[str, set[str]] = {}
    for one in missing:
        unknown.setdefault(one.class_type, set()).add(one.input)
    lenient = schemas | {name: _taking_anything(schemas[name], inputs) for name, inputs in unknown.items()}
    judges = {name: node for name, node in nodes.items() if name not in unknown}
    validation = validate(prompt, lenient, where, None, judges)
    needed = set(parse(validation.prompt, schemas.__getitem__).order(validation.outputs))
    return validation, [one for one in missing if one.node in needed]


def _taking_anything(schema: NodeSchema, names: Set[str]) -> NodeSchema:
    def changed(one: Input) -> Input:
        return msgspec.structs.replace(one, type=ANYTHING, folder=None, choices=None, options={})

    return msgspec.structs.replace(
        schema, inputs=tuple(changed(one) if one.name in names else one for one in schema.inputs)
    )
