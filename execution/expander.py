"""Nodes that stand for others: the graphs that a node expands to join the run, and their results become its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from execution.dynamic_prompt import DynamicPrompt
from execution.flight import Flight
from execution.graph import GraphNode, Link, as_link, parse_node
from execution.plan import Plan
from nodes.schema import NodeSchema


class Expander:
    """`schema_of` gives the schema of a class name, None where it is not loaded."""

    def __init__(self, plan: Plan, prompt: DynamicPrompt, schema_of: Callable[[str], NodeSchema | None]) -> None:
        self._plan = plan
        self._prompt = prompt
        self._schema_of = schema_of

    def add(self, parent: GraphNode, graphs: Iterable[Mapping[str, Any]]) -> list[str]:
        """Put the nodes of these graphs into the run's; their ids. Raises ValueError for a graph that cannot run."""
        new = [self._add_node(parent, node_id, raw) for graph in graphs for node_id, raw in graph.items()]
        nodes = self._plan.graph.nodes
        for node_id in new:
            for link in nodes[node_id].links.values():
                if link.node_id not in nodes:
                    raise ValueError(
                        f"{parent.title} expands to node {node_id}, which is linked to no node {link.node_id!r}"
                    )
        return new

    def unsigned(self, new: Iterable[str]) -> list[str]:
        """Of these nodes and all that they depend on, those without a signature, sources first."""
        graph, signed = self._plan.graph, self._plan.signed

        def sources(node_id: str) -> list[str]:
            return [link.node_id for link in graph.nodes[node_id].links.values() if link.node_id not in signed]

        # Only so far back: the rounds of a loop that came before have been signed.
        return [one for one in graph.walk(new, sources).order if one not in signed]

    def wait(self, flight: Flight, new: Iterable[str]) -> None:
        """Let the node have its turn again when there is what its values link to, and what is shown on the way."""
        nodes = self._plan.graph.nodes
        values = [value for call in flight.calls or () if call.expand is not None for value in call.values]
        shown = [one for one in new if nodes[one].schema.is_output]
        flight.behind = [link.node_id for link in map(self._link, values) if link is not None] + shown
        self._plan.hold(flight.behind)
        self._plan.wait_for(flight.node.id, flight.behind)

    def values_behind(self, value: Any) -> list[Any] | None:
        """The values a link leads to; None for what is no link."""
        link = self._link(value)
        return self._plan.results[link.node_id].values[link.slot] if link is not None else None

    def _add_node(self, parent: GraphNode, node_id: str, raw: Mapping[str, Any]) -> str:
        if self._prompt.has_node(node_id) and self._prompt.get_parent_node_id(node_id) != parent.id:
            raise ValueError(f"{parent.title} expands to node {node_id!r}, but there is one of that id already")
        schema = self._schema_of(raw["class_type"])
        if schema is None:
            raise ValueError(f"{parent.title} expands to the class {raw['class_type']!r}, which is not loaded")
        self._plan.forget(node_id)
        self._prompt.add_ephemeral_node(node_id, raw, parent.id, raw.get("override_display_id"))
        self._plan.graph.nodes[node_id] = parse_node(node_id, raw, schema)
        return node_id

    def _link(self, value: Any) -> Link | None:
        link = as_link(value)
        return link if link is not None and link.node_id in self._plan.graph.nodes else None
