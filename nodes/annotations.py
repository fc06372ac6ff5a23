"""Reads the inputs and outputs of a node off the annotations of its function, where markers say what they are."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any

from nodes.markers import (
    Boolean,
    Cases,
    Combo,
    File,
    Float,
    Grow,
    Hidden,
    Int,
    Marker,
    Match,
    Socket,
    String,
    Widget,
    given,
)
from nodes.node import AUTOGROW, DYNAMIC_COMBO, MATCH, Input, Output

TYPES: dict[type, str] = {
    Int: "INT",
    Float: "FLOAT",
    String: "STRING",
    Boolean: "BOOLEAN",
    Combo: "COMBO",
    File: "COMBO",
    Match: MATCH,
    Grow: AUTOGROW,
    Cases: DYNAMIC_COMBO,
}
NO_OPTIONS = frozenset({"type", "tooltip", "choices", "folder"})


def read_input(name: str, hint: Any) -> Input:
    """The input that an annotation describes. Raises TypeError when it carries no marker."""
    hint, is_optional = _without_none(hint)
    marker = _marker(hint)
    if marker is None:
        raise TypeError(f"input {name!r}: annotate it with a marker, e.g. Annotated[int, Int(default=1)]")
    if isinstance(marker, Hidden):
        return Input(name=name, type=marker.type, section="hidden")
    return Input(
        name=name,
        type=_type(marker),
        section="optional" if is_optional else "required",
        options=_options(marker),
        choices=marker.choices if isinstance(marker, Combo) else None,
        folder=marker.folder if isinstance(marker, File) else None,
    )


def read_outputs(returned: Any, names: tuple[str, ...], lists: bool | tuple[bool, ...]) -> tuple[Output, ...]:
    """The outputs that a return annotation describes: named by their types where `names` ends, and those lists that
    `lists` says. Raises TypeError when one carries no marker."""
    if returned is type(None):
        return ()
    hints = typing.get_args(returned) if typing.get_origin(returned) is tuple else (returned,)
    markers = [marker for hint in hints if (marker := _marker(hint)) is not None]
    if len(markers) != len(hints):
        raise TypeError(f"return annotation {returned!r}: every output needs a marker")
    return tuple(
        Output(
            type=_type(marker),
            name=names[slot] if slot < len(names) else _type(marker),
            is_list=lists if isinstance(lists, bool) else lists[slot],
            match=marker.template if isinstance(marker, Match) else None,
        )
        for slot, marker in enumerate(markers)
    )


def _type(marker: Marker) -> str:
    return marker.type if isinstance(marker, Socket | Widget | Hidden) else TYPES[type(marker)]


def _options(marker: Marker) -> dict[str, Any]:
    tooltip = given(tooltip=getattr(marker, "tooltip", ""))
    if isinstance(marker, Socket | Match | Grow):
        return marker.options | tooltip
    if isinstance(marker, Cases):
        cases = [{"key": word, "inputs": _sections(inputs)} for word, inputs in marker.inputs.items()]
        return given(display_name=marker.display_name, hidden=marker.hidden) | {"options": cases} | tooltip
    said = {key: value for key, value in vars(marker).items() if key not in NO_OPTIONS and _is_said(key, value)}
    has_no_values = isinstance(marker, Combo) and marker.choices is None
    return said | tooltip | ({"options": []} if has_no_values else {})


def _is_said(key: str, value: Any) -> bool:
    """Does the catalogue have it? Of a default an empty text or False counts, too, and of `round` False."""
    if value is None:
        return False
    return key == "default" or (value != "" and (value is not False or key == "round"))


def _sections(hints: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a case by section, as `[type, options]`."""
    sections: dict[str, Any] = {"required": {}}
    for name, hint in hints.items():
        one = read_input(name, hint if _marker(_without_none(hint)[0]) else Annotated[Any, hint])
        choices = {} if one.choices is None else {"options": list(one.choices)}
        sections.setdefault(one.section, {})[name] = [one.type, one.options | choices]
    return sections


def _without_none(hint: Any) -> tuple[Any, bool]:
    """`X` of `X | None`, and whether it was that."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [one for one in typing.get_args(hint) if one is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return hint, False


def _marker(hint: Any) -> Marker | None:
    return next((one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Marker)), None)
