"""Start Loop and End Loop as a `for` statement around the calls of the nodes between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from execution.export.names import Names
from execution.export.refusal import CannotExport
from execution.export.text import INDENT, literal
from execution.graph import Graph, GraphNode, Link
from nodes.loops import END, START, open_loops

INDEX, IS_FIRST, IS_LAST, ITEM, CARRIED = range(5)
"""The outputs of a Start Loop."""


@dataclass(frozen=True)
class Loops:
    """The Start Loops that each node lies in, and the Start Loop of each End Loop."""

    inside: Mapping[str, frozenset[str]]
    starts: Mapping[str, GraphNode]


def find_loops(graph: Graph, order: Sequence[GraphNode]) -> Loops:
    def sources(node_id: str) -> list[str]:
        return [link.node_id for link in graph.nodes[node_id].links.values()]

    inside, starts = open_loops([one.id for one in order], sources, lambda one: graph.nodes[one].schema.id)
    return Loops(inside, {end: graph.nodes[start] for end, start in starts.items()})


def is_loop(node: GraphNode) -> bool:
    return node.schema.id in (START, END)


def gives_list(start: GraphNode, end: GraphNode, lists: Set[Link]) -> bool:
    """Does the loop give a list, of which what follows gets one item at a time? Raises CannotExport."""
    for node, name in ((start, "initial_iteration_value"), (end, "next_iteration_value")):
        if node.links.get(name) in lists:
            raise CannotExport(f"{node.title} carries a list from round to round, which a script cannot show; run it")
    if start.literals["mode"] == "List" and start.links.get("mode.list") not in lists:
        raise CannotExport(f"{start.title} goes through a list that only shows when it runs, not in a script; run it")
    if "accumulate" in end.links:
        raise CannotExport(f"{end.title} decides only when it runs what it gives, which a script cannot show; run it")
    if not end.literals["accumulate"] and start.literals.get("mode.num_iterations") == 0:
        raise CannotExport(f"{end.title} has no round and so gives nothing, which a script cannot show; run it")
    return bool(end.literals["accumulate"]) or end.links.get("output_value") in lists


def for_statement(
    start: GraphNode, end: GraphNode, held: Mapping[Link, str], lists: Set[Link], body: Sequence[str], names: Names
) -> list[str]:
    """The lines of a loop with this `body`; `held` names the outputs that somebody uses."""
    used = {slot: held[Link(start.id, slot)] for slot in range(5) if Link(start.id, slot) in held}
    result, collects = held.get(Link(end.id, 0)), bool(end.literals["accumulate"])
    place = used.get(INDEX) or (names.unique("index") if used.keys() & {IS_FIRST, IS_LAST} else "_")
    rounds, first, last = _rounds(start, held)
    over = f"{place} in range({rounds})"
    if start.literals["mode"] == "List":
        over = f"{place}, {used.get(ITEM, '_')} in enumerate({rounds})"
    before = [f"{used[CARRIED]} = {_value(start, 'initial_iteration_value', held)}"] if CARRIED in used else []
    before += [f"{result} = []"] if result and collects else []
    inner = [f"{used[IS_FIRST]} = {place} == {first}"] if IS_FIRST in used else []
    inner += [f"{used[IS_LAST]} = {place} {last}"] if IS_LAST in used else []
    inner += body
    inner += [f"{used[CARRIED]} = {_value(end, 'next_iteration_value', held)}"] if CARRIED in used else []
    if result:
        given = _value(end, "output_value", held)
        add = "extend" if end.links.get("output_value") in lists else "append"
        inner.append(f"{result}.{add}({given})" if collects else f"{result} = {given}")
    return [*before, f"for {over}:", *(f"{INDENT}{line}" for line in inner or ["pass"])]


def _rounds(start: GraphNode, held: Mapping[Link, str]) -> tuple[str, str, str]:
    """What the loop goes through, the index of its first round, and what is true of the last one's."""
    match start.literals["mode"]:
        case "simple":
            count = _value(start, "mode.num_iterations", held)
            return count, "0", f"== {count} - 1"
        case "For":
            names = ("mode.start_iteration_index", "mode.max_iteration", "mode.step")
            first, end, step = (_value(start, name, held) for name in names)
            return f"{first}, {end}, {step}", first, f"+ {step} >= {end}"
        case _:
            items = _value(start, "mode.list", held)
            return items, "0", f"== len({items}) - 1"


def _value(node: GraphNode, name: str, held: Mapping[Link, str]) -> str:
    link = node.links.get(name)
    return held[link] if link is not None else literal(node.literals.get(name))
