"""Graphs: parse, validate, plan, cache, run; the durable queue; workers; events. Knows nothing of HTTP or tensors.

`from execution import Engine` runs workflows from Python; it is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from execution.local import Engine

__all__ = ["Engine"]


def __getattr__(name: str) -> Any:
    if name == "Engine":
        from execution.local import Engine

        return Engine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
