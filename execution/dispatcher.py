"""Takes prompts from the store one after the other and has the worker run them, whatever one of them does to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from pathlib import Path

import sqlalchemy as sa

from execution.catalogue import Catalogue
from execution.events import TERMINAL, AnyEvent, Executed, Executing, ExecutionError, now_ms
from execution.limits import Limits, Watch
from execution.place import Place
from execution.recorder import SECONDS_AFTER_A_STORE_ERROR, Recorder
from execution.store import Store, StoredJob, note_crash
from execution.subscription import Hub, QueueStatus
from execution.worker import Job, Worker, WorkerCrashed, WorkerFailed

log = logging.getLogger(__name__)
Complete = Callable[[StoredJob, Executed], Awaitable[Executed]]


class Dispatcher:
    """`waiting` are the ids of the pending prompts; `current` is the job that runs, `node` the one it is at ("" before
    the first one), and `place` the file where the worker notes that.

    `scratch` is where every job has its folder while it is in the queue.
    """

    def __init__(
        self,
        store: Store,
        worker: Worker,
        catalogue: Catalogue,
        hub: Hub,
        *,
        place: Place,
        scratch: Path,
        limits: Limits,
    ) -> None:
        self.waiting: set[str] = set()
        self.current: StoredJob | None = None
        self.node = ""
        self.recorder = Recorder(store, hub, scratch, self.tell_status)
        self.place = place
        self.complete: Complete | None = None
        self._store = store
        self._worker = worker
        self._catalogue = catalogue
        self._hub = hub
        self._scratch = scratch
        self._limits = limits
        self._wake = asyncio.Event()
        self._is_idle = False
        self._handed: tuple[StoredJob, asyncio.Future[StoredJob | None]] | None = None
        self._ahead: asyncio.Future[StoredJob | None] | None = None

    def remaining(self) -> int:
        """How many have not ended, or not yet in the history."""
        return len(self.waiting) + (self.current is not None) + len(self.recorder.ending)

    def add(self, job: StoredJob) -> asyncio.Future[StoredJob | None]:
        """Write a new job, see `Store.add`. When nothing runs or waits, it is in work from the start: it need not be
        put down as waiting, found again and read."""
        is_first, self._is_idle = self._is_idle, False
        if is_first:
            job.begin()
        if (upcoming := self._seen_ahead()) is None or job.number < upcoming.number:
            self._ahead = None
        self.waiting.add(job.id)
        adding = self._store.add(job)
        if is_first:
            self._handed = (job, adding)
        self._wake.set()
        return adding

    async def remove(self, ids: list[str] | None = None, owner: str | None = None) -> list[str]:
        """Forget pending jobs, see `Store.remove_pending`."""
        self._ahead = None
        removed = await self._store.remove_pending(ids, owner)
        self.waiting.difference_update(removed)
        self.tell_status()
        return removed

    def tell_status(self) -> None:
        self._hub.publish(QueueStatus(self.remaining()))

    async def run_forever(self) -> None:
        await self._catalogue.worker_has_answered()
        while True:
            job = await self._next()
            try:
                if self._catalogue.failure is not None:
                    await self._catalogue.bring_up()
                await self._run(job)
            except Exception:  # whatever one prompt does to us, the others go on
                log.exception("prompt %s was given up", job.id)
                self.current = None

    async def give_up(self, job: StoredJob, what: str = "The server ended") -> None:
        """End a job that has crashed too often; `what` happened the last time."""
        node, times = max(job.crashes.items(), key=lambda one: one[1])
        message = f"{what} {_during(job, node)}, {times} times by now. The prompt is not tried again; others run."
        await self._fail(job, "Crashed", message, node)

    async def _next(self) -> StoredJob:
        """The next job to run, when there is one; it counts as running from now on."""
        while True:
            self._is_idle = not self.waiting
            if self._is_idle:
                await self._wake.wait()
                self._is_idle = False
            self._wake.clear()
            job = await self._take()
            if job is not None:
                self.current = job
                self._enter(job)
                self.waiting.discard(job.id)
                self.tell_status()
                return job
            await self._wake.wait()

    async def _take(self) -> StoredJob | None:
        """The job that was handed over, or the next one in the database; None if neither can be had now.

        While a job runs, the next one is read already. It begins without another look at the database: until then,
        whoever changes what comes next has it forgotten.
        """
        if self._handed is not None:
            (job, adding), self._handed = self._handed, None
            with suppress(Exception):  # whoever sent the job hears of it
                if await asyncio.shield(adding) is None:
                    return job
            self._wake.set()
            return None
        upcoming, self._ahead = self._seen_ahead(), None
        if upcoming is not None:
            upcoming.begin()
            self.recorder.begin(upcoming)
            return upcoming
        try:
            return await self._store.take()
        except sa.exc.SQLAlchemyError as error:
            log.error("the queue cannot be read; trying again: %s", getattr(error, "orig", error))
            await asyncio.sleep(SECONDS_AFTER_A_STORE_ERROR)
            self._wake.set()
            return None

    def _seen_ahead(self) -> StoredJob | None:
        """The job that comes next, if that is known."""
        ahead = self._ahead
        return ahead.result() if ahead is not None and ahead.done() and ahead.exception() is None else None

    async def _run(self, job: StoredJob) -> None:
        """Run a job to its end, which may take several attempts."""
        try:
            while not await self._attempt(job):
                log.warning("prompt %s begins once more, for attempt %d", job.id, job.attempts)
        except WorkerFailed as error:
            await self._fail(job, "WorkerFailed", str(error), self.node)
        except Exception as error:
            log.exception("running prompt %s failed", job.id)
            await self._fail(job, type(error).__name__, f"The engine failed: {error}", self.node)

    async def _attempt(self, job: StoredJob) -> bool:
        """Run a job until it has ended; False when it is to begin once more."""
        if self.waiting:
            self._ahead = self._store.peek()
        watch = Watch(self._limits.of(job.extra_data), lambda: self._stop(job.id))
        try:
            async with aclosing(self._worker.run(self._work_of(job))) as some:
                async for events in some:
                    await self._hear(job, events, watch)
        except WorkerCrashed as crash:
            return await self._after_crash(job, crash)
        finally:
            watch.close()
        if self.current is not None:
            raise WorkerFailed("The worker gave up this prompt without a reason; the log may have one.")
        return True

    async def _hear(self, job: StoredJob, events: list[AnyEvent], watch: Watch) -> None:
        """Have some events of a run recorded, as they are to be kept and told."""
        happened: list[AnyEvent] = []
        for event in events:
            watch.hear(event)
            if isinstance(event, Executing):
                if event.node is not None:
                    self.node = event.of_prompt(job.prompt)
            elif isinstance(event, Executed):
                if self.complete is not None:
                    event = await self.complete(job, event)
            elif isinstance(event, TERMINAL):
                event = watch.verdict(event, _title(job, self.node))
                self.current = None
            happened.append(event)
        await self.recorder.add(job, *happened)

    async def _after_crash(self, job: StoredJob, crash: WorkerCrashed) -> bool:
        """End the job if the same node has crashed too often; False when it is to begin once more."""
        log.error("%s %s", crash, _during(job, crash.node))
        if not note_crash(job, crash.node):
            await self.give_up(job, str(crash))
            return True
        job.attempts += 1
        job.messages.clear()
        job.timings.clear()
        await self._store.try_again(job)
        self._enter(job)
        return False

    async def _fail(self, job: StoredJob, exception_type: str, message: str, node: str) -> None:
        failure = ExecutionError(
            prompt_id=job.id,
            node_id=node,
            node_type=_class(job, node),
            exception_type=exception_type,
            exception_message=message,
            timestamp=now_ms(),
        )
        self.current = None
        await self.recorder.add(job, failure, Executing(prompt_id=job.id, node=None))

    def _enter(self, job: StoredJob) -> None:
        """It is before its first node."""
        self.node = ""
        self.place.enter(job.id, "")

    def _stop(self, prompt_id: str) -> None:
        self._stopping = asyncio.create_task(self._worker.interrupt(prompt_id))

    def _work_of(self, job: StoredJob) -> Job:
        return Job(
            prompt_id=job.id,
            prompt=job.prompt,
            outputs=job.targets,
            extra_data=job.extra_data,
            attempt=job.attempts,
            folder=str(self._scratch / job.id),
            user=job.owner or "",
            place=str(self.place.path),
            prompt_text=job.prompt_text,
        )


def _class(job: StoredJob, node: str) -> str:
    return str(job.prompt.get(node, {}).get("class_type", ""))


def _title(job: StoredJob, node: str) -> str:
    return f"node {node} ({_class(job, node)})"


def _during(job: StoredJob, node: str) -> str:
    return f"while {_title(job, node)} was running" if node else "before the first node ran"
