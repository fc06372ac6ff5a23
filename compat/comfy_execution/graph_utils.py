"""Graphs that a node expands to."""

from nodes.expansion import ExecutionBlocker, GraphBuilder, add_graph_prefix, is_link
from nodes.expansion import GraphNode as Node

__all__ = ["ExecutionBlocker", "GraphBuilder", "Node", "add_graph_prefix", "is_link"]
