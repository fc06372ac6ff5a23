"""Outputs of nodes that ran, by signature, so that nothing unchanged is computed twice: not in this workflow, not when
the person comes back to the one before. Least recently used entries leave when the byte budget is full."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from execution.signature import Signature

GIB = 1 << 30
OBJECT_BYTES = 64
MODEL_BYTES = 16 << 20
MOST_OBJECTS = 100_000


@dataclass(frozen=True)
class Result:
    """What one node gave: for each output slot the list of its values, and its `ui` dict if it had one."""

    values: tuple[list[Any], ...]
    ui: dict[str, Any] | None = None


class OutputCache:
    """Keeps results up to `budget` bytes."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.bytes = 0
        self._entries: OrderedDict[Signature, tuple[Result, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, signature: Signature | None) -> Result | None:
        """The result with this signature, which thereby becomes the most recently used; None never matches."""
        with self._lock:
            if signature is None or signature not in self._entries:
                return None
            self._entries.move_to_end(signature)
            return self._entries[signature][0]

    def put(self, signature: Signature | None, result: Result) -> None:
        """Keep a result, unless it could never be found again or alone exceeds the budget."""
        size = size_of((result.values, result.ui))
        if signature is None or size > self.budget:
            return
        with self._lock:
            self._drop(signature)
            self._entries[signature] = (result, size)
            self.bytes += size
            while self.bytes > self.budget:
                self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def _drop(self, signature: Signature) -> None:
        if signature in self._entries:
            self.bytes -= self._entries.pop(signature)[1]


def size_of(thing: Any) -> int:
    """Roughly how many bytes a value holds: whatever has `nbytes` says so itself, containers are walked.

    Models count as little, whatever their size: their weights are the residency's to account for, and dropping the
    handle would only mean building it anew.
    """
    total, seen, waiting = 0, set[int](), [thing]
    while waiting and len(seen) < MOST_OBJECTS:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        size, inside = _weigh(one)
        total += size
        waiting.extend(inside)
    return total


def _weigh(thing: Any) -> tuple[int, list[Any]]:
    """The bytes of a thing itself, and what else it holds."""
    if thing is None or isinstance(thing, int | float):
        return OBJECT_BYTES, []
    nbytes = getattr(thing, "nbytes", None)
    if isinstance(nbytes, int):
        return OBJECT_BYTES + nbytes, []
    if isinstance(thing, str | bytes | bytearray):
        return OBJECT_BYTES + len(thing), []
    if isinstance(thing, Mapping):
        return OBJECT_BYTES, [*thing.keys(), *thing.values()]
    if isinstance(thing, list | tuple | set | frozenset):
        return OBJECT_BYTES, list(thing)
    if _is_model(thing):
        return MODEL_BYTES, []
    return OBJECT_BYTES, list(vars(thing).values()) if hasattr(thing, "__dict__") and not callable(thing) else []


def _is_model(thing: Any) -> bool:
    return any(callable(getattr(thing, name, None)) for name in ("state_dict", "parameters", "add_patches"))
