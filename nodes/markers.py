"""How a signature says what an input or output of a node is: markers in the annotations of its parameters.

Import them from `nodes.schema`. This module never imports torch.
"""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any

from nodes.node import AUTOGROW, DYNAMIC_COMBO, MATCH, Input, Output

UINT64_MAX = 2**64 - 1


@dataclass(frozen=True)
class Socket:
    """A value that only comes through a link, of the ecosystem's type name (`"MODEL"`, `"IMAGE"` …).

    With `raw_link` the node gets the link itself, and what it leads to need not run.
    """

    type: str
    tooltip: str = ""
    lazy: bool = False
    raw_link: bool = False
    display_name: str = ""


@dataclass(frozen=True)
class Match:
    """A value of any type, or one of the `allowed`, the same for all inputs and outputs of one `template`."""

    template: str
    lazy: bool = False
    tooltip: str = ""
    allowed: str = "*"
    raw_link: bool = False

    @property
    def options(self) -> dict[str, Any]:
        flags = ({"lazy": True} if self.lazy else {}) | ({"rawLink": True} if self.raw_link else {})
        return flags | {"template": {"template_id": self.template, "allowed_types": self.allowed}}


@dataclass(frozen=True)
class Grow:
    """As many values as one likes, given as a dictionary; inputs are named `prefix0`, `prefix1` … or by `names`."""

    name: str
    prefix: str = ""
    type: str | Match = "*"
    min: int = 1
    max: int = 10
    tooltip: str = ""
    names: tuple[str, ...] = ()
    raw_link: bool = False

    @property
    def options(self) -> dict[str, Any]:
        flags = {"rawLink": True} if self.raw_link else {}
        one = [MATCH, self.type.options] if isinstance(self.type, Match) else [self.type, flags]
        named = {"names": list(self.names)} if self.names else {"prefix": self.prefix}
        most = {} if self.names else {"max": self.max}
        return {"template": {"input": {"required": {self.name: one}}, **named, "min": self.min, **most}}


@dataclass(frozen=True)
class Int:
    default: int | None = 0
    min: int | None = None
    max: int | None = None
    step: int | None = None
    control_after_generate: bool | str = False
    tooltip: str = ""
    advanced: bool = False
    display: str = ""
    hidden: bool = False
    socketless: bool = False
    forceInput: bool = False


@dataclass(frozen=True)
class Float:
    default: float | None = 0.0
    min: float | None = None
    max: float | None = None
    step: float | None = None
    round: float | bool | None = None
    tooltip: str = ""
    advanced: bool = False
    display: str = ""


@dataclass(frozen=True)
class String:
    default: str | None = None
    multiline: bool = False
    dynamicPrompts: bool = False
    placeholder: str = ""
    tooltip: str = ""
    forceInput: bool = False
    advanced: bool = False
    socketless: bool = False
    widgetType: str = ""
    image_upload: bool = False


@dataclass(frozen=True)
class Boolean:
    default: bool | None = False
    label_on: str = ""
    label_off: str = ""
    tooltip: str = ""
    advanced: bool = False


@dataclass(frozen=True)
class Combo:
    """One of a fixed list of strings; with None, of a list that lies in the editor alone, or that it asks for as
    `remote` says."""

    choices: tuple[str, ...] | None
    default: str | None = None
    tooltip: str = ""
    advanced: bool = False
    image_upload: bool = False
    image_folder: str = ""
    display_name: str = ""
    remote: dict[str, Any] | None = None


@dataclass(frozen=True)
class File:
    """One of the files of a folder: a model kind (`"checkpoints"`) or one of `comfy_core.folders.INPUTS`."""

    folder: str
    image_upload: bool = False
    video_upload: bool = False
    audio_upload: bool = False
    tooltip: str = ""


@dataclass(frozen=True)
class Widget:
    """A value of a type of its own that a widget of the editor makes: a colour, a box. No link brings it, unless it is
    not `socketless`."""

    type: str
    default: Any = None
    component: str = ""
    tooltip: str = ""
    socketless: bool = True
    min: float | None = None
    step: float | None = None
    forceInput: bool = False


@dataclass(frozen=True, eq=False)
class Cases:
    """One of a few words, each with inputs of its own: the node gets `{name: word, input: value …}`.

    An input is a marker, or an annotation that has one.
    """

    inputs: dict[str, dict[str, Any]]
    tooltip: str = ""
    display_name: str = ""
    hidden: bool = False

    @property
    def options(self) -> dict[str, Any]:
        named = {"display_name": self.display_name} if self.display_name else {}
        flags: dict[str, Any] = named | ({"hidden": True} if self.hidden else {})
        return flags | {"options": [{"key": word, "inputs": _children(inputs)} for word, inputs in self.inputs.items()]}


