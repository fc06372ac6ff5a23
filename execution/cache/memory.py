"""Caches in the worker's memory. They differ in what leaves: the oldest beyond a number of bytes or of results, or all
that the last prompt did not use."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

import psutil

from execution.cache.base import Cache, Result
from execution.cache.sizes import size_of
from execution.graph import GraphNode
from execution.signature import Signature

BYTES_BETWEEN_LOOKS = 32 << 20


class MemoryCache(Cache):
    """Results in a dictionary, the least recently used first. What leaves is decided by the kinds of it below."""

    def __init__(self) -> None:
        self.bytes = 0
        self._entries: OrderedDict[Signature, tuple[Result, int]] = OrderedDict()
        self._lock = threading.RLock()

    def __contains__(self, signature: object) -> bool:
        return signature in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, signature: Signature | None) -> Result | None:
        with self._lock:
            if signature is None or signature not in self._entries:
                return None
            self._entries.move_to_end(signature)
            return self._entries[signature][0]

    def put(self, signature: Signature | None, result: Result) -> None:
        if signature is not None:
            size = size_of(result.values)
            self._keep(signature, result, size if result.ui is None else size + size_of(result.ui))

    def drop(self, signature: Signature | None) -> None:
        with self._lock:
            if signature is not None and signature in self._entries:
                self.bytes -= self._entries.pop(signature)[1]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self.bytes = 0

    def _keep(self, signature: Signature, result: Result, size: int) -> None:
        with self._lock:
            _, before = self._entries.pop(signature, (None, 0))
            self._entries[signature] = (result, size)
            self.bytes += size - before

    def _drop_oldest(self) -> int:
        """The bytes it held."""
        with self._lock:
            before = self.bytes
            self.drop(next(iter(self._entries)))
            return before - self.bytes


class RamCache(MemoryCache):
    """Keeps results up to `budget` bytes, over many prompts, and fewer while the machine is short of memory.

    `spare` bytes are left to other programs; `available` says how many there are.
    """

    def __init__(
        self,
        budget: int,
        spare: int = 0,
        available: Callable[[], int] = lambda: psutil.virtual_memory().available,
    ) -> None:
        super().__init__()
        self.budget = budget
        self._spare = spare
        self._available = available
        self._unlooked = 0

    def _keep(self, signature: Signature, result: Result, size: int) -> None:
        if size > self.budget:
            return
        super()._keep(signature, result, size)
        while self.bytes > self.budget:
            self._drop_oldest()
        # Asking how much memory there is costs more than a small node takes.
        self._unlooked += size
        if self._spare and self._unlooked > BYTES_BETWEEN_LOOKS:
            self._unlooked = 0
            self._make_room()

    def _make_room(self) -> None:
        lacking = self._spare - self._available()
        while lacking > 0 and self._entries:
            lacking -= self._drop_oldest()


class LruCache(MemoryCache):
    """Keeps the `most` results that were used last, however large."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def _keep(self, signature: Signature, result: Result, size: int) -> None:
        super()._keep(signature, result, size)
        while len(self) > self._most:
            self._drop_oldest()


class ClassicCache(MemoryCache):
    """Keeps what the last prompt used, and nothing of the prompts before it."""

    def __init__(self) -> None:
        super().__init__()
        self._of_prompt: set[Signature | None] = set()
        self._of_expansions: set[Signature | None] = set()

    def begin(self, nodes: Mapping[Signature | None, GraphNode]) -> None:
        """What nodes of the last prompt expanded to stays for one more: its nodes are not known beforehand."""
        with self._lock:
            self._of_prompt = set(nodes)
            kept = self._of_prompt | self._of_expansions
            self._of_expansions = set()
            for signature in [one for one in self._entries if one not in kept]:
                self.drop(signature)

    def outlives(self, signature: Signature | None, nodes: Mapping[Signature | None, GraphNode]) -> bool:
        return signature in self and (signature in nodes or signature in self._of_expansions)

    def get(self, signature: Signature | None) -> Result | None:
        self._note(signature)
        return super().get(signature)

    def _keep(self, signature: Signature, result: Result, size: int) -> None:
        self._note(signature)
        super()._keep(signature, result, size)

    def _note(self, signature: Signature | None) -> None:
        if signature not in self._of_prompt:
            self._of_expansions.add(signature)
