"""How long-running code says how far it is and asks whether it should stop. Free of torch; knows nobody who listens.

A sampler calls `report(step, steps, preview)` after each step. Whoever runs nodes (the executor) wraps the call in
`listen(listener)`; without a listener both functions do nothing, so that every node works as plain Python too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

Preview = Callable[[], tuple[str, bytes]]
"""Makes a picture of the work so far when asked: `("image/jpeg" | "image/png", the encoded file)`.

It is a function because a listener may want fewer pictures than there are steps, and encoding one costs time.
"""


class Interrupted(Exception):
    """The person asked to stop. Raised by `report` and `check_interrupted`; let it pass through."""


class Listener(Protocol):
    def report(self, value: float, total: float, preview: Preview | None) -> None: ...

    def interrupted(self) -> bool: ...


_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


@contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Hear everything that is reported inside the `with` block, in this thread and in its tasks."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(value: float, total: float, preview: Preview | None = None) -> None:
    """Say that `value` of `total` steps are done. Raises Interrupted when the run is to stop."""
    check_interrupted()
    listener = _listener.get()
    if listener is not None:
        listener.report(value, total, preview)


def check_interrupted() -> None:
    """Raise Interrupted when the run is to stop; cheap enough for every inner loop."""
    listener = _listener.get()
    if listener is not None and listener.interrupted():
        raise Interrupted("the run was interrupted")


class ProgressBar:
    """Counts up to `total` and reports every step of it."""

    def __init__(self, total: float) -> None:
        self.total = total
        self.value: float = 0

    def update(self, by: float = 1, preview: Preview | None = None) -> None:
        self.update_absolute(self.value + by, preview=preview)

    def update_absolute(self, value: float, total: float | None = None, preview: Preview | None = None) -> None:
        self.total = self.total if total is None else total
        self.value = min(value, self.total)
        report(self.value, self.total, preview)
