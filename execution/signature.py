"""What a node's outputs depend on, as one hash: nodes with equal signatures have equal outputs, whatever their ids.

A Merkle hash: every node's signature is made once, from the signatures of what it is linked to, so a graph of any
depth costs one step per node and link.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from execution.graph import Graph, GraphNode

Signature = str
_exact = json.JSONEncoder(sort_keys=True, allow_nan=False)
_quick = msgspec.json.Encoder(order="sorted")


def signatures(
    graph: Graph,
    order: Iterable[str],
    fingerprints: Mapping[str, Any],
    before: Mapping[str, Signature | None] = MappingProxyType({}),
) -> dict[str, Signature | None]:
    """The signature of each node in `order` (sources first); None for what never equals anything. Those of other nodes
    are in `before`.

    `fingerprints` stands for the outside world: what a node's fingerprint hook returned, by node id. NaN, there or
    among the literals, means "always run again", and so do a literal that is an object (a node that expands may put
    one there) and depending on such a node.
    """
    found: dict[str, Signature | None] = {}

    def known(node_id: str) -> Signature | None:
        return found[node_id] if node_id in found else before.get(node_id)

    for node_id in order:
        found[node_id] = _sign(graph.nodes[node_id], known, fingerprints.get(node_id))
    return found


def _sign(node: GraphNode, known: Callable[[str], Signature | None], fingerprint: Any) -> Signature | None:
    linked = []
    for name, link in sorted(node.links.items()):
        source = known(link.node_id)
        if source is None:
            return None
        linked.append([name, source, link.slot])
    parts = [node.schema.id, node.schema.version, node.literals, linked]
    if fingerprint is not None:
        parts.append({"fingerprint": fingerprint if isinstance(fingerprint, str) else _said(fingerprint)})
    if node.schema.is_individual:
        parts.append({"id": node.id})
    if node.raw_links:
        parts.append({"raw": node.raw_links})
    text = _text(parts)
    return None if text is None else hashlib.blake2b(text, digest_size=20).hexdigest()


def _said(fingerprint: Any) -> Any:
    """A fingerprint in JSON's types and bytes, such as digests; NaN for others, which may be written as another one."""
    try:
        return _with_bytes.encode(fingerprint)
    except (ValueError, TypeError, RecursionError):
        return float("nan")


def _hex(value: Any) -> str:
    """Raises TypeError for what are no bytes."""
    return f"bytes {bytes.hex(value)}"


_with_bytes = json.JSONEncoder(sort_keys=True, allow_nan=False, default=_hex)


def _text(parts: Any) -> bytes | None:
    """Equal values have equal texts; None if there is a NaN, or an object, which may be written as another one is."""
    try:
        text = _quick.encode(parts)
        if b"null" not in text:
            return text
    except (ValueError, TypeError, RecursionError):
        pass  # an object; or an integer of more than 64 bits, half a surrogate pair
    try:
        return _exact.encode(parts).encode()  # the quick one takes a NaN for None
    except (ValueError, TypeError, RecursionError):
        return None
