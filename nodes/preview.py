"""Nodes that show a value."""

from __future__ import annotations

import json
from typing import Annotated, Any

from nodes.schema import String, node
from nodes.types import Anything


@node(
    "PreviewAny",
    title="Preview as Text",
    category="utilities",
    is_output=True,
    python_module="comfy_extras.nodes_preview_any",
    search_aliases=("show output", "inspect", "debug", "print value", "show text"),
)
def preview_any(source: Anything = None) -> Annotated[str, String()]:
    """Show any value as text."""
    text = as_text(source)
    return {"ui": {"text": (text,)}, "result": (text,)}  # type: ignore[return-value]


def as_text(value: Any) -> str:
    """A value as a person reads it: text as it is, numbers, else JSON, else Python's own form."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    try:
        return json.dumps(value, indent=4)
    except (TypeError, ValueError):
        return str(value)
