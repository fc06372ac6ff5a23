"""What a node is called with: what the engine fills in, its literals, what its links lead to, each as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from execution.delivery import delivered
from execution.graph import GraphNode, Link
from execution.invocation import Arguments
from execution.plan import Plan
from nodes.expansion import ExecutionBlocker


def collect(into: Arguments, node: GraphNode, plan: Plan, hidden: Mapping[str, Any]) -> set[str]:
    """Fill in the arguments; the names of the lazy inputs that were not granted, which are None for now.

    Raises ValueError when a linked node returned fewer values than it has outputs.
    """
    lacking = node.lazy_links.keys() - plan.granted.get(node.id, ())
    into.clear()
    for name, value in hidden.items():
        into[name] = [value]
    for declared in node.inputs:
        name = declared.name
        if name in node.literals:
            into[name] = [node.literals[name]]
        elif name in node.raw_links:
            into[name] = [list(node.raw_links[name])]
        elif name in lacking:
            into[name] = [None]
        elif name in node.links:
            into[name] = _linked_values(node, name, node.links[name], plan)
    return lacking


def _all_blocked(values: Sequence[Sequence[Any]]) -> bool:
    return bool(values) and all(isinstance(one, ExecutionBlocker) for items in values for one in items)


def _linked_values(node: GraphNode, name: str, link: Link, plan: Plan) -> list[Any]:
    values = plan.results[link.node_id].values
    if link.slot >= len(values):
        if plan.graph.nodes[link.node_id].schema.any_output and _all_blocked(values):
            return values[-1]
        raise ValueError(
            f"{node.title}, input {name!r}: node {link.node_id} returned nothing for its output {link.slot}"
        )
    return delivered(values[link.slot], node.schema)
