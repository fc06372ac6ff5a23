"""The schemas of nodes as they are now: a class may compute its inputs anew, and fail in doing so."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from nodes.schema import Node, NodeSchema

log = logging.getLogger(__name__)


def schema_now(node: Node) -> NodeSchema:
    """As the node's class says it now; if it cannot, as it said it before."""
    try:
        return node.current_schema()
    except BaseException:
        log.warning("%s: its inputs cannot be read; those read before count", node.schema.id, exc_info=True)
        return node.schema


class RunSchemas:
    """The schemas of one run, in which each class is asked once."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._known: dict[str, NodeSchema] = {}

    def of(self, class_type: str) -> NodeSchema:
        """Raises KeyError for a class that is not loaded."""
        if class_type not in self._known:
            self._known[class_type] = schema_now(self._nodes[class_type])
        return self._known[class_type]

    def get(self, class_type: str) -> NodeSchema | None:
        return self.of(class_type) if class_type in self._nodes else None
