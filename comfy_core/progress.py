"""How long-running code says how far it is and asks whether it should stop. Free of torch; knows nobody who listens.

A sampler calls `report(step, steps, preview)` after each step. Whoever runs nodes (the executor) wraps the call in
`listen(listener)`; without a listener both functions do nothing, so that every node works as plain Python too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import cache
from typing import Any, Protocol

from comfy_core.scoped import Scoped, here_or_last

log = logging.getLogger(__name__)
Preview = Callable[[], tuple[str, bytes]]
"""Makes a picture of the work so far when asked: `("image/jpeg" | "image/png", the encoded file)`.

It is a function because a listener may want fewer pictures than there are steps, and encoding one costs time.
"""


class Interrupted(Exception):
    """The person asked to stop. Raised by `report` and `check_interrupted`; let it pass through."""


class Listener(Protocol):
    """Hears what one node reports; with `node_id` it reports for another one."""

    def report(self, value: float, total: float, preview: Preview | None, node_id: str | None = None) -> None: ...

    def interrupted(self) -> bool: ...

    def send(self, kind: str, data: Any) -> None: ...

    def text(self, text: str, node_id: str | None = None) -> None: ...


_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)
_at_work: list[Listener] = []
_hushed: ContextVar[Callable[[], bool]] = ContextVar("progress_hushed", default=lambda: False)


def listen(listener: Listener) -> AbstractContextManager[None]:
    """Hear everything that is reported inside the `with` block, in this thread, in its tasks and in threads that it
    starts, which know nothing of where they come from."""
    return Scoped(_listener, listener, _at_work)


def _heard_by() -> Listener | None:
    """Who hears what is reported here."""
    return here_or_last(_listener, _at_work)


def hushed(is_hushed: Callable[[], bool]) -> AbstractContextManager[None]:
    """Pass on nothing that is reported inside the `with` block while `is_hushed()`; an interrupt is heard."""
    return Scoped(_hushed, is_hushed)


def report(value: float, total: float, preview: Preview | None = None, node_id: str | None = None) -> None:
    """Say that `value` of `total` steps are done. Raises Interrupted when the run is to stop."""
    check_interrupted()
    listener = None if _hushed.get()() else _heard_by()
    if listener is not None and node_id is None:
        listener.report(value, total, preview)
    elif listener is not None:
        listener.report(value, total, preview, node_id)


def is_heard() -> bool:
    """Whether a run is under way here, so that somebody hears what is reported."""
    return _listener.get() is not None


def send(kind: str, data: Any) -> None:
    """Send the person's client a message of a kind of one's own; outside of a run nobody hears it."""
    listener = _listener.get()
    if listener is not None:
        listener.send(kind, data)


def show_text(text: str, node_id: str | None = None) -> None:
    """Show a line under the node while it works."""
    listener = _heard_by()
    if listener is not None:
        listener.text(text, node_id)


def warn(text: str) -> None:
    """Say that something was left out or done otherwise: in the log, and under the node that is at work."""
    log.warning("%s", text)
    show_text(text)


def check_interrupted() -> None:
    """Raise Interrupted when the run is to stop; cheap enough for every inner loop."""
    listener = _heard_by()
    if listener is not None and listener.interrupted():
        raise Interrupted("the run was interrupted")


class ProgressBar:
    """Counts up to `total` and reports every step of it."""

    def __init__(self, total: float, node_id: str | None = None) -> None:
        self.total = total
        self.value: float = 0
        self.node_id = node_id

    def update(self, by: float = 1, preview: Preview | None = None) -> None:
        self.update_absolute(self.value + by, preview=preview)

    def update_absolute(self, value: float, total: float | None = None, preview: Preview | None = None) -> None:
        self.total = self.total if total is None else total
        self.value = min(value, self.total)
        report(self.value, self.total, preview, self.node_id)


def over(pictures: int) -> Callable[[int], ProgressBar]:
    """One bar over so many pictures: each asks for one of as many steps as itself has, and gets that of all."""

    @cache
    def bar(steps: int) -> ProgressBar:
        return ProgressBar(steps * pictures)

    return bar
