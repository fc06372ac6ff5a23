"""Caches that packs bring: asked for what our own does not have, told of what it gets.

A provider answers at once or, as a coroutine, later; one that fails costs only its own answer.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from execution import loop
from execution.cache.base import Cache, Result
from execution.graph import GraphNode
from execution.signature import Signature

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CacheContext:
    """Which result is meant. `cache_key_hash`: 64 hexadecimal digits, equal wherever the result is."""

    node_id: str
    class_type: str
    cache_key_hash: str


@dataclass
class CacheValue:
    """For each output slot the list of its values, and what the node shows."""

    outputs: list[Any]
    ui: dict[str, Any] | None = None


class CacheProvider(ABC):
    """What a pack derives from. All methods but `should_cache` may be coroutines."""

    @abstractmethod
    def on_lookup(self, context: CacheContext) -> Any:
        """The CacheValue, or None."""

    @abstractmethod
    def on_store(self, context: CacheContext, value: CacheValue) -> Any:
        """Keep a value."""

    def should_cache(self, context: CacheContext, value: CacheValue | None = None) -> bool:
        """Whether to be asked for, or told of (with `value`), a result."""
        return True

    def on_prompt_start(self, prompt_id: str) -> Any:
        """A run begins."""
        return None

    def on_prompt_end(self, prompt_id: str) -> Any:
        """A run ends."""
        return None


PROVIDERS: list[CacheProvider] = []


class ProvidedCache(Cache):
    """Stands before the worker's own cache. Without providers it costs nothing."""

    def __init__(self, own: Cache) -> None:
        self._own = own
        self._nodes: Mapping[Signature | None, GraphNode] = {}
        self._waiting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cache-provider")

    @property
    def bytes(self) -> int:  # type: ignore[override]
        return self._own.bytes

    @property
    def keeps(self) -> bool:  # type: ignore[override]
        return self._own.keeps

    def __len__(self) -> int:
        return len(self._own)

    def __contains__(self, signature: object) -> bool:
        return signature in self._own

    def begin(self, nodes: Mapping[Signature | None, GraphNode]) -> None:
        self._nodes = nodes
        self._own.begin(nodes)

    def outlives(self, signature: Signature | None, nodes: Mapping[Signature | None, GraphNode]) -> bool:
        return self._own.outlives(signature, nodes)

    def get(self, signature: Signature | None) -> Result | None:
        result = self._own.get(signature)
        if result is None and signature is not None and PROVIDERS:
            result = self._ask(self._context(signature))
            if result is not None:
                self._own.put(signature, result)
        return result

    def put(self, signature: Signature | None, result: Result) -> None:
        self._own.put(signature, result)
        if PROVIDERS and signature is not None:
            value = CacheValue(list(result.values), result.ui)
            for provider in PROVIDERS:
                self._call(provider, "on_store", self._context(signature), value)

    def drop(self, signature: Signature | None) -> None:
        self._own.drop(signature)

    def clear(self) -> None:
        self._own.clear()

    def tell(self, what: str, prompt_id: str) -> None:
        """`on_prompt_start` or `on_prompt_end`."""
        for provider in PROVIDERS:
            self._settle(provider, what, prompt_id)

    def _ask(self, context: CacheContext) -> Result | None:
        for provider in PROVIDERS:
            found = self._call(provider, "on_lookup", context)
            if found is not None:
                return Result(tuple(found.outputs), found.ui)
        return None

    def _call(self, provider: CacheProvider, what: str, context: CacheContext, *value: CacheValue) -> Any:
        try:
            wanted = provider.should_cache(context, *value)
        except BaseException:
            log.warning("the cache provider %s failed in should_cache", type(provider).__name__, exc_info=True)
            return None
        return self._settle(provider, what, context, *value) if wanted else None

    def _settle(self, provider: CacheProvider, what: str, *arguments: Any) -> Any:
        """What a provider answers, in the end; None if it fails."""
        try:
            answer = getattr(provider, what)(*arguments)
            if inspect.isawaitable(answer):  # a run has an event loop of its own, which must not wait for itself
                return self._waiting.submit(loop.complete, answer).result()
            return answer
        except BaseException:
            log.warning("the cache provider %s failed in %s", type(provider).__name__, what, exc_info=True)
            return None

    def _context(self, signature: Signature) -> CacheContext:
        node = self._nodes.get(signature)
        id, class_type = (node.id, node.schema.id) if node is not None else ("", "")
        return CacheContext(id, class_type, hashlib.sha256(signature.encode()).hexdigest())
