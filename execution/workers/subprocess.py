"""A worker in a process of its own: what a node breaks there, the server survives. The default home."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from execution.events import (
    TERMINAL,
    AnyEvent,
    Executing,
    ExecutionInterrupted,
    NodeTiming,
    now_ms,
)
from execution.place import Place
from execution.worker import Heard, Job, PackServices, Worker, WorkerCrashed, WorkerFailed, WorkerSettings
from execution.workers import messages
from execution.workers.process import Child, manner_of_death
from nodes.schema import NodeSchema

log = logging.getLogger(__name__)
PATIENCE = 4.0
PART_BEFORE_A_SPARE = 0.25
"""Of the patience: whoever ignores an interrupt for so long will hardly heed it any more."""


class SubprocessWorker(Worker):
    """Keeps one worker process running: one that dies in a job is replaced at once, one that dies idle by the next job.

    A job that ignores an interrupt for `patience` seconds has its process killed. A spare one is prepared meanwhile:
    who comes next need not wait until torch is imported.
    """

    def __init__(self, settings: WorkerSettings | None = None, *, patience: float = PATIENCE) -> None:
        self._settings = settings or WorkerSettings()
        self._patience = patience
        self._child: Child | None = None
        self._spare: Child | None = None
        self._heard: Heard = lambda kind, data, client: None
        self._starting = asyncio.Lock()
        self._unwanted: str | None = None
        self._restart: asyncio.Task[None] | None = None
        self._insisting: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        async with self._starting:
            if self._child is None or not await self._child.is_usable():
                child = await self._next_child()
                await child.begin()
                self._child = child

    async def catalogue(self) -> list[NodeSchema]:
        if self._child is None:
            raise WorkerFailed("The worker is not up yet.")
        return self._child.catalogue

    async def run(self, job: Job) -> AsyncGenerator[list[AnyEvent], None]:
        progress = _JobProgress(job)
        try:
            await self.start()
            child = self._child
            assert child is not None
            if self._unwanted != job.prompt_id:
                async with aclosing(child.run(job)) as some:
                    async for events in some:
                        progress.note(events)
                        yield events
            if child.exit_code is not None:
                self._restart = asyncio.create_task(self._restart_quietly())
            if not progress.ended:
                if self._unwanted != job.prompt_id:
                    raise WorkerCrashed(_node_at_work(job) or progress.node, manner_of_death(child.exit_code))
                yield [progress.interruption(), Executing(prompt_id=job.prompt_id, node=None)]
        finally:
            self._unwanted = None

    async def ask(self, question: str, *arguments: Any) -> Any:
        return await self._child.ask(question, *arguments) if self._child is not None else None

    def services(self) -> PackServices | None:
        return self._child.services if self._child is not None else None

    def hear(self, heard: Heard) -> None:
        self._heard = heard

    async def interrupt(self, prompt_id: str) -> None:
        self._unwanted = prompt_id
        child = self._child
        if child is not None and child.job == prompt_id:
            await child.send(messages.Interrupt(prompt_id))
            if prompt_id not in self._insisting:
                self._insisting[prompt_id] = asyncio.create_task(self._insist(child, prompt_id))
                self._insisting[prompt_id].add_done_callback(lambda _: self._insisting.pop(prompt_id))

    async def free(self, unload_models: bool, free_memory: bool) -> None:
        if self._child is not None:
            await self._child.send(messages.Free(unload_models, free_memory))

    async def stats(self) -> dict[str, Any]:
        return await self._child.stats() if self._child is not None else {}

    async def close(self) -> None:
        for task in (self._restart, *self._insisting.values()):
            if task is not None:
                task.cancel()
        for child in (self._child, self._spare):
            if child is not None:
                await child.close()

    async def _insist(self, child: Child, prompt_id: str) -> None:
        """End a job that does not heed the interrupt."""
        at_first = self._patience * PART_BEFORE_A_SPARE
        if await child.ends(prompt_id, at_first):
            return
        self._spare = await self._launch()
        if await child.ends(prompt_id, self._patience - at_first):
            spare, self._spare = self._spare, None
            if spare is not None:
                await spare.close()
        else:
            child.kill_if_running(prompt_id)

    async def _next_child(self) -> Child:
        """The process to go on with: the spare one, if there is one."""
        spare, self._spare = self._spare, None
        return spare if spare is not None and await spare.is_usable() else await self._launch()

    async def _launch(self) -> Child:
        return await Child.launch(self._settings, lambda *message: self._heard(*message))

    async def _restart_quietly(self) -> None:
        try:
            await self.start()
        except WorkerFailed as error:
            log.error("%s", error)


class _JobProgress:
    """What is known of a job from its events, for the account of its end if the process cannot give it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.node = ""
        self.ended = False
        self._executed: list[str] = []

    def note(self, events: list[AnyEvent]) -> None:
        """Take some events into account."""
        for event in events:
            if isinstance(event, Executing):
                if event.node is not None:
                    self.node = event.of_prompt(self.job.prompt)
            elif isinstance(event, NodeTiming):
                self._executed.append(event.node)
            elif isinstance(event, TERMINAL):
                self.ended = True

    def interruption(self) -> ExecutionInterrupted:
        return ExecutionInterrupted(
            prompt_id=self.job.prompt_id,
            node_id=self.node,
            node_type=self.job.prompt.get(self.node, {}).get("class_type", ""),
            executed=self._executed,
            timestamp=now_ms(),
        )


def _node_at_work(job: Job) -> str:
    """As the process noted it: the last that it had to tell need not have come through."""
    place = Place(Path(job.place))
    try:
        return place.node_of(job.prompt_id)
    finally:
        place.close()
