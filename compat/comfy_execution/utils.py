"""Which call runs here and now."""

from nodes.expansion import ExecutingContext
from nodes.expansion import executing_context as get_executing_context

__all__ = ["ExecutingContext", "get_executing_context"]
