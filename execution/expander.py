"""Nodes that stand for others: the graphs that a node expands to join the run, and their results become its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from execution.dynamic_prompt import DynamicPrompt
from execution.flight import Flight
from execution.graph import GraphNode, as_link, parse_node
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
        new = [self._add_node(parent, *one) for graph in graphs for one in _nodes_of(graph, parent)]
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
            return [one for one in graph.nodes[node_id].sources if one not in signed]

        # Only so far back: the rounds of a loop that came before have been signed.
        return [one for one in graph.walk(new, sources).order if one not in signed]

    def wait(self, flight: Flight, new: Iterable[str]) -> None:
        """Let the node have its turn again when there is what its values link to, and what is shown on the way."""
        nodes = self._plan.graph.nodes
        values = [value for call in flight.calls or () if call.expand is not None for value in call.values]
        linked = [link.node_id for link in map(as_link, values) if link is not None]
        for node_id in linked:
            if node_id not in nodes:
                raise ValueError(f"{flight.node.title} expands, and its result is linked to no node {node_id!r}")
        shown = [one for one in new if nodes[one].schema.is_output]
        flight.behind = linked + shown
        self._plan.hold(flight.behind)
        self._plan.wait_for(flight.node.id, flight.behind)

    def values_behind(self, value: Any) -> list[Any] | None:
        """The values a link leads to; None for what is no link. Raises ValueError where it leads nowhere."""
        link = as_link(value)
        if link is None:
            return None
        found = self._plan.values_at(link)
        if found is None:
            raise ValueError(f"the result is linked to output {link.slot} of node {link.node_id}, which there is not")
        return found

    def _add_node(self, parent: GraphNode, node_id: str, raw: Mapping[str, Any]) -> str:
        if self._prompt.has_node(node_id) and self._prompt.get_parent_node_id(node_id) != parent.id:
            raise ValueError(f"{parent.title} expands to node {node_id!r}, but there is one of that id already")
        schema = self._schema_of(raw["class_type"])
        if schema is None:
            raise ValueError(f"{parent.title} expands to the class {raw['class_type']!r}, which is not loaded")
        self._plan.forget(node_id)
        display = raw.get("override_display_id")
        self._prompt.add_ephemeral_node(node_id, raw, parent.id, None if display is None else str(display))
        self._plan.graph.nodes[node_id] = parse_node(node_id, raw, schema)
        return node_id


def _nodes_of(graph: Any, parent: GraphNode) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The nodes of a graph as a pack made it, by id. Raises ValueError for what is not in the API form."""
    if not isinstance(graph, Mapping):
        raise ValueError(f"{parent.title} expands to a {type(graph).__name__}; GraphBuilder.finalize() gives a graph")
    for node_id, raw in graph.items():
        is_node = isinstance(raw, Mapping) and isinstance(raw.get("class_type"), str)
        if not isinstance(node_id, str) or not is_node or not isinstance(raw.get("inputs") or {}, Mapping):
            raise ValueError(
                f"{parent.title} expands to {node_id!r}: {raw!r:.200}; a graph has nodes by id, which is text, each "
                "with a class_type and inputs"
            )
        yield node_id, raw
