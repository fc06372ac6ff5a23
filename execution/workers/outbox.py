"""Events on their way out of the worker process: those that belong together leave together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from execution.events import AnyEvent, Executing

MOST_AT_ONCE = 500
SECONDS_HELD = 0.02
SECONDS_AWAKE = 2.0


class Outbox:
    """Gathers events, from any thread, for 20 ms at most. The one that closes a run leaves at once, with all before it.

    What has waited is sent by a thread of its own. It does not have to be woken up by every run, which would cost more
    than many a node does: while there are runs it looks by itself, and only afterwards it sleeps.
    """

    def __init__(self, deliver: Callable[[list[AnyEvent]], None]) -> None:
        self._deliver = deliver
        self._events: list[AnyEvent] = []
        self._lock = threading.Lock()
        self._awake = threading.Event()
        threading.Thread(target=self._watch, name="outbox", daemon=True).start()

    def add(self, event: AnyEvent) -> None:
        with self._lock:
            self._events.append(event)
            is_full = len(self._events) >= MOST_AT_ONCE
        if is_full or (isinstance(event, Executing) and event.node is None):
            self.send()
        elif not self._awake.is_set():
            self._awake.set()

    def send(self) -> None:
        with self._lock:
            if self._events:
                events, self._events = self._events, []
                self._deliver(events)

    def _watch(self) -> None:
        while True:
            self._awake.wait()
            last = time.monotonic()
            while time.monotonic() < last + SECONDS_AWAKE:
                time.sleep(SECONDS_HELD)
                if self._events:
                    self.send()
                    last = time.monotonic()
            self._awake.clear()
            self.send()  # what came before that
