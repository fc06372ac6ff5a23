"""What a node is: a typed Python function whose schema is read off its signature.

`NodeSchema` is plain data: it crosses the process border, is kept on disk and is served as `/object_info`.
`Node` is a schema with the code that runs it, and lives in the worker only. This module never imports torch, and is
the one to import all these names from.
"""

from __future__ import annotations

import hashlib
import inspect
import linecache
import typing
from collections.abc import Callable
from types import CodeType
from typing import Any

from nodes.annotations import read_input, read_outputs
from nodes.markers import (
    UINT64_MAX,
    Boolean,
    Cases,
    Combo,
    File,
    Float,
    Grow,
    Hidden,
    Int,
    Match,
    Seed,
    Socket,
    String,
    Widget,
)
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
    dev_only: bool = False,
    not_idempotent: bool = False,
    has_intermediate_output: bool = False,
    search_aliases: tuple[str, ...] = (),
    essentials_category: str | None = None,
    python_module: str = "nodes",
    gives_way: bool = False,
    may_expand: bool = False,
) -> Callable[[Callable[..., Any]], Node]:
    """Make a typed function a node. `outputs` names the output slots where their type names do not serve.

    With `is_input_list` the function is called once with whole lists, else once for each item; the outputs that
    `list_outputs` marks (or all of them) return a list whose items go on one by one.

    The parameters' annotations carry a marker each (`Annotated[int, Int(...)]`, or an alias such as `Model`); an
    annotation `X | None` makes the input optional; `**others` takes whatever else a prompt gives the node; the return
    annotation is a marker alias, a tuple of them or None. A node that `gives_way` is for want of a pack's, and one
    that is `dev_only` is no node to draw with: others stand for it. One that `may_expand` may stand for others itself.
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
                read_input(name, hints[name]) for name, one in parameters.items() if one.kind is not one.VAR_KEYWORD
            ),
            any_input=Input(name="", type="*", section="optional") if takes_others else None,
            outputs=read_outputs(returned, outputs, list_outputs),
            is_output=is_output,
            is_input_list=is_input_list,
            deprecated=deprecated,
            experimental=experimental,
            dev_only=dev_only,
            not_idempotent=not_idempotent,
            has_intermediate_output=has_intermediate_output,
            python_module=python_module,
            search_aliases=search_aliases,
            essentials_category=essentials_category,
            version=code_version(function),
            may_expand=may_expand,
        )
        return Node(schema, function, is_async=inspect.iscoroutinefunction(function), gives_way=gives_way)

    return decorate


def code_version(function: Callable[..., Any]) -> str:
    """A short hash of a function's source text: a changed node must not be served from an old cache.

    The lines are those that its code names: `inspect.getsource` parses them, which takes as long as all our imports.
    """
    code = function.__code__
    text = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 : _last_line(code)]
    return hashlib.sha256("".join(text).encode()).hexdigest()[:16] if text else ""


def _last_line(code: CodeType) -> int:
    inside = [_last_line(one) for one in code.co_consts if isinstance(one, CodeType)]
    return max([end for _, end, _, _ in code.co_positions() if end] + inside, default=0)
