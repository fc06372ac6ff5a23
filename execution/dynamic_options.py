"""What inputs that bring others along must say of these (contract execution.md §10); packs may write it by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import msgspec

from execution.declared import input_from
from nodes.node import AUTOGROW, DYNAMIC_COMBO, DYNAMIC_SLOT, Input

Entry = Annotated[list[Any], msgspec.Meta(min_length=1, max_length=2)]
Sections = dict[str, dict[str, Entry]]


class _Choice(msgspec.Struct):
    key: Any
    inputs: Sections


class _Combo(msgspec.Struct):
    options: list[_Choice] = []


class _Template(msgspec.Struct):
    input: Sections
    prefix: str = ""
    names: list[str] | None = None
    min: int = 0
    max: int | None = None


class _Grow(msgspec.Struct):
    template: _Template


class _Slot(msgspec.Struct):
    slotType: str = "*"
    inputs: Sections = {}


SHAPES: dict[str, Any] = {AUTOGROW: _Grow, DYNAMIC_COMBO: _Combo, DYNAMIC_SLOT: _Slot}


def check(inputs: Iterable[Input]) -> None:
    """Raises ValueError for an input that brings others along and does not say which, or how."""
    for one in inputs:
        if one.type in SHAPES:
            try:
                said = msgspec.convert(one.options, SHAPES[one.type])
                brought = [input_from(f"{one.name}.{name}", entry, section) for name, entry, section in _brought(said)]
            except msgspec.ValidationError as error:
                raise ValueError(f"the options of input {one.name!r} ({one.type}): {error}") from error
            check(brought)


def _brought(said: _Combo | _Grow | _Slot) -> Iterator[tuple[str, Entry, str]]:
    """The name, `[type, options]` and section of every input that may come along."""
    if isinstance(said, _Combo):
        all_sections = [choice.inputs for choice in said.options]
    else:
        all_sections = [said.template.input if isinstance(said, _Grow) else said.inputs]
    for sections in all_sections:
        for section, inputs in sections.items():
            yield from ((name, entry, section) for name, entry in inputs.items())
