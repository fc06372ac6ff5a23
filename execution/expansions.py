"""What nodes expanded to when they last ran, so that it can be foretold what they will expand to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from execution.graph import Graph
from execution.signature import Signature

MOST_NODES = 20_000


class Expansion(NamedTuple):
    """The graphs that a node stood for, and the nodes whose results became its own. `outside` are the nodes beyond the
    graphs that those are linked to, with their signatures."""

    graphs: Sequence[Mapping[str, Any]]
    behind: Sequence[str]
    outside: Mapping[str, Signature | None]


class Expansions:
    """By the node's id and signature. Bounded by the number of nodes, those in the graphs too, oldest out first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, Signature], Expansion] = OrderedDict()
        self._nodes = 0
        self._classes: set[str] = set()

    def note(
        self,
        node_id: str,
        graphs: Sequence[Mapping[str, Any]],
        behind: Sequence[str],
        graph: Graph,
        signed: Mapping[str, Signature | None],
    ) -> None:
        """Of a node that could have expanded and did not, no graphs."""
        if graphs:
            self._classes.add(graph.nodes[node_id].schema.id)
        signature = signed.get(node_id)
        if signature is None or not all(map(_is_plain, graphs)):
            return
        new = {one for inner in graphs for one in inner}
        linked = [source for one in new for source in graph.nodes[one].sources]
        outside = {one: signed.get(one) for one in [*linked, *behind] if one not in new}
        self._drop((node_id, signature))
        self._known[node_id, signature] = Expansion(graphs, behind, outside)
        self._nodes += 1 + len(new)
        while self._nodes > MOST_NODES:
            self._drop(next(iter(self._known)))

    def recall(self, node_id: str, signed: Mapping[str, Signature | None]) -> Expansion | None:
        """What the node will expand to, where that is certain: it is the same node, and so is all around."""
        signature = signed.get(node_id)
        found = self._known.get((node_id, signature)) if signature is not None else None
        if found is None or any(one not in signed or signed[one] != before for one, before in found.outside.items()):
            return None
        return found

    def may_expand(self, class_type: str) -> bool:
        """Did a node of this class ever expand?"""
        return class_type in self._classes

    def _drop(self, key: tuple[str, Signature]) -> None:
        dropped = self._known.pop(key, None)
        if dropped is not None:
            self._nodes -= 1 + sum(map(len, dropped.graphs))


def _is_plain(graph: Mapping[str, Any]) -> bool:
    """Are there only links and small literals in it? Whatever else a pack puts there must not be kept for this."""
    values = [value for raw in graph.values() for value in (raw.get("inputs") or {}).values()]
    parts = [part for value in values for part in (value if isinstance(value, list) else [value])]
    return all(part is None or isinstance(part, str | int | float) for part in parts)
