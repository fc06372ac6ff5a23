"""Takes prompts from the store one after the other, has the worker run them, and writes and tells what happens.

What a listener hears of a job's outputs and of its end is on disk before.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from execution.catalogue import Catalogue
from execution.events import (
    TERMINAL,
    AnyEvent,
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionStart,
    ExecutionSuccess,
    NodeTiming,
    now_ms,
)
from execution.store import Store, StoredJob
from execution.subscription import Hub, QueueStatus
from execution.worker import Job, Worker, WorkerFailed

log = logging.getLogger(__name__)
SECONDS_AFTER_A_STORE_ERROR = 1.0
END_STATUS = {"execution_success": "completed", "execution_error": "failed", "execution_interrupted": "interrupted"}


class Dispatcher:
    """`waiting` are the ids of the pending prompts; `current` is the job that runs and `node` where it is.

    `scratch` is where every job has its folder while it is in the queue.
    """

    def __init__(self, store: Store, worker: Worker, catalogue: Catalogue, hub: Hub, scratch: Path) -> None:
        self.waiting: set[str] = set()
        self.current: StoredJob | None = None
        self.node = ""
        self._store = store
        self._worker = worker
        self._catalogue = catalogue
        self._hub = hub
        self._scratch = scratch
        self._wake = asyncio.Event()

    def remaining(self) -> int:
        return len(self.waiting) + (self.current is not None)

    def wake(self) -> None:
        """There is something new to run."""
        self._wake.set()

    def tell_status(self) -> None:
        self._hub.publish(QueueStatus(self.remaining()))

    async def run_forever(self) -> None:
        await self._catalogue.worker_has_answered()
        while True:
            self._wake.clear()
            job = await self._take()
            if job is None:
                await self._wake.wait()
                continue
            try:
                if self._catalogue.failure is not None:
                    await self._catalogue.bring_up()
                await self._run(job)
            except Exception:  # whatever one prompt does to us, the others go on
                log.exception("prompt %s was given up", job.id)
                self.current = None

    async def fail(self, job: StoredJob, exception_type: str, message: str) -> None:
        """End a job that cannot run (any more)."""
        node_type = job.prompt.get(self.node, {}).get("class_type", "")
        await self._handle(
            job,
            ExecutionError(
                prompt_id=job.id,
                node_id=self.node,
                node_type=node_type,
                exception_type=exception_type,
                exception_message=message,
                timestamp=now_ms(),
            ),
        )

    async def _take(self) -> StoredJob | None:
        try:
            job = await self._store.take()
        except sa.exc.SQLAlchemyError:
            log.exception("the queue cannot be read; trying again")
            await asyncio.sleep(SECONDS_AFTER_A_STORE_ERROR)
            self._wake.set()
            return None
        if job is not None:
            self.current, self.node = job, ""
            self.waiting.discard(job.id)
            self.tell_status()
        return job

    async def _run(self, job: StoredJob) -> None:
        work = self._work_of(job)
        closing: AnyEvent = Executing(prompt_id=job.id, node=None)
        reason, message = "WorkerFailed", "The worker gave up this prompt without a reason; the log may have one."
        try:
            async with aclosing(self._worker.run(work)) as events:
                async for event in events:
                    if event != closing:
                        await self._handle(job, event)
        except WorkerFailed as error:
            message = str(error)
        except Exception as error:
            log.exception("running prompt %s failed", job.id)
            reason, message = type(error).__name__, f"The engine failed: {error}"
        if self.current is not None:
            await self.fail(job, reason, message)
        self._hub.publish(closing, _client(job))

    def _work_of(self, job: StoredJob) -> Job:
        return Job(
            prompt_id=job.id,
            prompt=job.prompt,
            outputs=job.targets,
            extra_data=job.extra_data,
            attempt=job.attempts,
            folder=str(self._scratch / job.id),
        )

    async def _handle(self, job: StoredJob, event: AnyEvent) -> None:
        """Note an event in the job, write what must not be lost, then tell."""
        if isinstance(event, Executing):
            self.node = event.node or ""
        elif isinstance(event, NodeTiming):
            job.timings[event.node] = {"seconds": event.seconds, "cached": event.cached}
        elif isinstance(event, Executed) and event.output is not None:
            job.outputs[event.node] = event.output
            job.meta[event.node] = _meta(event)
            await self._write(self._store.save_outputs(job))
        elif isinstance(event, (ExecutionStart, ExecutionCached, *TERMINAL)):
            job.messages.append(_message(event))
        if isinstance(event, TERMINAL):
            await self._end(job, event)
        self._hub.publish(event, _client(job))
        if isinstance(event, TERMINAL):
            self.tell_status()

    async def _end(self, job: StoredJob, event: AnyEvent) -> None:
        name, data = _message(event)
        job.error = None if isinstance(event, ExecutionSuccess) else data
        await self._write(self._store.finish(job, END_STATUS[name]))
        await self._clear(job)
        self.current = None

    async def _clear(self, job: StoredJob) -> None:
        folder = self._scratch / job.id
        if folder.exists():
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _write(self, writing: Any) -> None:
        """A full disk must not stop the run: the job goes on, and is run again after a restart if its end is lost."""
        try:
            await writing
        except sa.exc.SQLAlchemyError:
            log.exception("the state of a prompt could not be written")


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
        "parent_node": None,
        "real_node_id": event.node,
    }
