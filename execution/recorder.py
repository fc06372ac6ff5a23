"""Writes what happens in the runs, then tells it, in order: what a listener hears of an output or an end is written.

It works beside the runs. What happens while something is being written is written together, next time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from comfy_core.media.written import forget
from execution.events import (
    TERMINAL,
    AnyEvent,
    Executed,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    NodeTiming,
)
from execution.store import Store, StoredJob
from execution.subscription import Hub

log = logging.getLogger(__name__)
LONGEST_BACKLOG = 1000
SECONDS_AFTER_A_STORE_ERROR = 1.0
NOT_WRITTEN = "the state of a prompt could not be written; trying again: %s"
END_STATUS = {ExecutionSuccess: "completed", ExecutionError: "failed", ExecutionInterrupted: "interrupted"}
Happening = tuple[StoredJob, tuple[AnyEvent, ...]]
KEPT = (ExecutionStart, ExecutionCached, *TERMINAL)
Writing = Callable[[], asyncio.Future[None]]
Complete = Callable[[StoredJob, Executed], Awaitable[Executed]]


class Recorder:
    """`scratch` has the folders of the jobs, gone once their end is written; `told_end` is called when it is told.

    `beginning` are the ids of the jobs that have begun, and `ending` of those that have ended, but not in the database
    yet. Every event that shows a node's output is to pass through `complete`, if there is one, before it is added.
    """

    def __init__(self, store: Store, hub: Hub, scratch: Path, told_end: Callable[[], None]) -> None:
        self.beginning: set[str] = set()
        self.ending: set[str] = set()
        self.complete: Complete | None = None
        self._store = store
        self._hub = hub
        self._scratch = scratch
        self._told_end = told_end
        self._happened: asyncio.Queue[Happening] = asyncio.Queue(LONGEST_BACKLOG)
        self._unwritten: list[Writing] = []

    def begin(self, job: StoredJob) -> None:
        """Write, before all that happens in it, that a job has begun."""
        self.beginning.add(job.id)
        self._store.start(job).add_done_callback(partial(self._look, job))

    def _look(self, job: StoredJob, written: asyncio.Future[None]) -> None:
        if error := written.exception():
            log.error(NOT_WRITTEN, error)
            self._unwritten.append(partial(self._begin_again, job))
        else:
            self.beginning.discard(job.id)

    def _begin_again(self, job: StoredJob) -> asyncio.Future[None]:
        written = self._store.start(job)
        written.add_done_callback(lambda one: None if one.exception() else self.beginning.discard(job.id))
        return written

    async def add(self, job: StoredJob, *events: AnyEvent) -> None:
        """Note events in the job, to be written and told in their turn."""
        for event in events:
            note(job, event)
            if isinstance(event, TERMINAL):
                self.ending.add(job.id)
        await self._happened.put((job, events))

    async def run_forever(self) -> None:
        while True:
            happenings = await self._next()
            await self._write(happenings)
            for job, events in happenings:
                client = _client(job)
                for event in events:
                    if isinstance(event, TERMINAL):
                        await self._close(job)
                    self._hub.publish(event, client)
                    if isinstance(event, TERMINAL):
                        self._told_end()
                self._happened.task_done()

    async def _close(self, job: StoredJob) -> None:
        folder = self._scratch / job.id
        if folder.exists():
            await asyncio.to_thread(forget, folder)
        self.ending.discard(job.id)

    async def all_told(self) -> None:
        await self._happened.join()

    async def _next(self) -> list[Happening]:
        """All that waits to be written and told; nothing when it is time to try once more what was not written."""
        try:
            patience = SECONDS_AFTER_A_STORE_ERROR if self._unwritten else None
            happenings = [await asyncio.wait_for(self._happened.get(), patience)]
        except TimeoutError:
            return []
        while not self._happened.empty():
            happenings.append(self._happened.get_nowait())
        return happenings

    async def _write(self, happenings: list[Happening]) -> None:
        """A full disk must not stop the runs: what cannot be written is told all the same, and tried again."""
        begun = [(writing, writing()) for writing in (*self._unwritten, *self._writings(happenings))]
        self._unwritten = []
        for writing, written in begun:
            try:
                await written
            except sa.exc.SQLAlchemyError as error:
                log.error(NOT_WRITTEN, error)
                self._unwritten.append(writing)
            except Exception:
                log.exception("the state of a prompt could not be written")

    def _writings(self, happenings: list[Happening]) -> list[Writing]:
        outputs: dict[str, tuple[StoredJob, dict[str, None]]] = {}
        ends: list[Writing] = []
        for job, events in happenings:
            for event in events:
                if isinstance(event, Executed):
                    if event.output is not None:
                        outputs.setdefault(job.id, (job, {}))[1][event.node] = None
                elif isinstance(event, TERMINAL):
                    ends.append(partial(self._store.finish, job, END_STATUS[type(event)]))
        return [*(partial(self._store.save_outputs, job, list(nodes)) for job, nodes in outputs.values()), *ends]


def note(job: StoredJob, event: AnyEvent) -> None:
    """Keep in the job what its history entry will show."""
    if isinstance(event, NodeTiming):
        job.timings[event.node] = event.summary()
    elif isinstance(event, Executed) and event.output is not None:
        job.outputs[event.node] = event.output
        job.meta[event.node] = _meta(event)
    elif isinstance(event, KEPT):
        job.messages.append(_message(event))
        if isinstance(event, ExecutionCached):
            job.timings.update({node: {"seconds": 0, "cached": True} for node in event.nodes})
        if isinstance(event, TERMINAL) and not isinstance(event, ExecutionSuccess):
            job.error = _message(event)[1]


def _message(event: AnyEvent) -> list[Any]:
    data = msgspec.to_builtins(event)
    return [data.pop("type"), data]


def _client(job: StoredJob) -> str | None:
    client_id = job.extra_data.get("client_id")
    return client_id if isinstance(client_id, str) else None


def _meta(event: Executed) -> dict[str, Any]:
    return {
        "node_id": event.node,
        "display_node": event.display_node,
        "parent_node": event.parent_node,
        "real_node_id": event.real_node_id,
    }
