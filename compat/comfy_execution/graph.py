"""The prompt of a run, blockers, and what can be wrong in a graph."""

from execution.dynamic_prompt import DynamicPrompt
from execution.invocation import NodeInputError
from nodes.expansion import ExecutionBlocker


class DependencyCycleError(Exception):
    """Nodes wait for one another."""


class NodeNotFoundError(Exception):
    """A link leads to no node."""


__all__ = ["DependencyCycleError", "DynamicPrompt", "ExecutionBlocker", "NodeInputError", "NodeNotFoundError"]