@dataclass(frozen=True)
class Hidden:
    """Filled in by the engine: `PROMPT`, `EXTRA_PNGINFO`, `UNIQUE_ID`, `DYNPROMPT`."""

    type: str


Marker = Socket | Match | Grow | Cases | Widget | Int | Float | String | Boolean | Combo | File | Hidden
DYNAMIC: dict[type, str] = {Match: MATCH, Grow: AUTOGROW, Cases: DYNAMIC_COMBO}
TYPE_NAMES = {Int: "INT", Float: "FLOAT", String: "STRING", Boolean: "BOOLEAN", Combo: "COMBO", File: "COMBO"}
Seed = Annotated[int, Int(default=0, min=0, max=UINT64_MAX, control_after_generate=True)]


# --- read off a signature --------------------------------------------------------------------------------------------


def read_input(name: str, hint: Any) -> Input:
    """The input that an annotation describes. Raises TypeError when it carries no marker."""
    hint, optional = _strip_none(hint)
    marker = _marker(hint)
    if marker is None:
        raise TypeError(f"input {name!r}: annotate it with a marker, e.g. Annotated[int, Int(default=1)]")
    section = "optional" if optional else "required"
    if isinstance(marker, Hidden):
        return Input(name=name, type=marker.type, section="hidden")
    if isinstance(marker, Socket):
        flags: dict[str, Any] = ({"lazy": True} if marker.lazy else {}) | ({"rawLink": True} if marker.raw_link else {})
        flags |= {"display_name": marker.display_name} if marker.display_name else {}
        return Input(name=name, type=marker.type, section=section, options=flags | _tooltip(marker))
    if isinstance(marker, Match | Grow | Cases):
        return Input(name=name, type=DYNAMIC[type(marker)], section=section, options=marker.options | _tooltip(marker))
    options: dict[str, Any] = {
        key: value
        for key, value in vars(marker).items()
        if key not in {"type", "tooltip", "choices", "folder"}
        and value is not None
        and (value != "" or key == "default")
        and not (value is False and key not in {"default", "round"})
    } | _tooltip(marker)
    if isinstance(marker, Combo) and marker.choices is None:
        options["options"] = []
    return Input(
        name=name,
        type=marker.type if isinstance(marker, Widget) else TYPE_NAMES[type(marker)],
        section=section,
        options=options,
        choices=marker.choices if isinstance(marker, Combo) else None,
        folder=marker.folder if isinstance(marker, File) else None,
    )


def _children(hints: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a case by section, as `[type, options]`."""
    sections: dict[str, Any] = {"required": {}}
    for name, hint in hints.items():
        one = read_input(name, hint if _marker(_strip_none(hint)[0]) else Annotated[Any, hint])
        choices = {} if one.choices is None else {"options": list(one.choices)}
        sections.setdefault(one.section, {})[name] = [one.type, one.options | choices]
    return sections


def read_outputs(returned: Any, names: tuple[str, ...], lists: bool | tuple[bool, ...]) -> tuple[Output, ...]:
    """The outputs that a return annotation describes: named by their types where `names` ends."""
    if returned is type(None):
        return ()
    hints = typing.get_args(returned) if typing.get_origin(returned) is tuple else (returned,)
    markers = [_marker(hint) for hint in hints]
    types_ = [_output_type(one) for one in markers if one]
    if len(types_) != len(hints):
        raise TypeError(f"return annotation {returned!r}: every output needs a marker")
    are_lists = (lists,) * len(types_) if isinstance(lists, bool) else lists
    return tuple(
        Output(
            type=type_,
            name=names[slot] if slot < len(names) else type_,
            is_list=are_lists[slot],
            match=marker.template if isinstance(marker, Match) else None,
        )
        for slot, (type_, marker) in enumerate(zip(types_, markers, strict=True))
    )


def _output_type(marker: Marker) -> str:
    if isinstance(marker, Match):
        return MATCH
    if isinstance(marker, Socket | Widget | Hidden):
        return marker.type
    return TYPE_NAMES[type(marker)]


def _strip_none(hint: Any) -> tuple[Any, bool]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [one for one in typing.get_args(hint) if one is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return hint, False


def _marker(hint: Any) -> Marker | None:
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, Marker):
            return extra
    return None


def _tooltip(marker: Marker) -> dict[str, str]:
    text = getattr(marker, "tooltip", "")
    return {"tooltip": text} if text else {}
