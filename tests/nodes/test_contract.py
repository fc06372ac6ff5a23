"""Built-in nodes look to the ecosystem as its own do: the `object_info*.json` beside this file were measured there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from execution.load_nodes import load_nodes
from nodes.schema import Node, NodeSchema, object_info

CONTRACT: dict[str, Any] = {
    name: info
    for file in sorted(Path(__file__).parent.glob("object_info*.json"))
    for name, info in json.loads(file.read_text()).items()
}
ROOT = Path(__file__).parents[2]
NODES: dict[str, Node] = load_nodes(("nodes",))
LISTS = {"sampler_name", "scheduler"}
"""Combos that are held against the ecosystem's one by one."""
TEXTS = {"description", "output_tooltips", "input"}
OWN = {"CheckpointLoaderSimple": ["weights"]}
"""Inputs of ours that the ecosystem's node lacks: workflows made there need not name them."""


def inputs(info: dict[str, Any]) -> dict[str, Any]:
    """Inputs by section, without tooltips and without the values of lists that are files or ours."""
    return {
        section: {name: _entry(name, one) for name, one in inputs.items()} for section, inputs in info["input"].items()
    }


def _entry(name: str, entry: Any) -> Any:
    if isinstance(entry, str):
        return [entry, {}]
    kind, options = entry[0], dict(_plain(entry[1])) if len(entry) > 1 else {}
    options = {
        key: value for key, value in options.items() if key == "default" or (key != "tooltip" and value is not False)
    }
    kind = options.pop("options", kind)
    files = name.endswith("_name") or name == "image"
    if isinstance(kind, list) and (files or name in LISTS):
        kind = "COMBO"
    return [kind, options]


def _plain(value: Any) -> Any:
    """Options of inputs within inputs without tooltips and what is not set, as `_entry` has those of the outer ones."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _plain(one)
        for key, one in value.items()
        if key == "default" or not (one is False or (key == "tooltip" and isinstance(one, str)))
    }


@pytest.mark.parametrize("name", CONTRACT)
def test_a_node_is_as_the_ecosystem_knows_it(name: str):
    ours, theirs = object_info(without_own(NODES[name].schema), lambda folder: []), CONTRACT[name]
    assert inputs(ours) == inputs(theirs)
    assert [list(one) for one in inputs(ours).values()] == [list(one) for one in inputs(theirs).values()]
    assert {key: ours.get(key) or None for key in theirs if key not in TEXTS} == {
        key: value or None for key, value in theirs.items() if key not in TEXTS
    } | {"display_name": theirs["display_name"] or theirs["name"]}


def without_own(schema: NodeSchema) -> NodeSchema:
    own = OWN.get(schema.id, [])
    count = len(schema.inputs) - len(own)
    assert [one.name for one in schema.inputs[count:]] == own
    assert all(one.section == "optional" for one in schema.inputs[count:])
    return msgspec.structs.replace(schema, inputs=schema.inputs[:count])


@pytest.mark.parametrize("name", ["KSampler", "KSamplerAdvanced"])
@pytest.mark.parametrize("combo", sorted(LISTS))
def test_samplers_and_schedulers_are_the_ecosystems_in_its_order(name: str, combo: str):
    ours = object_info(NODES[name].schema, lambda folder: [])["input"]["required"][combo][0]
    assert ours == CONTRACT[name]["input"]["required"][combo][0]


@pytest.mark.parametrize("name", NODES)
def test_every_node_and_input_says_what_it_is_for(name: str):
    schema = NODES[name].schema
    assert schema.description
    assert all(one.options.get("tooltip") for one in schema.inputs if one.section != "hidden")


def test_nodes_do_not_load_the_heavy_libraries():
    names = ", ".join(f"nodes.{one}" for one in ("types", "images", "loaders", "text", "latents", "sampling", "lora"))
    code = f"import sys, {names}; from comfy_core.families import families; families(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not {"transformers", "diffusers", "kornia", "scipy", "torch._dynamo"} & set(loaded.split())
