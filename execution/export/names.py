"""Names for the variables of a script: what the value is to those who use it."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping, Sequence

from execution.graph import Graph, GraphNode, Link

RESERVED = {"main", "torch", "folders", "node_function", *dir(builtins), *keyword.kwlist, *keyword.softkwlist}


class Names:
    """Hands out each name once."""

    def __init__(self) -> None:
        self._taken = set(RESERVED)

    def unique(self, wish: str) -> str:
        """The wish as an identifier that nobody has yet: `latent`, `latent_2` …"""
        plain = re.sub(r"[^a-z0-9]+", "_", wish.lower()).strip("_")
        plain = plain if plain and not plain[0].isdigit() else f"value_{plain}".rstrip("_")
        name, number = plain, 1
        while name in self._taken:
            number += 1
            name = f"{plain}_{number}"
        self._taken.add(name)
        return name


def variables(graph: Graph, order: Sequence[GraphNode], names: Names) -> dict[Link, str]:
    """A name for each output that somebody uses: that of the input it goes to (`positive`), else that of its slot."""
    users: dict[Link, set[str]] = {}
    for node in order:
        for name, link in node.links.items():
            users.setdefault(link, set()).add(name.rsplit(".", 1)[-1])
    return {
        link: names.unique(_wish(graph, link, users))
        for node in order
        for slot in range(len(node.schema.outputs))
        if (link := Link(node.id, slot)) in users
    }


def _wish(graph: Graph, link: Link, users: Mapping[Link, set[str]]) -> str:
    inputs = users[link]
    if len(inputs) == 1:
        return next(iter(inputs))
    output = graph.nodes[link.node_id].schema.outputs[link.slot]
    return output.name if len(output.name) > 1 else output.type
