"""Events on their way out of the worker process: those that belong together leave together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from execution.events import AnyEvent

MOST_AT_ONCE = 500


class Outbox:
    """Gathers events until `send` is called; any thread may add some."""

    def __init__(self, deliver: Callable[[list[AnyEvent]], None]) -> None:
        self._deliver = deliver
        self._events: list[AnyEvent] = []
        self._lock = threading.Lock()

    def add(self, event: AnyEvent) -> None:
        with self._lock:
            self._events.append(event)
            is_full = len(self._events) >= MOST_AT_ONCE
        if is_full:
            self.send()

    def send(self) -> None:
        with self._lock:
            if self._events:
                events, self._events = self._events, []
                self._deliver(events)
