"""Schemas for the tests, read off `object_info` entries: the form in which fixtures carry them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nodes.schema import Input, NodeSchema, Output


@pytest.fixture
def schemas_of() -> Callable[[dict[str, Any]], dict[str, NodeSchema]]:
    return lambda object_info: {name: _schema(name, entry) for name, entry in object_info.items()}


def _schema(name: str, entry: dict[str, Any]) -> NodeSchema:
    inputs = [
        _input(input_name, section, spec)
        for section, specs in entry["input"].items()
        for input_name, spec in specs.items()
    ]
    outputs = [Output(type=type, name=type) for type in entry.get("output", [])]
    return NodeSchema(
        id=name,
        title=entry.get("display_name", name),
        category="test",
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        is_output=entry.get("output_node", False),
    )


def _input(name: str, section: str, spec: list[Any]) -> Input:
    options = spec[1] if len(spec) > 1 else {}
    if isinstance(spec[0], list):
        return Input(name=name, type="COMBO", section=section, options=options, choices=tuple(spec[0]))
    choices = tuple(options.get("options", ())) if spec[0] == "COMBO" else None
    return Input(name=name, type=spec[0], section=section, options=options, choices=choices)
