"""One worker and the prompt that it runs, to its end, whatever that prompt does to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from execution.events import TERMINAL, AnyEvent, Executed, Executing, ExecutionError, now_ms
from execution.limits import Limits, Watch
from execution.place import Place
from execution.recorder import Recorder
from execution.store import Store, StoredJob, note_crash
from execution.worker import Job, Worker, WorkerCrashed, WorkerFailed

log = logging.getLogger(__name__)
UNREADABLE = "The database has no readable prompt for it."


class Lane:
    """`current` is the job that runs, `node` the one it is at ("" before the first one), and `place` the file where the
    worker notes that.

    `scratch` is where every job has its folder while it is in the queue.
    """

    def __init__(
        self, worker: Worker, place: Place, *, store: Store, recorder: Recorder, scratch: Path, limits: Limits
    ) -> None:
        self.worker = worker
        self.place = place
        self.current: StoredJob | None = None
        self.node = ""
        self._store = store
        self._recorder = recorder
        self._scratch = scratch
        self._limits = limits
        self._last: Mapping[str, Any] = {}

    def begin(self, job: StoredJob) -> None:
        """This job is the current one from now on; `run` is to be called next."""
        self.current = job
        self._last = job.prompt
        self._enter(job)

    def resemblance(self, prompt: Mapping[str, Any]) -> int:
        """How many nodes of a prompt are also in the one that ran here last, and may have left something of use."""
        return sum(self._last.get(id) == node for id, node in prompt.items())

    async def run(self, job: StoredJob) -> None:
        """Run a job to its end, which may take several attempts."""
        try:
            if not (job.prompt and job.targets):
                await self._fail(job, "Unreadable", UNREADABLE)
                return
            while not await self._attempt(job):
                log.warning("prompt %s begins once more, for attempt %d", job.id, job.attempts)
        except WorkerFailed as error:
            await self._fail(job, "WorkerFailed", str(error))
        except Exception as error:
            log.exception("running prompt %s failed", job.id)
            await self._fail(job, type(error).__name__, f"The engine failed: {error}")
        finally:
            self.current = None

    async def _attempt(self, job: StoredJob) -> bool:
        """Run a job until it has ended; False when it is to begin once more."""
        watch = Watch(self._limits.of(job.extra_data), lambda: self._stop(job.id))
        try:
            async with aclosing(self.worker.run(self._work_of(job))) as some:
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
                if self._recorder.complete is not None:
                    event = await self._recorder.complete(job, event)
            elif isinstance(event, TERMINAL):
                event = watch.verdict(event, _title(job, self.node))
                self.current = None
            happened.append(event)
        await self._recorder.add(job, *happened)

    async def _after_crash(self, job: StoredJob, crash: WorkerCrashed) -> bool:
        """End the job if the same node has crashed too often; False when it is to begin once more."""
        log.error("%s %s", crash, _during(job, crash.node))
        if not note_crash(job, crash.node):
            self.current = None
            await give_up(self._recorder, job, str(crash))
            return True
        job.attempts += 1
        job.messages.clear()
        job.timings.clear()
        await self._store.try_again(job)
        self._enter(job)
        return False

    async def _fail(self, job: StoredJob, exception_type: str, message: str) -> None:
        self.current = None
        await _record_failure(self._recorder, job, exception_type, message, self.node)

    def _enter(self, job: StoredJob) -> None:
        """It is before its first node."""
        self.node = ""
        self.place.enter(job.id, "")

    def _stop(self, prompt_id: str) -> None:
        self._stopping = asyncio.create_task(self.worker.interrupt(prompt_id))

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


async def give_up(recorder: Recorder, job: StoredJob, what: str = "The server ended") -> None:
    """End a job that has crashed too often; `what` happened the last time."""
    node, times = max(job.crashes.items(), key=lambda one: one[1])
    message = f"{what} {_during(job, node)}, {times} times by now. The prompt is not tried again; others run."
    await _record_failure(recorder, job, "Crashed", message, node)


async def _record_failure(recorder: Recorder, job: StoredJob, exception_type: str, message: str, node: str) -> None:
    failure = ExecutionError(
        prompt_id=job.id,
        node_id=node,
        node_type=_class(job, node),
        exception_type=exception_type,
        exception_message=message,
        timestamp=now_ms(),
    )
    await recorder.add(job, failure, Executing(prompt_id=job.id, node=None))


def _class(job: StoredJob, node: str) -> str:
    return str(job.prompt.get(node, {}).get("class_type", ""))


def _title(job: StoredJob, node: str) -> str:
    return f"node {node} ({_class(job, node)})"


def _during(job: StoredJob, node: str) -> str:
    return f"while {_title(job, node)} was running" if node else "before the first node ran"
