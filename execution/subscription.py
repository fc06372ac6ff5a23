"""Events on their way to whoever listens: numbered, addressed, and never more than a slow reader can hold."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
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
        self._waiting: deque[Envelope] = deque()
        self._lost_progress: dict[str, dict[str, NodeProgress]] = {}
        self._capacity = capacity
        self._most = capacity
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, envelope: Envelope) -> None:
        if self._closed:
            return
        self._waiting.append(envelope)
        if len(self._waiting) > self._most:
            self._make_room()
        self._arrived.set()

    def close(self) -> None:
        self._closed = True
        self._arrived.set()

    @property
    def closed(self) -> bool:
        return self._closed

    def _make_room(self) -> None:
        """Lose what is too much, and an eighth of the capacity besides: it is not to be done for every event."""
        too_many = len(self._waiting) - self._capacity + self._capacity // 8
        lost: set[int] = set()
        for importance in range(_NEVER_LOST):
            expendable = (one for one in self._waiting if _importance(one) == importance)
            lost.update(one.seq for one in itertools.islice(expendable, too_many - len(lost)))
        for envelope in self._waiting:
            if envelope.seq in lost and isinstance(envelope.event, ProgressState):
                self._lost_progress.setdefault(envelope.event.prompt_id, {}).update(envelope.event.nodes)
        self._waiting = deque(one for one in self._waiting if one.seq not in lost)
        self._most = max(self._capacity, len(self._waiting) + self._capacity // 8)

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
        envelope = self._waiting.popleft()
        if not self._lost_progress:
            return envelope
        event = envelope.event
        if isinstance(event, ProgressState) and event.prompt_id in self._lost_progress:
            nodes = {**self._lost_progress.pop(event.prompt_id), **event.nodes}
            return Envelope(envelope.seq, envelope.client_id, msgspec.structs.replace(event, nodes=nodes))
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
        self._observers: list[Callable[[Envelope], None]] = []

    def publish(self, event: AnyEvent | QueueStatus, client_id: str | None = None) -> None:
        envelope = Envelope(next(self._numbers), client_id, event)
        if not isinstance(event, Preview):
            self._recent.append(envelope)
        for observer in self._observers:
            observer(envelope)
        self._subscriptions = [one for one in self._subscriptions if not one.closed]
        for subscription in self._subscriptions:
            subscription.put(envelope)

    def observe(self, observer: Callable[[Envelope], None]) -> None:
        """Have a function called with everything from now on, at once; it must be quick."""
        self._observers.append(observer)

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
