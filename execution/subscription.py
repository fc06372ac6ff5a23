"""Events on their way to whoever listens: numbered, addressed, and never more than a slow reader can hold."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict, deque
from types import TracebackType

import msgspec

from execution.events import TERMINAL, AnyEvent, NodeProgress, Preview, Progress, ProgressState, now_ms

CAPACITY = 4000
REMEMBERED = 2000


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
    the events that end a run are never lost, and what a lost one said of the progress of nodes is in a later one.
    Leaving the `with` block (or `close`) ends the iteration.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._waiting: OrderedDict[int, Envelope] = OrderedDict()
        # The numbers of what waits and may be lost, by importance: whom it hits is known without a search.
        self._expendable: tuple[deque[int], ...] = (deque(), deque(), deque())
        self._lost_progress: dict[str, dict[str, NodeProgress]] = {}
        self._capacity = capacity
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, envelope: Envelope) -> None:
        if self._closed:
            return
        self._waiting[envelope.seq] = envelope
        importance = _importance(envelope)
        if importance < _NEVER_LOST:
            self._expendable[importance].append(envelope.seq)
        if len(self._waiting) > self._capacity:
            self._lose_one()
        self._arrived.set()

    def close(self) -> None:
        self._closed = True
        self._arrived.set()

    @property
    def closed(self) -> bool:
        return self._closed

    def _lose_one(self) -> None:
        numbers = next((one for one in self._expendable if one), None)
        if numbers is None:
            return
        event = self._waiting.pop(numbers.popleft()).event
        if isinstance(event, ProgressState):
            self._lost_progress.setdefault(event.prompt_id, {}).update(event.nodes)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Envelope:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._pop()

    def waiting(self, most: int) -> list[Envelope]:
        """What has come already, `most` at most: taken together."""
        return [self._pop() for _ in range(min(most, len(self._waiting)))]

    def _pop(self) -> Envelope:
        seq, envelope = self._waiting.popitem(last=False)
        importance = _importance(envelope)
        if importance < _NEVER_LOST:
            self._expendable[importance].popleft()
        event = envelope.event
        if not self._lost_progress:
            return envelope
        if isinstance(event, ProgressState) and event.prompt_id in self._lost_progress:
            nodes = {**self._lost_progress.pop(event.prompt_id), **event.nodes}
            return Envelope(seq, envelope.client_id, msgspec.structs.replace(event, nodes=nodes))
        if isinstance(event, TERMINAL):
            self._lost_progress.pop(event.prompt_id, None)
        return envelope


class Hub:
    """Numbers events, hands them to every subscription and remembers the last ones (pictures excepted)."""

    def __init__(self) -> None:
        # Starting at the clock keeps numbers growing over restarts: no server makes one in every microsecond.
        self._numbers = itertools.count(1000 * now_ms())
        self._recent: deque[Envelope] = deque(maxlen=REMEMBERED)
        self._subscriptions: list[Subscription] = []

    def publish(self, event: AnyEvent | QueueStatus, client_id: str | None = None) -> None:
        envelope = Envelope(next(self._numbers), client_id, event)
        if not isinstance(event, Preview):
            self._recent.append(envelope)
        self._subscriptions = [one for one in self._subscriptions if not one.closed]
        for subscription in self._subscriptions:
            subscription.put(envelope)

    def subscribe(self, since: int | None = None) -> Subscription:
        """A subscription to everything from now on, after what is remembered of the events after `since`."""
        subscription = Subscription()
        if since is not None:
            for envelope in self._recent:
                if envelope.seq > since:
                    subscription.put(envelope)
        self._subscriptions.append(subscription)
        return subscription

    def close(self) -> None:
        for subscription in self._subscriptions:
            subscription.close()


_NEVER_LOST = 3
_ORDINARY = 2
_IMPORTANCE: dict[type, int] = {Preview: 0, Progress: 1, ProgressState: 1, **dict.fromkeys(TERMINAL, _NEVER_LOST)}


def _importance(envelope: Envelope) -> int:
    return _IMPORTANCE.get(type(envelope.event), _ORDINARY)
