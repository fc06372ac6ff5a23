"""What a node may return besides values: a blocker, or a graph of new nodes that computes the values.

A node that returns `{"result": (links…), "expand": graph.finalize()}` stands for the nodes of that graph. Loops are
made so: the last node of a body returns the body once more. Free of torch and of the engine.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from comfy_core.scoped import Scoped, here_or_last

LONGEST_PASSED_ON = 80


class ExecutionBlocker:
    """In place of a value: whatever gets it does not run. With a message, the first node it stops is told why."""

    def __init__(self, message: str | None = None) -> None:
        self.message = message

    def __repr__(self) -> str:
        return f"ExecutionBlocker({self.message!r})"


# --- which call is this ----------------------------------------------------------------------------------------------


class ExecutingContext(NamedTuple):
    """The call that runs: of which prompt and node, and which item of its lists."""

    prompt_id: str
    node_id: str
    list_index: int | None


@dataclass
class _Call:
    context: ExecutingContext
    client_id: str | None = None
    graphs: Iterator[int] = field(default_factory=itertools.count)


_call: ContextVar[_Call | None] = ContextVar("node_call", default=None)
_at_work: list[_Call] = []


def executing(
    prompt_id: str, node_id: str, list_index: int | None, client_id: str | None = None
) -> AbstractContextManager[None]:
    """Say, for the `with` block, which node is called; ids of graphs built inside are derived from it."""
    return Scoped(_call, _Call(ExecutingContext(prompt_id, node_id, list_index), client_id), _at_work)


def executing_context() -> ExecutingContext | None:
    """The call that runs here and now; None outside of one."""
    call = _call.get()
    return call.context if call is not None else None


def executing_client() -> str | None:
    """The client that asked for the prompt that runs, here or, for a thread that a node started, elsewhere."""
    call = here_or_last(_call, _at_work)
    return call.client_id if call is not None else None


def executing_node() -> str | None:
    """The node that runs, in the same sense."""
    call = here_or_last(_call, _at_work)
    return call.context.node_id if call is not None else None


# --- graphs ----------------------------------------------------------------------------------------------------------


def is_link(value: Any) -> bool:
    """Is a value the link `[node id, slot]`?"""
    if not isinstance(value, list) or len(value) != 2:
        return False
    return isinstance(value[0], str) and isinstance(value[1], int | float) and not isinstance(value[1], bool)


class GraphBuilder:
    """Builds the graph for `expand`. Ids begin with the expanding node's, so they never clash with others."""

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = _next_prefix() if prefix is None else prefix
        self.nodes: dict[str, GraphNode] = {}
        self._numbers = itertools.count(1)

    def node(self, class_type: str, id: str | None = None, **inputs: Any) -> GraphNode:
        """Add a node; asking again for an `id` that is there gives the same node."""
        full_id = f"{self.prefix}{next(self._numbers) if id is None else id}"
        if full_id not in self.nodes:
            self.nodes[full_id] = GraphNode(full_id, class_type, dict(inputs))
        return self.nodes[full_id]

    def lookup_node(self, id: str) -> GraphNode | None:
        return self.nodes.get(f"{self.prefix}{id}")

    def replace_node_output(self, node_id: str, index: int, new_value: Any) -> None:
        """Put `new_value` wherever that output is linked to; None takes those inputs away."""
        old = [f"{self.prefix}{node_id}", index]
        for node in self.nodes.values():
            for name in [name for name, value in node.inputs.items() if is_link(value) and value == old]:
                node.set_input(name, new_value)

    def remove_node(self, id: str) -> None:
        """Raises KeyError when there is no such node."""
        del self.nodes[f"{self.prefix}{id}"]

    def finalize(self) -> dict[str, dict[str, Any]]:
        """The graph in the API form of a prompt."""
        return {node.id: node.serialize() for node in self.nodes.values()}


@dataclass
class GraphNode:
    id: str
    class_type: str
    inputs: dict[str, Any] = field(default_factory=dict)
    override_display_id: str | None = None

    def out(self, index: int) -> list[Any]:
        """The link to output number `index`."""
        return [self.id, index]

    def set_input(self, key: str, value: Any) -> None:
        """None takes the input away."""
        if value is None:
            self.inputs.pop(key, None)
        else:
            self.inputs[key] = value

    def get_input(self, key: str) -> Any:
        return self.inputs.get(key)

    def set_override_display_id(self, id: str) -> None:
        """Show this node's progress at node `id` instead of the expanding one."""
        self.override_display_id = id

    def serialize(self) -> dict[str, Any]:
        node: dict[str, Any] = {"class_type": self.class_type, "inputs": self.inputs}
        return node if self.override_display_id is None else node | {"override_display_id": self.override_display_id}


def add_graph_prefix(
    graph: Mapping[str, Mapping[str, Any]], outputs: tuple[Any, ...], prefix: str
) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """A graph and the outputs that link into it, with `prefix` before every id of the graph."""

    def moved(value: Any) -> Any:
        return [f"{prefix}{value[0]}", value[1]] if is_link(value) and value[0] in graph else value

    renamed = {
        f"{prefix}{node_id}": {**node, "inputs": {name: moved(value) for name, value in node["inputs"].items()}}
        for node_id, node in graph.items()
    }
    return renamed, tuple(moved(value) for value in outputs)


def sources_first(prompt: Any, end: str) -> list[str]:
    """The nodes of a DYNPROMPT that lead to `end`, and that itself, each after those it is linked to."""
    order: list[str] = []
    seen: set[str] = set()
    waiting = [(end, False)]
    while waiting:
        id, is_done = waiting.pop()
        if is_done:
            order.append(id)
        elif id not in seen:
            seen.add(id)
            links = [value[0] for value in prompt.get_node(id)["inputs"].values() if is_link(value)]
            waiting += [(id, True), *((source, False) for source in links if prompt.has_node(source))]
    return order


def _next_prefix() -> str:
    call = _call.get()
    if call is None:
        return ""
    return f"{_shortened(call.context.node_id)}.{call.context.list_index or 0}.{next(call.graphs)}."


def _shortened(node_id: str) -> str:
    """Deep in expansions a digest stands for the id, lest the ids of a loop grow with its rounds."""
    if len(node_id) <= LONGEST_PASSED_ON:
        return node_id
    digest = hashlib.blake2b(node_id.encode(), digest_size=8).hexdigest()
    return f"{node_id.split('.', 1)[0][:LONGEST_PASSED_ON]}.~{digest}"
