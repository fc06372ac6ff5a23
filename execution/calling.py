"""Nodes of every style as plain functions: what scripts written by `main.py export --python` call packs with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from comfy_core import folders
from execution import loop
from execution.load_nodes import load_nodes, prepare_packs
from execution.results import unpack
from nodes.expansion import ExecutionBlocker
from nodes.schema import Node


def node_function(class_type: str) -> Callable[..., Any]:
    """A node as a function of keyword arguments that returns its output, or a tuple where it has several.

    Classes in the classic and the schema style, and async ones, are called as the engine calls them, once. Inputs that
    the engine would fill in are None unless they are given. The function raises ValueError where only the engine can
    go on: the node expands to others, or blocks what follows.

    Raises:
        ValueError: no node of that class is loaded, from this package or from custom_nodes/.
    """
    node = all_nodes().get(class_type)
    if node is None:
        raise ValueError(f"there is no node {class_type!r}; is its pack in {folders.current().custom_nodes}?")
    arguments = () if node.make_instance is None else (node.make_instance(),)

    def call(**inputs: Any) -> Any:
        hidden = dict.fromkeys(node.schema.filled_in_inputs)
        returned = node.function(*arguments, **hidden | inputs)
        return _values(node, loop.complete(returned) if inspect.isawaitable(returned) else returned)

    return call


def each(function: Callable[..., Any], over: Mapping[str, Sequence[Any]], **inputs: Any) -> Any:
    """What a node gives for each item of the lists in `over`, by input: a list, or where it has several outputs a list
    of each. Shorter lists repeat their last item, as in the engine."""
    count = max(map(len, over.values())) if all(over.values()) else 0
    rows = [{name: items[min(at, len(items) - 1)] for name, items in over.items()} for at in range(count)]
    given = [function(**inputs, **row) for row in rows]
    return tuple(map(list, zip(*given, strict=True))) if given and isinstance(given[0], tuple) else given


def all_nodes() -> dict[str, Node]:
    """The nodes of this package and of custom_nodes/ by class name, loaded when they are first asked for."""
    return _loaded(folders.current().custom_nodes)


@cache
def _loaded(custom_nodes: Path) -> dict[str, Node]:
    prepare_packs(custom_nodes)
    return load_nodes(custom_nodes=custom_nodes)


def _values(node: Node, returned: Any) -> Any:
    found = unpack(returned, node.schema)
    if found.expand is not None:
        raise ValueError(f"{node.schema.id} expands to other nodes, which only the engine can run")
    if any(isinstance(value, ExecutionBlocker) for value in found.values):
        raise ValueError(f"{node.schema.id} blocks what follows it, which only the engine can heed")
    missing = len(node.schema.outputs) - len(found.values)
    values = found.values + (None,) * missing
    return values[0] if len(values) == 1 and node.schema.any_output is None else values
