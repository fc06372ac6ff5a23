"""Why a node runs again although it ran before: what is different from last time, also after a restart."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from execution.events import now_ms
from execution.graph import Graph, GraphNode
from execution.kept import Kept
from execution.signature import Signature

MOST_NODES = 100_000
MOST_SIGNATURES = 500_000
MOST_KEPT = 5_000
_encoder = json.JSONEncoder(sort_keys=True, default=repr)
PLAIN = frozenset({type(None), bool, int, float, str})
K = TypeVar("K")
V = TypeVar("V")
Kind = Literal[
    "first_run", "input_changed", "file_changed", "upstream_changed", "code_changed", "always_runs", "evicted"
]
SENTENCES: dict[str, str] = {
    "first_run": "it has not run before",
    "input_changed": "its input {input} changed",
    "file_changed": "what it reads changed",
    "upstream_changed": "node {node} changed",
    "code_changed": "its code changed",
    "always_runs": "it always runs",
    "evicted": "its result is no longer kept",
}


class Why(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`input` is the name of the input that changed, `node` the node further up that changed or always runs; `since` is
    when this node was last seen as it was before, in epoch milliseconds."""

    kind: Kind
    input: str | None = None
    node: str | None = None
    since: int | None = None

    def __str__(self) -> str:
        if self.kind == "always_runs" and self.node is not None:
            return f"node {self.node} always runs"
        return SENTENCES[self.kind].format(input=self.input, node=self.node)


class _Seen(msgspec.Struct):
    """How a node was when it last had a result; `digest` is made when it is first written down."""

    node: GraphNode
    fingerprint: Any
    signature: Signature | None
    sources: list[Signature | None]
    at: int
    digest: SeenBefore | None = None

    def is_plain(self) -> bool:
        """Are there no objects in it, which are neither to be kept nor to be compared?"""
        return PLAIN.issuperset(map(type, [self.fingerprint, *self.node.literals.values()]))

    def digested(self) -> SeenBefore:
        if self.digest is None:
            schema, inputs, world = self.node.schema, _digests(self.node), _digest(self.fingerprint)
            self.digest = SeenBefore(schema.id, schema.version, inputs, world, self.signature, self.sources, self.at)
        return self.digest


class SeenBefore(msgspec.Struct, frozen=True, array_like=True):
    """The same of an earlier session: short hashes stand for the inputs and the fingerprint."""

    class_type: str
    version: str
    inputs: dict[str, str]
    fingerprint: str
    signature: Signature | None
    sources: list[Signature | None]
    at: int


