"""Names for the variables of a script: what the value is to those who use it."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping, Sequence

from execution.graph import Graph, GraphNode, Link

RESERVED = {"main", "torch", "folders", "each", "node_function", *dir(builtins), *keyword.kwlist, *keyword.softkwlist}


LONGEST_TITLE = 24


class Names:
    """Hands out each name once."""

    def __init__(self) -> None:
        self._taken = set(RESERVED)

    def unique(self, wish: str) -> str:
        """The wish as an identifier that nobody has yet: `latent`, `latent_2` …"""
        plain = identifier(wish)
        name, number = plain, 1
        while name in self._taken:
            number += 1
            name = f"{plain}_{number}"
        self._taken.add(name)
        return name


def identifier(text: str) -> str:
    """A text in the letters, digits and underscores of a variable."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return plain if plain and not plain[0].isdigit() else f"value_{plain}".rstrip("_")


def variables(
    graph: Graph, order: Sequence[GraphNode], titles: Mapping[str, str], names: Names
) -> tuple[dict[Link, str], set[str]]:
    """A name for each output that somebody uses, and the nodes whose title has become one.

    A node with one output in use lends it its title, if a person gave it a short one (`titles`). Other outputs are
    named like the input that they go to (`positive`), or where they go to several, like their slot (`model`).
    """
    users: dict[Link, set[str]] = {}
    for node in order:
        for name, link in node.links.items():
            users.setdefault(link, set()).add(re.sub(r"_\d+$", "", name.rsplit(".", 1)[-1]))
    slots: dict[str, set[int]] = {}
    for link in users:
        slots.setdefault(link.node_id, set()).add(link.slot)
    held: dict[Link, str] = {}
    titled = set()
    for node in order:
        used = [Link(node.id, slot) for slot in sorted(slots.get(node.id, ()))]
        title = titles.get(node.id, "")
        if len(used) == 1 and title.isascii() and 0 < len(title) <= LONGEST_TITLE:
            titled.add(node.id)
            held[used[0]] = names.unique(title)
        else:
            held |= {link: names.unique(_wish(graph, link, users[link])) for link in used}
    return held, titled


def _wish(graph: Graph, link: Link, inputs: set[str]) -> str:
    if len(inputs) == 1:
        return next(iter(inputs))
    output = graph.nodes[link.node_id].schema.output(link.slot)
    assert output is not None
    return output.name if len(output.name) > 1 else output.type
