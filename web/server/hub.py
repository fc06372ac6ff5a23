"""The WebSocket side: every client hears the runs it started, in order, and none waits for another."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import WSMsgType, web

from execution.events import (
    TERMINAL,
    ExecutionInterrupted,
    ExecutionStart,
    NodeMessage,
    NodeText,
    NodeTiming,
    Preview,
    Progress,
    ProgressState,
)
from execution.subscription import Envelope, QueueStatus, Subscription
from web.server.answers import dumps
from web.server.frames import binary_frame, is_binary, status_data, text_frame
from web.server.whole_progress import WholeProgress

if TYPE_CHECKING:
    from execution.engine import Engine

SEND_SECONDS = 60.0
SENT_TOGETHER = 50
FRAMES_KEPT = 64
BROADCAST_WITHOUT_OWNER = (Progress, ProgressState, ExecutionInterrupted, Preview, NodeMessage, NodeText)


class Client:
    """One open socket, and what its client has said that it understands."""

    def __init__(self, id: str, socket: web.WebSocketResponse, user: str) -> None:
        self.id = id
        self.user = user
        self.socket = socket
        self.wants_metadata = False
        self.takes_changes = False
        self.takes_lists = False
        self.progress: dict[str, WholeProgress] = {}

    def noted(self, changes: ProgressState) -> WholeProgress:
        """Take in what has changed in a run; all that is known of it."""
        progress = self.progress.get(changes.prompt_id)
        if progress is None:
            progress = self.progress[changes.prompt_id] = WholeProgress(changes.prompt_id)
        progress.note(changes)
        return progress

    async def send(self, *frames: str | bytes) -> None:
        """Send frames; a client that does not take them within a minute is let go."""
        async with asyncio.timeout(SEND_SECONDS):
            for frame in _as_lists(frames) if self.takes_lists else frames:
                if isinstance(frame, str):
                    await self.socket.send_str(frame)
                else:
                    await self.socket.send_bytes(frame)


@dataclass
class Run:
    """A run under way: the client that it is told to, and how far its nodes are."""

    client_id: str | None
    progress: WholeProgress


class Hub:
    """Who is connected, by client id; of several sockets with one id, the newest receives the runs' events."""

    def __init__(self, features: dict[str, Any]) -> None:
        self._features = features
        self._clients: dict[str, list[Client]] = defaultdict(list)
        self._runs: dict[str, Run] = {}
        self._frames: dict[tuple[bool, int], str | bytes] = {}
        self._last_seq = 0

    def note(self, envelope: Envelope) -> None:
        """Keep track of whose runs are under way, how far their nodes are, and of the last event's number."""
        self._last_seq = envelope.seq
        event = envelope.event
        if isinstance(event, ExecutionStart):
            self._runs.setdefault(event.prompt_id, Run(envelope.client_id, WholeProgress(event.prompt_id)))
        elif isinstance(event, ProgressState) and event.prompt_id in self._runs:
            self._runs[event.prompt_id].progress.note(event)
        elif isinstance(event, TERMINAL):
            self._runs.pop(event.prompt_id, None)

    def is_anothers(self, client_id: str, user: str) -> bool:
        """Whether a client of another user has this id, whose runs' events must not go astray."""
        return any(client.user != user for client in self._clients.get(client_id, ()))

    async def serve(self, engine: Engine, client: Client, since: int | None) -> None:
        """Talk to one client until it leaves. Raises TimeoutError for one that takes nothing any more."""
        self._clients[client.id].append(client)
        told = {id: run for id, run in self._runs.items() if run.client_id in (client.id, None)}
        client.progress = {id: run.progress.copy() for id, run in told.items()}
        with engine.subscribe(since) as events:
            try:
                await self._greet(engine, client)
                telling = asyncio.create_task(self._tell(client, events))
                listening = asyncio.create_task(self._listen(client))
                try:
                    await asyncio.wait((telling, listening), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await _end(telling, listening)
            finally:
                self._forget(client)

    async def tell(self, client_id: str, message: dict[str, Any]) -> None:
        """Say something to the newest socket of a client, if it has one."""
        for client in self._clients.get(client_id, [])[-1:]:
            with suppress(TimeoutError, ConnectionError, RuntimeError):
                await client.send(dumps(message))

    async def close(self) -> None:
        """Say goodbye to all clients."""
        everyone = [client for clients in self._clients.values() for client in clients]
        await asyncio.gather(*(client.socket.close(code=1001) for client in everyone), return_exceptions=True)

    def wants(self, client: Client, envelope: Envelope) -> bool:
        """Whether an event is this client's: status is everybody's, a run's events go to who asked for the run."""
        if isinstance(envelope.event, QueueStatus):
            return True
        if envelope.client_id is None:
            return isinstance(envelope.event, BROADCAST_WITHOUT_OWNER)
        return envelope.client_id == client.id and self._clients[client.id][-1:] == [client]

    async def _greet(self, engine: Engine, client: Client) -> None:
        data = {**status_data(engine.queue_remaining()), "sid": client.id}
        await client.send(dumps({"type": "status", "data": data, "seq": self._last_seq}))
        own = {id for id, run in self._runs.items() if run.client_id == client.id}
        running = [(id, node) for id, node in engine.running().items() if node and id in own]
        for prompt_id, node in running:
            # with one run at a time, as in ComfyUI, it goes without saying which one it is
            named = {"prompt_id": prompt_id} if len(running) > 1 else {}
            await client.send(dumps({"type": "executing", "data": {"node": node, **named}}))

    async def _tell(self, client: Client, events: Subscription) -> None:
        async for first in events:
            together = [first, *events.waiting(SENT_TOGETHER - 1)]
            await client.send(*[frame for envelope in together for frame in self._frames_for(client, envelope)])

    async def _listen(self, client: Client) -> None:
        async for message in client.socket:
            if message.type is WSMsgType.TEXT:
                await self._hear(client, message.data)

    async def _hear(self, client: Client, text: str) -> None:
        """Clients say one thing: what they can do. Anything else is ignored, as ComfyUI does."""
        try:
            message = msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError):
            return
        if not isinstance(message, dict) or message.get("type") != "feature_flags":
            return
        data = message.get("data")
        flags = data if isinstance(data, dict) else {}
        client.wants_metadata = flags.get("supports_preview_metadata") is True
        client.takes_changes = flags.get("supports_progress_changes") is True
        client.takes_lists = flags.get("supports_message_lists") is True
        await client.send(dumps({"type": "feature_flags", "data": self._features}))
        if client.takes_changes:
            await self._tell_where_changes_begin(client)

    async def _tell_where_changes_begin(self, client: Client) -> None:
        """Who comes in the middle of runs hears how far they are."""
        for run in list(self._runs.values()):
            known = run.progress.known
            if known.nodes and self.wants(client, Envelope(0, run.client_id, known)):
                await client.send(text_frame(known))

    def _forget(self, client: Client) -> None:
        self._clients[client.id].remove(client)
        if not self._clients[client.id]:
            del self._clients[client.id]

    def _frames_for(self, client: Client, envelope: Envelope) -> list[str | bytes]:
        """What a client is told of an event: nothing if it is another's, and most often that alone."""
        event = envelope.event
        ended = client.progress.pop(event.prompt_id, None) if isinstance(event, TERMINAL) else None
        if not self.wants(client, envelope):
            return []
        if client.takes_changes:
            return [self._frame(client, envelope)]
        if isinstance(event, NodeTiming):
            return []  # ours: clients of the old protocol complain of messages they do not know
        if isinstance(event, ProgressState):
            whole = client.noted(event).due()
            return [text_frame(whole, envelope.seq)] if whole is not None else []
        whole = ended.last() if ended is not None else None
        return [*([text_frame(whole)] if whole is not None else []), self._frame(client, envelope)]

    def _frame(self, client: Client, envelope: Envelope) -> str | bytes:
        """An event's frame, made once for all who receive it."""
        key = (client.wants_metadata, envelope.seq)
        if key not in self._frames:
            if len(self._frames) >= FRAMES_KEPT:
                del self._frames[next(iter(self._frames))]
            self._frames[key] = _framed(envelope, client.wants_metadata)
        return self._frames[key]


def _as_lists(frames: Sequence[str | bytes]) -> Iterator[str | bytes]:
    """The same in order, with texts that follow each other as one JSON list: a frame costs more than a message."""
    for kind, some in groupby(frames, key=type):
        together = list(some)
        if kind is str and len(together) > 1:
            yield f"[{','.join(map(str, together))}]"
        else:
            yield from together


def _framed(envelope: Envelope, with_metadata: bool) -> str | bytes:
    if is_binary(envelope.event):
        return binary_frame(envelope.event, with_metadata)
    return text_frame(envelope.event, envelope.seq)


async def _end(*tasks: asyncio.Task[None]) -> None:
    """Stop both halves of a conversation; a client that went away is no error."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        gone = (asyncio.CancelledError, ConnectionError, RuntimeError)
        if isinstance(outcome, BaseException) and not isinstance(outcome, gone):
            raise outcome
