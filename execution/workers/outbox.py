"""Events on their way out of the worker process: those that belong together leave together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from execution.events import AnyEvent, Executing

MOST_AT_ONCE = 500


class Outbox:
    """Gathers events; any thread may add some. The one that closes a run leaves at once, with all before it."""

    def __init__(self, deliver: Callable[[list[AnyEvent]], None]) -> None:
        self._deliver = deliver
        self._events: list[AnyEvent] = []
        self._lock = threading.Lock()
        self._is_due = False
        self._due: SimpleQueue[None] = SimpleQueue()
        threading.Thread(target=self._send_what_is_due, name="outbox", daemon=True).start()

    def add(self, event: AnyEvent) -> None:
        with self._lock:
            self._events.append(event)
            is_full = len(self._events) >= MOST_AT_ONCE
        if is_full or (isinstance(event, Executing) and event.node is None):
            self.send()

    def send_soon(self) -> None:
        """Have another thread send what is there: the work goes on meanwhile. Nodes that take no time at all are over
        before it comes to that, and leave together."""
        if not self._is_due:
            self._is_due = True
            self._due.put(None)

    def send(self) -> None:
        with self._lock:
            if self._events:
                events, self._events = self._events, []
                self._deliver(events)

    def _send_what_is_due(self) -> None:
        while True:
            self._due.get()
            self._is_due = False
            self.send()
