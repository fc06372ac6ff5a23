"""What a node is: a typed Python function whose schema is read off its signature.

`NodeSchema` is plain data: it crosses the process border, is kept on disk and is served as `/object_info`.
`Node` is a schema with the code that runs it, and lives in the worker only. This module never imports torch.
"""

from __future__ import annotations

import hashlib
import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec

UINT64_MAX = 2**64 - 1


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One input of a node. `choices` lists a combo's values; `folder` names the folder whose files are its values."""

    name: str
    type: str
    section: str = "required"
    options: dict[str, Any] = {}
    choices: tuple[Any, ...] | None = None
    folder: str | None = None

    @property
    def is_combo(self) -> bool:
        return self.choices is not None or self.folder is not None


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One output slot of a node. `choices` is set where the output is itself a combo's list of values."""

    type: str
    name: str
    is_list: bool = False
    tooltip: str | None = None
    choices: tuple[Any, ...] | None = None


class NodeSchema(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known about a node class without running it."""

    id: str
    title: str
    category: str
    description: str = ""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    is_output: bool = False
    is_input_list: bool = False
    not_idempotent: bool = False
    deprecated: bool = False
    experimental: bool = False
    python_module: str = "nodes"
    search_aliases: tuple[str, ...] = ()
    essentials_category: str | None = None
    version: str = ""

    def input(self, name: str) -> Input | None:
        return next((one for one in self.inputs if one.name == name), None)


@dataclass(frozen=True)
class Node:
    """A schema and the code behind it. The hooks beside `function` are optional and get the same keyword arguments."""

    schema: NodeSchema
    function: Callable[..., Any]
    hooks: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def fingerprint(self, hook: Callable[..., Any]) -> Callable[..., Any]:
        """Register what stands for the outside world in the cache signature (a file's hash, a clock …)."""
        self.hooks["fingerprint"] = hook
        return hook


# --- how a signature says what an input is -------------------------------------------------------------------------


@dataclass(frozen=True)
class Socket:
    """A value that only comes through a link, of the ecosystem's type name (`"MODEL"`, `"IMAGE"` …)."""

    type: str
    tooltip: str = ""
    lazy: bool = False


@dataclass(frozen=True)
class Int:
    default: int = 0
    min: int | None = None
    max: int | None = None
    step: int | None = None
    control_after_generate: bool = False
    tooltip: str = ""
    advanced: bool = False


@dataclass(frozen=True)
class Float:
    default: float = 0.0
    min: float | None = None
    max: float | None = None
    step: float | None = None
    round: float | None = None
    tooltip: str = ""
    advanced: bool = False


@dataclass(frozen=True)
class String:
    default: str | None = None
    multiline: bool = False
    dynamicPrompts: bool = False
    placeholder: str = ""
    tooltip: str = ""


@dataclass(frozen=True)
class Boolean:
    default: bool = False
    label_on: str = ""
    label_off: str = ""
    tooltip: str = ""


@dataclass(frozen=True)
class Combo:
    """One of a fixed list of strings."""

    choices: tuple[str, ...]
    default: str | None = None
    tooltip: str = ""


@dataclass(frozen=True)
class File:
    """One of the files of a folder: a model kind (`"checkpoints"`) or `"input"`."""

    folder: str
    image_upload: bool = False
    tooltip: str = ""


@dataclass(frozen=True)
class Hidden:
    """Filled in by the engine: `PROMPT`, `EXTRA_PNGINFO`, `UNIQUE_ID`, `DYNPROMPT`."""

    type: str


Marker = Socket | Int | Float | String | Boolean | Combo | File | Hidden
TYPE_NAMES = {Int: "INT", Float: "FLOAT", String: "STRING", Boolean: "BOOLEAN", Combo: "COMBO", File: "COMBO"}
Seed = Annotated[int, Int(default=0, min=0, max=UINT64_MAX, control_after_generate=True)]


def node(
    id: str,
    *,
    title: str = "",
    category: str,
    outputs: tuple[str, ...] = (),
    is_output: bool = False,
    deprecated: bool = False,
    experimental: bool = False,
    not_idempotent: bool = False,
    search_aliases: tuple[str, ...] = (),
    essentials_category: str | None = None,
    python_module: str = "nodes",
) -> Callable[[Callable[..., Any]], Node]:
    """Make a typed function a node. `outputs` names the output slots where their type names do not serve.

    The parameters' annotations carry a marker each (`Annotated[int, Int(...)]`, or an alias such as `Model`); an
    annotation `X | None` makes the input optional; the return annotation is a marker alias, a tuple of them or None.
    The docstring is the description.
    """

    def decorate(function: Callable[..., Any]) -> Node:
        hints = typing.get_type_hints(function, include_extras=True)
        returned = hints.pop("return", type(None))
        schema = NodeSchema(
            id=id,
            title=title or id,
            category=category,
            description=inspect.cleandoc(function.__doc__ or ""),
            inputs=tuple(_read_input(name, hints[name]) for name in inspect.signature(function).parameters),
            outputs=_read_outputs(returned, outputs),
            is_output=is_output,
            deprecated=deprecated,
            experimental=experimental,
            not_idempotent=not_idempotent,
            python_module=python_module,
            search_aliases=search_aliases,
            essentials_category=essentials_category,
            version=code_version(function),
        )
        return Node(schema, function)

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
        options = {"lazy": True} if marker.lazy else {}
        return Input(name=name, type=marker.type, section=section, options=options | _tooltip(marker))
    options = {
        key: value
        for key, value in vars(marker).items()
        if key not in {"tooltip", "choices", "folder"} and value not in (None, "") and not (value is False and key != "default")
    } | _tooltip(marker)
    return Input(
        name=name,
        type=TYPE_NAMES[type(marker)],
        section=section,
        options=options,
        choices=marker.choices if isinstance(marker, Combo) else None,
        folder=marker.folder if isinstance(marker, File) else None,
    )


def _read_outputs(returned: Any, names: tuple[str, ...]) -> tuple[Output, ...]:
    if returned is type(None):
        return ()
    hints = typing.get_args(returned) if typing.get_origin(returned) is tuple else (returned,)
    markers = [_marker(hint) for hint in hints]
    types_ = [one.type if isinstance(one, Socket | Hidden) else TYPE_NAMES[type(one)] for one in markers if one]
    if len(types_) != len(hints):
        raise TypeError(f"return annotation {returned!r}: every output needs a marker")
    return tuple(
        Output(type=type_, name=names[slot] if slot < len(names) else type_) for slot, type_ in enumerate(types_)
    )


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


# --- what /object_info says ------------------------------------------------------------------------------------------


def object_info(schema: NodeSchema, files: Callable[[str], list[str]]) -> dict[str, Any]:
    """The `/object_info` entry of a schema; `files(folder)` lists the names in a folder.

    Shape and key order are those of the measured contract (http_ws.md §3, V1 nodes).
    """
    sections: dict[str, dict[str, Any]] = {"required": {}}
    for one in schema.inputs:
        entry: Any = [choices(one, files) if one.is_combo else one.type, one.options]
        sections.setdefault(one.section, {})[one.name] = one.type if one.section == "hidden" else entry
    info: dict[str, Any] = {
        "input": sections,
        "input_order": {section: list(names) for section, names in sections.items()},
        "is_input_list": schema.is_input_list,
        "output": [list(one.choices) if one.choices is not None else one.type for one in schema.outputs],
        "output_is_list": [one.is_list for one in schema.outputs],
        "output_name": [one.name for one in schema.outputs],
        "name": schema.id,
        "display_name": schema.title,
        "description": schema.description,
        "python_module": schema.python_module,
        "category": schema.category,
        "output_node": schema.is_output,
        "has_intermediate_output": False,
    }
    if any(one.tooltip for one in schema.outputs):
        info["output_tooltips"] = [one.tooltip for one in schema.outputs]
    if schema.deprecated:
        info["deprecated"] = True
    if schema.experimental:
        info["experimental"] = True
    info["search_aliases"] = list(schema.search_aliases)
    if schema.essentials_category:
        info["essentials_category"] = schema.essentials_category
    return info


def choices(one: Input, files: Callable[[str], list[str]]) -> list[Any]:
    """The values a combo input takes right now."""
    return files(one.folder) if one.folder is not None else list(one.choices or ())
