"""Checks a prompt before it is queued: linear, iterative, and in the same order every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from comfy_core.folders import Folders
from execution import problems
from execution.checks import can_judge, classes_of, own_problems
from execution.failure import without_roots
from execution.graph import Graph, GraphNode, Link, Walk, parse, title_in, unwrap
from execution.inputs import Inputs, Refused
from execution.loop_roots import roots
from execution.problems import Problem
from nodes.schema import Input, Node, NodeSchema

FEW_NODES = 200


@dataclass(frozen=True)
class Validation:
    """The outcome. Without `error`, `outputs` can run with `prompt`, whose literals are coerced to their types.

    `node_errors` is the wire form, by node id: `{"errors", "dependent_outputs", "class_type"}`; it may name nodes
    although the prompt is taken, when only some outputs are valid.
    """

    prompt: dict[str, Any] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    error: Problem | None = None
    node_errors: dict[str, Any] = field(default_factory=dict)


def is_quick(prompt: Any, schemas: Mapping[str, NodeSchema]) -> bool:
    """Is it checked in a moment: few nodes, of which none takes a file from a folder that must be read?"""
    if not isinstance(prompt, dict) or len(prompt) > FEW_NODES:
        return False
    used = (schemas[name] for name in classes_of(prompt) if name in schemas)
    return all(one.folder is None for schema in used for one in schema.inputs)


def validate(
    prompt: Any,
    schemas: Mapping[str, NodeSchema],
    folders: Folders,
    targets: Any = None,
    nodes: Mapping[str, Node] | None = None,
) -> Validation:
    """Check an API prompt, whatever JSON value it is. `targets` limits the output nodes to those ids.

    Where the code of the `nodes` is at hand, they check their inputs themselves, too.
    """
    malformed = _malformed(prompt, targets) or _unknown_class(prompt, schemas)
    if malformed is not None:
        return Validation(error=malformed)
    graph = parse(prompt, schemas.__getitem__)
    chosen = set(graph.nodes) if targets is None else {str(one) for one in targets}
    wanted = [node.id for node in graph.nodes.values() if node.schema.is_output and node.id in chosen]
    if not wanted:
        return Validation(error=problems.no_outputs())
    wanted, of_loops = roots(graph, wanted)
    walk = graph.walk(wanted)
    coerced, errors = _check_nodes(prompt, graph, walk, Inputs(folders), nodes or {})
    errors |= {node_id: errors.get(node_id, []) + found for node_id, found in of_loops.items()}
    invalid = _spread(graph, walk, errors)
    valid = [output for output in wanted if output not in invalid]
    node_errors = _report(graph, walk, wanted, errors)
    if valid:
        return Validation(prompt=coerced, outputs=valid, node_errors=node_errors)
    of_outputs = [one for output in wanted for one in errors.get(output, [])]
    return Validation(error=problems.all_outputs_failed(of_outputs), node_errors=node_errors)


# --- is it a prompt at all -------------------------------------------------------------------------------------------


def _malformed(prompt: Any, targets: Any) -> Problem | None:
    if not isinstance(prompt, dict):
        return problems.invalid_prompt(f"expected an object of nodes by id, got {type(prompt).__name__}")
    if targets is not None and not isinstance(targets, list):
        return problems.invalid_prompt("partial_execution_targets must be a list of node ids")
    for node_id, node in prompt.items():
        if not isinstance(node, dict):
            details = f"node '{node_id}' must be an object with class_type and inputs, got {type(node).__name__}"
            return problems.invalid_prompt(details, node_id=node_id)
        if not isinstance(node.get("inputs", {}), dict):
            details = f"inputs of node '{node_id}' must be an object, got {type(node['inputs']).__name__}"
            return problems.invalid_prompt(details, node_id=node_id)
    return None


def _unknown_class(prompt: Mapping[str, Any], schemas: Mapping[str, NodeSchema]) -> Problem | None:
    for node_id, node in prompt.items():
        class_type = node.get("class_type")
        if not isinstance(class_type, str) or class_type not in schemas:
            return problems.missing_node_type(node_id, class_type, title_in(node))
    return None


# --- is each node right ----------------------------------------------------------------------------------------------


def _check_nodes(
    prompt: Mapping[str, Any], graph: Graph, walk: Walk, inputs: Inputs, nodes: Mapping[str, Node]
) -> tuple[dict[str, Any], dict[str, list[Problem]]]:
    """The prompt with coerced literals, and each node's own problems."""
    coerced = dict(prompt)
    errors: dict[str, list[Problem]] = {}
    askers: dict[str, tuple[Input, Link]] = {}
    for cycle in dict.fromkeys(map(tuple, walk.cycles)):
        errors.setdefault(cycle[0], []).append(problems.dependency_cycle([graph.nodes[one] for one in cycle]))
    for node_id in walk.order:
        given = dict(prompt[node_id].get("inputs", {}))
        node = graph.nodes[node_id]
        found = _check_node(graph, node, given, inputs)
        if node.schema.id in nodes and can_judge(node.schema.checks, found):
            try:
                found += own_problems(nodes[node.schema.id], graph, node, given)
            except BaseException as error:  # a check cannot end the process
                askers = askers or _askers(graph)
                found += [_failed_check(node, error, askers, inputs)]
        if found:
            errors.setdefault(node_id, []).extend(found)
        coerced[node_id] = {**prompt[node_id], "inputs": given}
    return coerced, errors


