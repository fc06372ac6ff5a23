"""A worker in a thread of this process: for tests, and for running one workflow from the command line."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import msgspec

from execution.events import TERMINAL, AnyEvent
from execution.worker import Heard, Job, PackServices, Worker, WorkerFailed, WorkerSettings
from execution.workers.core import WorkerCore, prepare
from nodes.schema import NodeSchema

log = logging.getLogger(__name__)
SECONDS_TO_END = 5.0


class InProcessWorker(Worker):
    """Shares the process, so a crash of a node is a crash of all, and an interrupt needs a node that asks for it."""

    def __init__(self, settings: WorkerSettings | None = None) -> None:
        self._settings = settings or WorkerSettings()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker")
        self._at_work: set[asyncio.Future[Any]] = set()
        self._core: WorkerCore | None = None
        self._heard: Callable[..., Any] = lambda *message: None

    async def start(self) -> None:
        if self._core is None:
            try:
                await self._in_thread(prepare, self._settings)
                self._core = await self._in_thread(WorkerCore, self._settings, self._say)
            except Exception as error:
                raise WorkerFailed(f"The worker could not start: {type(error).__name__}: {error}") from error

    async def catalogue(self) -> list[NodeSchema]:
        return self._up().catalogue()

    async def run(self, job: Job) -> AsyncGenerator[list[AnyEvent], None]:
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[AnyEvent | None] = asyncio.Queue()

        def emit(event: AnyEvent | None) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        def work(core: WorkerCore) -> None:
            try:
                core.run(job, emit)
            finally:
                emit(None)

        core = self._up()
        done = asyncio.ensure_future(self._in_thread(work, core))
        ended = False
        try:
            while (event := await events.get()) is not None:
                ended = ended or isinstance(event, TERMINAL)
                yield [event]
            await done
        finally:
            if ended:
                await done  # after the last event it writes what it learned, and puts back what nodes have changed
            else:  # nobody waits for it any more
                core.interrupt(job.prompt_id)

    async def ask(self, question: str, *arguments: Any) -> Any:
        if self._core is None:
            return None
        try:
            found = await asyncio.to_thread(self._core.answer, question, *arguments)
        except Exception:
            log.exception("%s: no answer", question)
            return None
        return json.loads(msgspec.json.encode(found, enc_hook=str))

    def services(self) -> PackServices | None:
        return self._core.services if self._core is not None else None

    def hear(self, heard: Heard) -> None:
        loop = asyncio.get_running_loop()
        self._heard = lambda *message: loop.call_soon_threadsafe(heard, *message)

    async def interrupt(self, prompt_id: str) -> None:
        if self._core is not None:
            self._core.interrupt(prompt_id)

    async def free(self, unload_models: bool, free_memory: bool) -> None:
        await self._in_thread(self._up().free, unload_models, free_memory)

    async def stats(self) -> dict[str, Any]:
        return self._core.stats() if self._core is not None else {}

    def _say(self, kind: str, data: Any, client: str | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
            self._heard(kind, data, client)

    async def close(self) -> None:
        """Return when the thread is done: what it would still put back or write must not surprise who comes next.

        A node that does not heed its interrupt is left behind after a while.
        """
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._at_work:
            await asyncio.wait(self._at_work, timeout=SECONDS_TO_END if self._core is not None else None)

    def _up(self) -> WorkerCore:
        if self._core is None:
            raise WorkerFailed("The worker is not up yet.")
        return self._core

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        work = asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
        self._at_work.add(work)
        work.add_done_callback(self._at_work.discard)
        return await asyncio.shield(work)