class Past:
    """How the nodes of earlier runs were, by node id, and which signatures had results. Bounded, oldest out first.

    `path` is where the newest are kept over restarts, if anywhere, for all workers.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._kept = Kept(path, dict[str, SeenBefore])
        self._nodes: OrderedDict[str, _Seen | SeenBefore] = OrderedDict(self._kept.load() or {})
        before = [(one.signature, one.at) for one in self._nodes.values() if one.signature is not None]
        self._signatures: OrderedDict[Signature, int] = OrderedDict(before)

    def save(self, now: bool = False) -> None:
        """Let go of the oldest, and write what is known of the newest nodes, unless that was done a moment ago."""
        _shorten(self._nodes, MOST_NODES)
        _shorten(self._signatures, MOST_SIGNATURES)
        self._kept.save(self._newest, now, self._take_over)

    def _take_over(self, theirs: dict[str, SeenBefore]) -> None:
        """Know what other workers did since; of a node that ran on both, what was last."""
        for node_id, seen in theirs.items():
            known = self._nodes.get(node_id)
            if known is None or known.at < seen.at:
                self._nodes[node_id] = seen
                if seen.signature is not None:
                    self._signatures[seen.signature] = seen.at
        self._nodes = _by_time(self._nodes, lambda seen: seen.at)
        self._signatures = _by_time(self._signatures, lambda at: at)

    def _newest(self) -> dict[str, SeenBefore]:
        newest = list(self._nodes.items())[-MOST_KEPT:]
        return {node_id: seen.digested() if isinstance(seen, _Seen) else seen for node_id, seen in newest}

    def note(
        self,
        nodes: Iterable[GraphNode],
        signed: Mapping[str, Signature | None],
        fingerprints: Mapping[str, Any],
    ) -> None:
        """These nodes have results now."""
        now = now_ms()
        for node in nodes:
            signature, seen = signed.get(node.id), self._nodes.get(node.id)
            if signature is not None and isinstance(seen, _Seen) and seen.signature == signature:
                seen.node, seen.at, seen.digest = node, now, None
            else:
                seen = _Seen(node, fingerprints.get(node.id), signature, _sources(node, signed), now)
                self._nodes[node.id] = seen if signature is not None or seen.is_plain() else seen.digested()
            self._nodes.move_to_end(node.id)
            if signature is not None:
                self._signatures[signature] = now
                self._signatures.move_to_end(signature)

    def reasons(
        self,
        graph: Graph,
        order: Iterable[str],
        signed: Mapping[str, Signature | None],
        fingerprints: Mapping[str, Any],
    ) -> dict[str, Why]:
        """Why each of these nodes (sources first) has no result, if it has none. Linear in nodes and links."""
        found: dict[str, Why] = {}
        for node_id in order:
            node = graph.nodes[node_id]
            found[node_id] = self._reason(node, signed, fingerprints.get(node_id), found)
        return found

    def _reason(
        self, node: GraphNode, signed: Mapping[str, Signature | None], fingerprint: Any, found: Mapping[str, Why]
    ) -> Why:
        signature, seen = signed.get(node.id), self._nodes.get(node.id)
        if signature is None:
            source = next((one for one in node.sources if signed.get(one) is None), None)
            return Why(kind="always_runs", node=_root(source, "always_runs", found))
        if signature in self._signatures:
            return Why(kind="evicted", since=self._signatures[signature])
        if seen is None or _class_of(seen) != node.schema.id:
            return Why(kind="first_run")
        if _version_of(seen) != node.schema.version:
            return Why(kind="code_changed", since=seen.at)
        changed = _changed_input(seen, node)
        if changed is not None:
            return Why(kind="input_changed", input=changed, since=seen.at)
        if seen.fingerprint != (fingerprint if isinstance(seen, _Seen) else _digest(fingerprint)):
            return Why(kind="file_changed", since=seen.at)
        return Why(kind="upstream_changed", node=_changed_source(seen, node, signed, found), since=seen.at)


def _class_of(seen: _Seen | SeenBefore) -> str:
    return seen.node.schema.id if isinstance(seen, _Seen) else seen.class_type


def _version_of(seen: _Seen | SeenBefore) -> str:
    return seen.node.schema.version if isinstance(seen, _Seen) else seen.version


def _changed_input(seen: _Seen | SeenBefore, now: GraphNode) -> str | None:
    """The first input, in the class's order, whose value or link is another."""
    if isinstance(seen, SeenBefore):
        before, after = seen.inputs, _digests(now)
    elif seen.node.literals == now.literals and seen.node.links == now.links:
        return None
    else:
        before, after = ({**one.literals, **one.links} for one in (seen.node, now))
    names = dict.fromkeys([*(one.name for one in now.inputs), *before])
    return next((name for name in names if before.get(name, ...) != after.get(name, ...)), None)


def _changed_source(
    seen: _Seen | SeenBefore, node: GraphNode, signed: Mapping[str, Signature | None], found: Mapping[str, Why]
) -> str | None:
    """The node at the root of the change: the source that changed, or what changed further up."""
    for source, before, now in zip(node.sources, seen.sources, _sources(node, signed), strict=False):
        if before != now:
            return _root(source, "upstream_changed", found)
    return None


def _root(node_id: str | None, kind: Kind, found: Mapping[str, Why]) -> str | None:
    """The node that this one in turn names as the reason, or itself."""
    why = found.get(node_id) if node_id is not None else None
    return why.node if why is not None and why.kind == kind and why.node is not None else node_id


def _sources(node: GraphNode, signed: Mapping[str, Signature | None]) -> list[Signature | None]:
    return [signed.get(one) for one in node.sources]


def _by_time(entries: Mapping[K, V], at: Callable[[V], int]) -> OrderedDict[K, V]:
    return OrderedDict(sorted(entries.items(), key=lambda entry: at(entry[1])))


def _shorten(entries: OrderedDict[Any, Any], most: int) -> None:
    while len(entries) > most:
        entries.popitem(last=False)


def _digest(value: Any) -> str:
    """A short hash of whatever JSON, or something like it, can say."""
    try:
        text = _encoder.encode(value)
    except (ValueError, TypeError, RecursionError):
        text = repr(value)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _digests(node: GraphNode) -> dict[str, str]:
    """Of each input of a node, be it a value or a link."""
    return {name: _digest(value) for name, value in {**node.literals, **node.links}.items()}
