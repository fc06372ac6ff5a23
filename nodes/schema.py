"""What a node is: a typed Python function whose schema is read off its signature.

`NodeSchema` is plain data: it crosses the process border, is kept on disk and is served as `/object_info`.
`Node` is a schema with the code that runs it, and lives in the worker only. This module never imports torch, and is
the one to import all these names from.
"""

from __future__ import annotations

import hashlib
import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from nodes.node import Checks, Input, Node, NodeSchema, Output
from nodes.object_info import choices, input_config, object_info

__all__ = [
    "UINT64_MAX",
    "Boolean",
    "Cases",
    "Checks",
    "Combo",
    "File",
    "Float",
    "Grow",
    "Hidden",
    "Input",
    "Int",
    "Match",
    "Node",
    "NodeSchema",
    "Output",
    "Seed",
    "Socket",
    "String",
    "Widget",
    "choices",
    "code_version",
    "input_config",
    "node",
    "object_info",
]

UINT64_MAX = 2**64 - 1
MATCH, AUTOGROW, CASES = "COMFY_MATCHTYPE_V3", "COMFY_AUTOGROW_V3", "COMFY_DYNAMICCOMBO_V3"


# --- how a signature says what an input is -------------------------------------------------------------------------


@dataclass(frozen=True)
class Socket:
    """A value that only comes through a link, of the ecosystem's type name (`"MODEL"`, `"IMAGE"` …).

    With `raw_link` the node gets the link itself, and what it leads to need not run.
    """

    type: str
    tooltip: str = ""
    lazy: bool = False
    raw_link: bool = False


@dataclass(frozen=True)
class Match:
    """A value of any type, or one of the `allowed`, the same for all inputs and outputs of one `template`."""

    template: str
    lazy: bool = False
    tooltip: str = ""
    allowed: str = "*"

    @property
    def options(self) -> dict[str, Any]:
        lazy = {"lazy": True} if self.lazy else {}
        return lazy | {"template": {"template_id": self.template, "allowed_types": self.allowed}}


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

    @property
    def options(self) -> dict[str, Any]:
        one = [MATCH, self.type.options] if isinstance(self.type, Match) else [self.type, {}]
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


@dataclass(frozen=True)
class Float:
    default: float | None = 0.0
    min: float | None = None
    max: float | None = None
    step: float | None = None
    round: float | bool | None = None
    tooltip: str = ""
    advanced: bool = False


@dataclass(frozen=True)
class String:
    default: str | None = None
    multiline: bool = False
    dynamicPrompts: bool = False
    placeholder: str = ""
    tooltip: str = ""
    forceInput: bool = False


@dataclass(frozen=True)
class Boolean:
    default: bool | None = False
    label_on: str = ""
    label_off: str = ""
    tooltip: str = ""
    advanced: bool = False


@dataclass(frozen=True)
class Combo:
    """One of a fixed list of strings; with None, of a list that lies in the editor alone."""

    choices: tuple[str, ...] | None
    default: str | None = None
    tooltip: str = ""
    advanced: bool = False


@dataclass(frozen=True)
class File:
    """One of the files of a folder: a model kind (`"checkpoints"`) or `"input"`."""

    folder: str
    image_upload: bool = False
    tooltip: str = ""


@dataclass(frozen=True)
class Widget:
    """A value of a type of its own that a widget of the editor makes and no link brings: a colour, a box."""

    type: str
    default: Any = None
    component: str = ""
    tooltip: str = ""
    socketless: bool = True


@dataclass(frozen=True)
class Cases:
    """One of a few words, each with inputs of its own: the node gets `{name: word, input: value …}`.

    An input is a marker, or an annotation that has one.
    """

    inputs: dict[str, dict[str, Any]]
    tooltip: str = ""

    @property
    def options(self) -> dict[str, Any]:
        return {
            "options": [
                {"key": word, "inputs": {"required": {name: _child(name, one) for name, one in inputs.items()}}}
                for word, inputs in self.inputs.items()
            ]
        }


@dataclass(frozen=True)
class Hidden:
    """Filled in by the engine: `PROMPT`, `EXTRA_PNGINFO`, `UNIQUE_ID`, `DYNPROMPT`."""

    type: str


