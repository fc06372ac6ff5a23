"""What the server and its worker say in their log, kept for a while, and told to the clients that want to hear it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from execution.workers import words

KEPT = 300
MOST_READERS = 100
Tell = Callable[[str, dict[str, Any]], Awaitable[None]]


class LogBook(logging.Handler):
    """The last lines of the log. Each reader has a queue and a task of its own, so that none waits for another."""

    def __init__(self, tell: Tell) -> None:
        """`tell(client_id, message)` sends a message to a client."""
        super().__init__()
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self._tell = tell
        self._entries: deque[dict[str, str]] = deque(maxlen=KEPT)
        self._readers: dict[str, _Reader] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear what is logged in this process; to be entered in the event loop that tells it."""
        self._loop = asyncio.get_running_loop()
        logging.getLogger().addHandler(self)
        words.listeners.append(self.note)
        try:
            yield
        finally:
            words.listeners.remove(self.note)
            logging.getLogger().removeHandler(self)
            self._loop = None
            for client_id in list(self._readers):
                self.unsubscribe(client_id)

    def entries(self) -> list[dict[str, str]]:
        """`{"t": ISO time, "m": text}`, oldest first."""
        return list(self._entries)

    def subscribe(self, client_id: str) -> None:
        """Tell a client every line from now on. Of very many readers, the oldest is let go."""
        if client_id not in self._readers:
            while len(self._readers) >= MOST_READERS:
                self.unsubscribe(next(iter(self._readers)))
            self._readers[client_id] = _Reader(client_id, self._tell)

    def unsubscribe(self, client_id: str) -> None:
        reader = self._readers.pop(client_id, None)
        if reader is not None:
            reader.task.cancel()

    def emit(self, record: logging.LogRecord) -> None:
        """Called by any thread that logs."""
        try:
            time = datetime.fromtimestamp(record.created, UTC).replace(tzinfo=None).isoformat()
            entry = {"t": time, "m": self.format(record) + "\n"}
        except Exception:
            self.handleError(record)
            return
        self._keep(entry)

    def note(self, text: str) -> None:
        """What a worker wrote, its log and what its nodes print."""
        time = datetime.now(UTC).replace(tzinfo=None).isoformat()
        for line in text.splitlines()[-KEPT:]:
            self._keep({"t": time, "m": line + "\n"})

    def _keep(self, entry: dict[str, str]) -> None:
        self._entries.append(entry)
        loop = self._loop
        if self._readers and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._pass_on, entry)

    def _pass_on(self, entry: dict[str, str]) -> None:
        for reader in self._readers.values():
            reader.put(entry)


class _Reader:
    """One client that hears the log; one that is slow loses the oldest lines."""

    def __init__(self, client_id: str, tell: Tell) -> None:
        self._client_id = client_id
        self._tell = tell
        self._waiting: deque[dict[str, str]] = deque(maxlen=KEPT)
        self._arrived = asyncio.Event()
        self.task = asyncio.create_task(self._pass_on())

    def put(self, entry: dict[str, str]) -> None:
        self._waiting.append(entry)
        self._arrived.set()

    async def _pass_on(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            entries = list(self._waiting)
            self._waiting.clear()
            await self._tell(self._client_id, {"type": "logs", "data": {"entries": entries, "size": None}})
