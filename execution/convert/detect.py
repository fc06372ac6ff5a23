"""Which of the two JSON formats something is: a UI workflow (what the editor saves) or an API prompt (what runs)."""

from __future__ import annotations

from typing import Any, Literal

Kind = Literal["workflow", "prompt"]


def is_workflow(data: Any) -> bool:
    """Whether this is what the editor saves: an object with a list of nodes."""
    return isinstance(data, dict) and isinstance(data.get("nodes"), list)


def kind_of(data: Any) -> Kind:
    """Say which format `data` is in. Raises ValueError with one sentence if it is neither, or a mix of both."""
    if not isinstance(data, dict):
        raise ValueError(f"a workflow is a JSON object, this is {_article(data)}")
    nodes = [key for key, value in data.items() if isinstance(value, dict) and "class_type" in value]
    if is_workflow(data):
        if nodes:
            raise ValueError(
                f"this mixes the two formats: it has a list of nodes like a saved workflow and, at {nodes[0]!r}, "
                "a node with class_type like an API prompt; keep one of them"
            )
        return "workflow"
    if not data:
        return "prompt"
    strangers = [key for key in data if key not in nodes]
    if not nodes:
        raise ValueError(
            "this JSON is no workflow: a saved workflow has a list called nodes, "
            f"an API prompt has nodes with class_type; found {_some(strangers)}"
        )
    if strangers:
        raise ValueError(f"every node of an API prompt needs a class_type; {_some(strangers)} has none")
    for key, node in data.items():
        if not isinstance(node["class_type"], str):
            raise ValueError(f"the class_type of node {key!r} is a name, this is {_article(node['class_type'])}")
        if not isinstance(node.get("inputs", {}), dict):
            raise ValueError(f"the inputs of node {key!r} are a JSON object, this is {_article(node['inputs'])}")
    return "prompt"


def is_prompt(data: Any) -> bool:
    """Whether this is what runs: nodes by id, each with its class and inputs."""
    try:
        return kind_of(data) == "prompt"
    except ValueError:
        return False


def _article(data: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names.get(type(data), "null")


def _some(keys: list[str]) -> str:
    shown = ", ".join(repr(key[:40]) for key in keys[:5])
    return shown + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
