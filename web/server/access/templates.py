"""Prompts that leave only a few inputs free: what a token for one workflow may run."""

from __future__ import annotations

from typing import Any

import msgspec

from execution.graph import as_link


class Template(msgspec.Struct, frozen=True):
    """An API prompt, and which inputs of it (`"6.text"`) may have other values."""

    prompt: dict[str, Any]
    inputs: tuple[str, ...] = ()


def misfit(template: Template, prompt: Any) -> str | None:
    """What of a prompt the template does not allow, as a sentence; None if it fits."""
    if not isinstance(prompt, dict) or prompt.keys() != template.prompt.keys():
        return "this token runs one workflow only; the prompt has other nodes"
    for node_id, allowed in template.prompt.items():
        node = prompt[node_id]
        if not isinstance(node, dict) or node.get("class_type") != allowed["class_type"]:
            return f"this token runs one workflow only; node {node_id} is another one"
        if (wrong := _other_input(node_id, node.get("inputs"), allowed["inputs"], template.inputs)) is not None:
            free = ", ".join(template.inputs) or "none"
            return f"this token may not set {node_id}.{wrong}; it may set: {free}"
    return None


def _other_input(node_id: str, inputs: Any, allowed: dict[str, Any], free: tuple[str, ...]) -> str | None:
    """The name of the first input that differs though it is not free, or that a free one would link to a node."""
    if not isinstance(inputs, dict):
        return "inputs"
    for name in sorted(inputs.keys() | allowed.keys()):
        same = name in inputs and name in allowed and inputs[name] == allowed[name]
        if not same and (f"{node_id}.{name}" not in free or as_link(inputs.get(name)) is not None):
            return name
    return None