Marker = Socket | Match | Grow | Cases | Widget | Int | Float | String | Boolean | Combo | File | Hidden
DYNAMIC: dict[type, str] = {Match: MATCH, Grow: AUTOGROW, Cases: CASES}
TYPE_NAMES = {Int: "INT", Float: "FLOAT", String: "STRING", Boolean: "BOOLEAN", Combo: "COMBO", File: "COMBO"}
Seed = Annotated[int, Int(default=0, min=0, max=UINT64_MAX, control_after_generate=True)]


def node(
    id: str,
    *,
    title: str = "",
    category: str,
    outputs: tuple[str, ...] = (),
    is_output: bool = False,
    is_input_list: bool = False,
    list_outputs: bool | tuple[bool, ...] = False,
    deprecated: bool = False,
    experimental: bool = False,
    not_idempotent: bool = False,
    has_intermediate_output: bool = False,
    search_aliases: tuple[str, ...] = (),
    essentials_category: str | None = None,
    python_module: str = "nodes",
) -> Callable[[Callable[..., Any]], Node]:
    """Make a typed function a node. `outputs` names the output slots where their type names do not serve.

    With `is_input_list` the function is called once with whole lists, else once for each item; the outputs that
    `list_outputs` marks (or all of them) return a list whose items go on one by one.

    The parameters' annotations carry a marker each (`Annotated[int, Int(...)]`, or an alias such as `Model`); an
    annotation `X | None` makes the input optional; `**others` takes whatever else a prompt gives the node; the return annotation is a marker alias, a tuple of them or None.
    The docstring is the description.
    """

    def decorate(function: Callable[..., Any]) -> Node:
        hints = typing.get_type_hints(function, include_extras=True)
        returned = hints.pop("return", type(None))
        parameters = inspect.signature(function).parameters
        takes_others = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        schema = NodeSchema(
            id=id,
            title=title or id,
            category=category,
            description=inspect.cleandoc(function.__doc__ or ""),
            inputs=tuple(
                _read_input(name, hints[name]) for name, one in parameters.items() if one.kind is not one.VAR_KEYWORD
            ),
            any_input=Input(name="", type="*", section="optional") if takes_others else None,
            outputs=_read_outputs(returned, outputs, list_outputs),
            is_output=is_output,
            is_input_list=is_input_list,
            deprecated=deprecated,
            experimental=experimental,
            not_idempotent=not_idempotent,
            has_intermediate_output=has_intermediate_output,
            python_module=python_module,
            search_aliases=search_aliases,
            essentials_category=essentials_category,
            version=code_version(function),
        )
        return Node(schema, function, is_async=inspect.iscoroutinefunction(function))

    return decorate


def code_version(thing: Any) -> str:
    """A short hash of a function's or class's source text: a changed node must not be served from an old cache."""
    try:
        text = inspect.getsource(thing)
    except (OSError, TypeError):
        return ""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read_input(name: str, hint: Any) -> Input:
    hint, optional = _strip_none(hint)
    marker = _marker(hint)
    if marker is None:
        raise TypeError(f"input {name!r}: annotate it with a marker, e.g. Annotated[int, Int(default=1)]")
    section = "optional" if optional else "required"
    if isinstance(marker, Hidden):
        return Input(name=name, type=marker.type, section="hidden")
    if isinstance(marker, Socket):
        options = ({"lazy": True} if marker.lazy else {}) | ({"rawLink": True} if marker.raw_link else {})
        return Input(name=name, type=marker.type, section=section, options=options | _tooltip(marker))
    if isinstance(marker, Match | Grow | Cases):
        return Input(name=name, type=DYNAMIC[type(marker)], section=section, options=marker.options | _tooltip(marker))
    options = {
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


def _child(name: str, hint: Any) -> list[Any]:
    """An input of a case as `[type, options]`."""
    one = _read_input(name, hint if _marker(hint) else Annotated[Any, hint])
    return [one.type, one.options | ({} if one.choices is None else {"options": list(one.choices)})]


def _read_outputs(returned: Any, names: tuple[str, ...], lists: bool | tuple[bool, ...]) -> tuple[Output, ...]:
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
