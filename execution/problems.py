"""What can be wrong with a prompt, in the words and shapes that clients know (contract execution.md §3).

Every problem is `{"type", "message", "details", "extra_info"}`. The types that the contract does not have are ours:
`invalid_prompt`, `linked_node_missing`, `linked_slot_missing`, `loop_not_drawn`, `loop_left`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from execution.graph import GraphNode, Link
from nodes.schema import Input

Problem = dict[str, Any]
LONG_LIST = 20
LONG_TEXT = 1000


def problem(type: str, message: str, details: str = "", **extra_info: Any) -> Problem:
    return {"type": type, "message": message, "details": details, "extra_info": extra_info}


def invalid_prompt(details: str, **extra_info: Any) -> Problem:
    return problem("invalid_prompt", "The prompt is not in the API format", details, **extra_info)


def missing_node_type(node_id: str, class_type: Any, title: str) -> Problem:
    """A node without a title is named by its class."""
    if isinstance(class_type, str):
        message = f"Node '{title or class_type}' not found. The custom node may not be installed."
    else:
        message = f"Node '{node_id}' has no class_type; give it the name of a node class."
    return problem(
        "missing_node_type",
        message,
        f"Node ID '#{node_id}'",
        node_id=node_id,
        class_type=presentable(class_type),
        node_title=presentable(title or class_type),
    )


def no_outputs() -> Problem:
    return problem("prompt_no_outputs", "Prompt has no outputs")


def all_outputs_failed(of_outputs: Sequence[Problem]) -> Problem:
    """The error of the whole prompt; `of_outputs` are the problems of the output nodes themselves."""
    details = "\n".join(f"{one['message']}: {one['details']}" for one in of_outputs)
    return problem("prompt_outputs_failed_validation", "Prompt outputs failed validation", details)


def dependency_cycle(nodes: Sequence[GraphNode]) -> Problem:
    shown = [f"{node.id} ({node.schema.id})" for node in (*nodes, nodes[0])]
    if len(shown) > LONG_LIST:
        shown[LONG_LIST // 2 : -LONG_LIST // 2] = [f"… {len(shown) - LONG_LIST} more …"]
    return problem(
        "dependency_cycle",
        "Dependency cycle detected",
        " -> ".join(shown),
        node_id=nodes[0].id,
        cycle_nodes=[node.id for node in nodes],
    )


def loop_not_drawn(details: str) -> Problem:
    return problem("loop_not_drawn", "It cannot be told where the loop begins and ends", details)


def loop_left(node: GraphNode, starts: Sequence[str]) -> Problem:
    """What lies in a loop leads to no end of it."""
    details = (
        f"{node.title} uses what Start Loop {', '.join(starts)} gives in each round, but leads to no End Loop; link it "
        "to one (to a termination, if its value is not wanted), or to what the End Loop gives"
    )
    return problem("loop_left", "The node is in a loop that does not end", details, start_loops=list(starts))


# --- of one input ----------------------------------------------------------------------------------------------------


def required_input_missing(declared: Input) -> Problem:
    name = declared.name.rsplit(".", 1)[-1]
    return problem("required_input_missing", "Required input is missing", name, input_name=declared.name)


def bad_linked_input(declared: Input, config: Any, value: Any) -> Problem:
    message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
    return problem("bad_linked_input", message, declared.name, **_about(declared, config, value))


def linked_node_missing(declared: Input, config: Any, node: GraphNode, link: Link) -> Problem:
    details = (
        f"{declared.name}: {node.title} is linked to node '{link.node_id}', which is not in the prompt; "
        "link it to a node that is there"
    )
    about = _about(declared, config, list(link)) | {"linked_node": list(link)}
    return problem("linked_node_missing", "Linked node does not exist", details, **about)


def linked_slot_missing(declared: Input, config: Any, node: GraphNode, link: Link, source: GraphNode) -> Problem:
    names = ", ".join(f"{slot} ({one.name})" for slot, one in enumerate(source.schema.outputs)) or "none"
    details = f"{declared.name}: {node.title} is linked to output {link.slot} of {source.title}, which has: {names}"
    about = _about(declared, config, list(link)) | {"linked_node": list(link)}
    return problem("linked_slot_missing", "Linked output does not exist", details, **about)


def return_type_mismatch(declared: Input, config: Any, received: Any, link: Link) -> Problem:
    return problem(
        "return_type_mismatch",
        "Return type mismatch between linked nodes",
        f"{declared.name}, received_type({received}) mismatch input_type({declared.type})",
        input_name=declared.name,
        input_config=config,
        received_type=received,
        linked_node=list(link),
    )


def invalid_input_type(declared: Input, config: Any, value: Any, error: Exception | str) -> Problem:
    return problem(
        "invalid_input_type",
        f"Failed to convert an input value to a {declared.type} value",
        f"{declared.name}, {presentable(value)}, {error}",
        **_about(declared, config, value),
        exception_message=str(error),
    )


def value_smaller_than_min(declared: Input, config: Any, value: Any, limit: Any) -> Problem:
    message = f"Value {value} smaller than min of {limit}"
    return problem("value_smaller_than_min", message, declared.name, **_about(declared, config, value))


def value_bigger_than_max(declared: Input, config: Any, value: Any, limit: Any) -> Problem:
    message = f"Value {value} bigger than max of {limit}"
    return problem("value_bigger_than_max", message, declared.name, **_about(declared, config, value))


def value_not_in_list(declared: Input, config: Any, value: Any, values: Sequence[Any]) -> Problem:
    is_long = len(values) > LONG_LIST
    there = f"(list of length {len(values)})" if is_long else str(list(values))
    return problem(
        "value_not_in_list",
        "Value not in list",
        f"{declared.name}: {presentable(value)!r} not in {there}",
        **_about(declared, None if is_long else config, value),
    )


def custom_validation_failed(name: str, said: Any) -> Problem:
    """`said` is what the node's own check returned: False, or what is wrong."""
    details = name if said is False else f"{name} - {presentable(str(said))}"
    return problem("custom_validation_failed", "Custom validation failed for node", details, input_name=name)


def exception_during_validation(said: str, exception_type: str) -> Problem:
    """The own check of an output node raised something, which `said` that."""
    return problem(
        "exception_during_validation",
        "Exception when validating node",
        said,
        exception_type=exception_type,
        traceback=[],
    )


def exception_during_inner_validation(
    declared: Input, config: Any, link: Link, said: str, exception_type: str
) -> Problem:
    """The own check of a node raised something; `link` leads to that node from the input `declared`."""
    return problem(
        "exception_during_inner_validation",
        "Exception when validating inner node",
        said,
        input_name=declared.name,
        input_config=config,
        exception_message=said,
        exception_type=exception_type,
        traceback=[],
        linked_node=list(link),
    )


def _about(declared: Input, config: Any, value: Any) -> dict[str, Any]:
    return {"input_name": declared.name, "input_config": config, "received_value": presentable(value)}


def presentable(value: Any) -> Any:
    """A value as an error may repeat it: short, and strict JSON even where the prompt held NaN."""
    if isinstance(value, str):
        return value if len(value) <= LONG_TEXT else value[:LONG_TEXT] + "…"
    try:
        fits = len(json.dumps(value, allow_nan=False)) <= LONG_TEXT
    except (ValueError, TypeError, RecursionError):
        fits = False
    return value if fits else presentable(repr(value))