def _askers(graph: Graph) -> dict[str, tuple[Input, Link]]:
    """For each node the first input that is linked to it, and the link."""
    found: dict[str, tuple[Input, Link]] = {}
    for node in graph.nodes.values():
        for declared in node.inputs:
            if declared.name in node.links:
                link = node.links[declared.name]
                found.setdefault(link.node_id, (declared, link))
    return found


def _failed_check(
    node: GraphNode, error: BaseException, askers: Mapping[str, tuple[Input, Link]], inputs: Inputs
) -> Problem:
    """A node's own check raised something; for all but output nodes it is told as found through a link to them."""
    said, kind = without_roots(str(error)), type(error).__name__
    if node.schema.is_output or node.id not in askers:
        return problems.exception_during_validation(said, kind)
    declared, link = askers[node.id]
    return problems.exception_during_inner_validation(declared, inputs.config(declared), link, said, kind)


def _check_node(graph: Graph, node: GraphNode, given: dict[str, Any], inputs: Inputs) -> list[Problem]:
    """The problems of one node's own inputs; puts coerced literals into `given`."""
    found = []
    for declared in node.inputs:
        if declared.name not in given:
            if declared.section == "required":
                found.append(problems.required_input_missing(declared))
            continue
        problem = _check_input(graph, node, declared, given, inputs)
        if problem is not None:
            found.append(problem)
    return found


def _check_input(
    graph: Graph, node: GraphNode, declared: Input, given: dict[str, Any], inputs: Inputs
) -> Problem | None:
    if declared.name in node.links:
        return inputs.check_link(node, declared, node.links[declared.name], graph.nodes.get)
    value = given[declared.name]
    if isinstance(value, list) and not declared.options.get("multiselect"):
        return problems.bad_linked_input(declared, inputs.config(declared), value)
    try:
        checks = node.schema.checks
        coerced = inputs.coerce(declared, unwrap(value), checks is not None and checks.cover(declared.name))
    except Refused as refused:
        return refused.problem
    # A list stays wrapped: in the stored prompt, too, a bare list would read as a link.
    given[declared.name] = value if isinstance(coerced, list) else coerced
    return None


# --- which outputs does it spoil -------------------------------------------------------------------------------------


def _spread(graph: Graph, walk: Walk, errors: Mapping[str, list[Problem]]) -> set[str]:
    """The nodes that cannot run because of themselves or of something they depend on."""
    if not errors and not walk.cycle_heads:
        return set()
    invalid = set(errors) | set(walk.cycle_heads)
    for node_id in walk.order:
        if any(one in invalid for one in graph.nodes[node_id].sources):
            invalid.add(node_id)
    return invalid


def _report(
    graph: Graph, walk: Walk, outputs: list[str], errors: Mapping[str, list[Problem]]
) -> dict[str, dict[str, Any]]:
    if not errors:
        return {}
    dependents = _dependent_outputs(graph, walk, outputs)
    return {
        node_id: {
            "errors": errors[node_id],
            "dependent_outputs": [one for bit, one in enumerate(outputs) if dependents[node_id] >> bit & 1],
            "class_type": graph.nodes[node_id].schema.id,
        }
        for node_id in walk.order
        if node_id in errors
    }


def _dependent_outputs(graph: Graph, walk: Walk, outputs: list[str]) -> dict[str, int]:
    """For each node the outputs that depend on it, as a set of bits: unions of thousands stay cheap."""
    reached = dict.fromkeys(walk.order, 0) | {output: 1 << bit for bit, output in enumerate(outputs)}
    # Against the order every node hands on all it will ever get; only around a cycle a second pass finds more.
    for _ in range(2 if walk.cycle_heads else 1):
        for node_id in reversed(walk.order):
            for link in graph.nodes[node_id].links.values():
                if link.node_id in reached:
                    reached[link.node_id] |= reached[node_id]
    return reached
