"""Start Loop and End Loop in a prompt: what lies between them runs in rounds, so an output there is no root of the run.

The End Loop that it leads to is one instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from execution import problems
from execution.graph import Graph
from execution.problems import Problem
from nodes.loops import END, START, LoopError, open_loops


def roots(graph: Graph, outputs: Sequence[str]) -> tuple[list[str], dict[str, list[Problem]]]:
    """The nodes to run for these outputs, each once; and what is wrong with the loops, by node. Linear."""
    ends = [node.id for node in graph.nodes.values() if node.schema.id == END]
    if not ends and not any(node.schema.id == START for node in graph.nodes.values()):
        return list(outputs), {}
    order = graph.order([*outputs, *ends])

    def sources(node_id: str) -> list[str]:
        return graph.nodes[node_id].sources

    try:
        inside, starts = open_loops(order, sources, lambda one: graph.nodes[one].schema.id)
    except LoopError as error:
        return list(outputs), {error.node_id: [problems.loop_not_drawn(str(error))]}
    outermost = _leading_to(order, [end for end in starts if not inside[end]], sources)
    found: dict[str, None] = {}
    wrong: dict[str, list[Problem]] = {}
    for output in outputs:
        root = outermost.get(output, "") if inside[output] else output
        found[root or output] = None
        if not root:
            wrong[output] = [problems.loop_left(graph.nodes[output], sorted(inside[output]))]
    return list(found), wrong


def _leading_to(
    order: Sequence[str], ends: Iterable[str], sources: Callable[[str], Iterable[str]]
) -> Mapping[str, str]:
    """For each node that leads to one of these, that."""
    found = {end: end for end in ends}
    for node_id in reversed(order):
        if node_id in found:
            for source in sources(node_id):
                found.setdefault(source, found[node_id])
    return found
