"""What a node says of its own inputs before it runs (VALIDATE_INPUTS, validate_inputs)."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from execution import loop, problems
from execution.declared import nest
from execution.graph import Graph, GraphNode, unwrap
from execution.problems import Problem
from nodes.schema import Checks, Node, NodeSchema

_under_way: list[str] = []


def under_way() -> list[str]:
    """The nodes that check their inputs right now."""
    return list(_under_way)


def own_problems(node: Node, graph: Graph, graph_node: GraphNode, given: Mapping[str, Any]) -> list[Problem]:
    """One problem for each input that the node checked, if it finds something wrong. `given` holds coerced literals.

    Raises what the check raises.
    """
    check, checks = node.hooks.get("check"), graph_node.schema.checks
    if check is None or checks is None:
        return []
    names = [one.name for one in graph_node.inputs if one.name in given and checks.cover(_root(one.name))]
    values = {name: None if name in graph_node.links else unwrap(given[name]) for name in names}
    values |= _filled_in(graph_node, checks)
    if graph_node.schema.is_input_list:
        values = {name: [value] for name, value in values.items()}
    arguments = nest(graph_node.schema, graph_node.inputs, values)
    if checks.types:
        arguments["input_types"] = _received_types(graph, graph_node)
    with _noted(graph_node):
        said = check(**arguments)
        if inspect.isawaitable(said):
            said = loop.complete(said)
    if said is True:
        return []
    return [problems.custom_validation_failed(name, said) for name in names or ["inputs"]]


def can_judge(checks: Checks | None, found: Sequence[Problem]) -> bool:
    """Can a node check its inputs although these problems were found? It must not see what is wrong already."""
    if checks is None or (checks.types and found):
        return False
    return not any(checks.cover(_root(one["extra_info"]["input_name"])) for one in found)


def _root(name: str) -> str:
    """The input that a dotted name belongs to."""
    return name.split(".", 1)[0]


def _filled_in(node: GraphNode, checks: Checks) -> dict[str, Any]:
    """What the engine fills in, as far as it is known before a run, for a check that wants it."""
    known = {"UNIQUE_ID": node.id, "PROMPT": {}}
    wanted = {name: one for name, one in node.schema.filled_in_inputs.items() if one.name != name or checks.cover(name)}
    return {name: known.get(one.type) for name, one in wanted.items()}


def classes_of(prompt: Any) -> set[str]:
    """The class names in a prompt, whatever JSON value it is."""
    nodes = prompt.values() if isinstance(prompt, dict) else ()
    return {name for node in nodes if isinstance(node, dict) and isinstance(name := node.get("class_type"), str)}


def nodes_have_a_say(prompt: Any, schemas: Mapping[str, NodeSchema], has_problems: bool) -> bool:
    """Must the nodes' own code judge a prompt, too?

    It must where a class checks its inputs itself, or where something seems wrong with a class whose inputs may be
    others by now than the catalogue says.
    """
    used = [schemas[name] for name in classes_of(prompt) if name in schemas]
    return any(one.checks is not None or (has_problems and one.style != "function") for one in used)


def _received_types(graph: Graph, node: GraphNode) -> dict[str, Any]:
    types = {}
    for name, link in node.links.items():
        output = graph.nodes[link.node_id].schema.output(link.slot)
        types[name] = output.type if output is not None else "*"
    return types


@contextmanager
def _noted(node: GraphNode) -> Iterator[None]:
    _under_way.append(node.title)
    try:
        yield
    finally:
        _under_way.remove(node.title)
