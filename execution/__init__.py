"""Graphs: parse, validate, plan, cache, run; the durable queue; workers; events. Knows nothing of HTTP or tensors.

For Python programs: `Engine` runs workflows, `node_function` makes any node a function, which `each` calls for every
item of a list. Imported when asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from execution.calling import each, node_function
    from execution.local import Engine

__all__ = ["Engine", "each", "node_function"]

WHERE = {"Engine": "execution.local", "each": "execution.calling", "node_function": "execution.calling"}


def __getattr__(name: str) -> Any:
    if name in WHERE:
        return getattr(importlib.import_module(WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
