"""How linked values reach a node. Nodes of others write into what they get; what the cache holds must not change by it.

The lists are always new, and so are the containers that the ecosystem's nodes are known to write into: dictionaries, as
latents are, lists, and what is in conditionings (lists of `[tensor, dict]`). Tensors are shared; nodes of others are
watched by samples of the tensors that they get, and with `--debug-cache` all nodes are by all values.
"""

from __future__ import annotations

import itertools
import logging
import zlib
from collections.abc import Mapping
from typing import Any

from execution.cache.codec import PLAIN, is_tensor
from execution.graph import GraphNode
from execution.plan import Plan
from nodes.schema import NodeSchema

log = logging.getLogger(__name__)
MOST_PARTS = 64


def delivered(values: list[Any], schema: NodeSchema) -> list[Any]:
    """The values of an output as a node of this schema gets them; built-in functions leave theirs alone."""
    return values if schema.style == "function" else [_own(value) for value in values]


def _own(value: Any) -> Any:
    if type(value) is dict:
        return dict(value)
    if type(value) is not list:
        return value
    if all(type(one) is list and len(one) == 2 and type(one[1]) is dict for one in value):
        return [[one[0], dict(one[1])] for one in value]
    return list(value)


class InputWatch:
    """Finds nodes that change what they are given: warns of them, and has the cache forget what they changed.

    Built-in ones are trusted, and of others a glance is enough, unless it is `thorough`.
    """

    def __init__(self, plan: Plan, thorough: bool) -> None:
        self._plan = plan
        self._thorough = thorough
        self._digest = digest if thorough else glance
        self._before: dict[str, dict[str, int]] = {}

    def begin(self, node: GraphNode) -> None:
        if node.links and (self._thorough or node.schema.style != "function"):
            found = self._digests(node)
            if any(found.values()):  # there is something to change
                self._before[node.id] = found

    def end(self, node: GraphNode) -> None:
        before = self._before.pop(node.id, None)
        if before is None:
            return
        now = self._digests(node)
        for name in [name for name in before if now.get(name, before[name]) != before[name]]:
            source = node.links[name].node_id
            log.warning(
                "%s changed its input %r, which is the result of node %s, instead of a copy; the result is dropped "
                "from the cache",
                node.title,
                name,
                source,
            )
            self._plan.drop(source)

    def _digests(self, node: GraphNode) -> dict[str, int]:
        found = {}
        for name, link in node.links.items():
            values = self._plan.values_at(link)
            if values is not None:
                found[name] = self._digest(values)
        return found


def digest(value: Any) -> int:
    """A checksum of all tensors, containers and plain values that a value holds; other objects count by identity."""
    if is_tensor(value):
        from comfy_core.weights.tensors_file import tensor_checksum  # with a tensor at hand, torch is there

        return tensor_checksum([value.detach().cpu().contiguous()])
    if isinstance(value, Mapping):
        return _mixed(part for item in value.items() for part in item)
    if isinstance(value, list | tuple):
        return _mixed(value)
    return zlib.crc32(repr(value).encode() if isinstance(value, str | int | float | None) else b"%d" % id(value))


def _mixed(parts: Any) -> int:
    found = 0
    for part in parts:
        found = zlib.crc32(digest(part).to_bytes(4, "big"), found)
    return found


def glance(value: Any, depth: int = 3) -> int:
    """A checksum of samples of the tensors that a value holds, in itself or in containers; 0 where there are none."""
    if type(value) in PLAIN:
        return 0
    if is_tensor(value):
        from comfy_core.weights.tensors_file import sampled_checksum

        try:
            return sampled_checksum(value)
        except (RuntimeError, NotImplementedError):  # one without memory of its own, such as a sparse one
            return 0
    if not isinstance(value, dict | list | tuple):
        return 0
    inside = value.values() if isinstance(value, dict) else value
    seen = [glance(part, depth - 1) for part in itertools.islice(inside if depth else (), MOST_PARTS)]
    return zlib.crc32(repr(seen).encode()) if any(seen) else 0
