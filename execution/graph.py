"""A prompt as a graph: nodes, their literal values, their links. Every walk is iterative, so no chain is too long.

The API form of a prompt is an object `node id -> {"class_type", "inputs"}` where an input is a literal or a link
`[node id, slot]` (contract execution.md §1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from execution.declared import declared_inputs, fixed_inputs
from nodes.schema import Input, NodeSchema


class Link(NamedTuple):
    """Where a linked input gets its value: output number `slot` of node `node_id`."""

    node_id: str
    slot: int


class GraphNode(msgspec.Struct, frozen=True):
    """One node of a prompt with the inputs its class declares, in the class's order; undeclared ones are left out.

    `inputs` are the declared inputs (for these values, where they depend on values), `changed` is a fingerprint that
    the prompt brings along. Of the `links`, the lazy ones are followed only when the node asks for them; the raw ones
    it gets as they are, and what they lead to need not run for it. `sources` has the node behind each of the links.
    """

    id: str
    schema: NodeSchema
    inputs: Sequence[Input] = ()
    literals: dict[str, Any] = {}
    links: dict[str, Link] = {}
    lazy_links: dict[str, Link] = {}
    raw_links: dict[str, Link] = {}
    sources: list[str] = []
    changed: Any = None

    @property
    def title(self) -> str:
        return f"node {self.id} ({self.schema.id})"


@dataclass(frozen=True)
class Walk:
    """What one walk from the outputs to their sources finds.

    `order` has each node after what it depends on. `cycle_heads` are the nodes that some link leads back to; of the
    cycles themselves only the first few are spelled out.
    """

    order: list[str] = field(default_factory=list)
    cycle_heads: list[str] = field(default_factory=list)
    cycles: list[list[str]] = field(default_factory=list)


SPELLED_OUT_CYCLES = 16


@dataclass(frozen=True)
class Graph:
    """The nodes of a prompt by id, in the prompt's order."""

    nodes: dict[str, GraphNode]

    def order(self, outputs: Iterable[str]) -> list[str]:
        """The outputs and all they depend on, each after what it depends on. The same prompt gives the same order."""
        return self.walk(outputs).order

    def walk(self, outputs: Iterable[str], sources: Callable[[str], Sequence[str]] | None = None) -> Walk:
        """Depth first from the outputs; linear. Links to nodes that are not there are passed over.

        `sources` says which nodes one leads back to, where that is not simply all it is linked to.
        """
        found = Walk()
        back = sources or self._sources
        nodes, order = self.nodes, found.order
        path: dict[str, None] = {}
        done: set[str] = set()
        for output in outputs:
            waiting: list[str | None] = [output]
            while waiting:
                current = waiting.pop()
                if current is None:  # behind all that the last node of the path depends on
                    last, _ = path.popitem()
                    done.add(last)
                    order.append(last)
                elif current in path:
                    _note_cycle(found, current, path)
                elif current not in done and current in nodes:
                    if before := back(current):
                        path[current] = None
                        waiting += (None, *reversed(before))
                    else:
                        done.add(current)
                        order.append(current)
        return found

    def _sources(self, node_id: str) -> list[str]:
        return self.nodes[node_id].sources


def _note_cycle(found: Walk, head: str, path: Iterable[str]) -> None:
    found.cycle_heads.append(head)
    if len(found.cycles) < SPELLED_OUT_CYCLES:
        ids = list(path)
        found.cycles.append(ids[ids.index(head) :])


def parse(prompt: Mapping[str, Any], schema_of: Callable[[str], NodeSchema]) -> Graph:
    """Read a prompt whose nodes are known to be well formed (see `validate`); linear in its size.

    `schema_of` gives the schema of a class name; what it raises for an unknown one passes through.
    """
    classes: dict[str, tuple[NodeSchema, Sequence[Input] | None]] = {}
    nodes = {}
    for node_id, raw in prompt.items():
        name = raw["class_type"]
        if name not in classes:
            schema = schema_of(name)
            classes[name] = (schema, fixed_inputs(schema))
        nodes[node_id] = parse_node(node_id, raw, *classes[name])
    return Graph(nodes)


def parse_node(
    node_id: str, raw: Mapping[str, Any], schema: NodeSchema, inputs: Sequence[Input] | None = None
) -> GraphNode:
    """`inputs` are the class's declared inputs where they are known to be the same for all values."""
    given = raw.get("inputs") or {}
    inputs = declared_inputs(schema, given) if inputs is None else inputs
    node = GraphNode(node_id, schema, inputs, changed=raw.get("is_changed"))
    for declared in inputs:
        name = declared.name
        if name not in given:
            continue
        value = given[name]
        link = as_link(value) if isinstance(value, list) else None
        if link is None:
            node.literals[name] = unwrap(value)
            continue
        node.links[name] = link
        node.sources.append(link.node_id)
        if declared.is_raw_link:
            node.raw_links[name] = link
        elif declared.is_lazy:
            node.lazy_links[name] = link
    return node


def as_link(value: Any) -> Link | None:
    """The link that a value is, or None for a literal."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    node_id, slot = value
    if not isinstance(node_id, str):
        return None
    if type(slot) is int:  # as nearly all are
        return Link(node_id, slot)
    if not isinstance(slot, (int, float)) or isinstance(slot, bool):
        return None
    return Link(node_id, int(slot)) if slot == slot // 1 else None


def title_in(raw: Mapping[str, Any]) -> str:
    """The title that a node of a prompt brings along; "" for none."""
    meta = raw.get("_meta")
    title = meta.get("title") if isinstance(meta, dict) else None
    return title if isinstance(title, str) else ""


def unwrap(value: Any) -> Any:
    """A literal as the node gets it: `{"__value__": x}` is how a prompt says that the list `x` is not a link."""
    if isinstance(value, dict) and "__value__" in value:
        return value["__value__"]
    return value
