"""Events on their way to whoever listens: numbered, addressed, and never more than a slow reader can hold."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

import msgspec

from execution.events import TERMINAL, AnyEvent, Preview, Progress, ProgressState

CAPACITY = 1000


class QueueStatus(msgspec.Struct, frozen=True, tag_field="type", tag="status"):
    """How many prompts wait or run; the `status` frame of the WebSocket."""

    queue_remaining: int


class Envelope(msgspec.Struct, frozen=True):
    """An event with its place in the order of all events and the client whose run it belongs to (None: nobody's).

    `seq` always grows, over restarts of the server too.
    """

    seq: int
    client_id: str | None
    event: AnyEvent | QueueStatus


class Subscription:
    """One listener's events: `with engine.subscribe() as events: async for envelope in events: ...`.

    Holds at most `capacity` envelopes. A reader that falls behind loses pictures first, then progress, then the rest;
    the events that end a run are never lost. Leaving the `with` block (or `close`) ends the iteration.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._waiting: deque[Envelope] = deque()
        self._capacity = capacity
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, envelope: Envelope) -> None:
        if self._closed:
            return
        self._waiting.append(envelope)
        if len(self._waiting) > self._capacity:
            self._lose_one()
        self._arrived.set()

    def close(self) -> None:
        self._closed = True
        self._arrived.set()

    def _lose_one(self) -> None:
        least = min(self._waiting, key=_importance)
        if _importance(least) < _NEVER_LOST:
            self._waiting.remove(least)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Envelope:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()


_NEVER_LOST = 3


def _importance(envelope: Envelope) -> int:
    event = envelope.event
    if isinstance(event, Preview):
        return 0
    if isinstance(event, Progress | ProgressState):
        return 1
    return _NEVER_LOST if isinstance(event, TERMINAL) else 2
