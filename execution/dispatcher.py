"""Gives the prompts in the queue to the workers: each takes the next one when it is free, whatever the last one did."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from execution.catalogue import Catalogue
from execution.lane import Lane
from execution.limits import Limits
from execution.place import Place
from execution.recorder import SECONDS_AFTER_A_STORE_ERROR, Recorder
from execution.store import Store, StoredJob
from execution.subscription import Hub, QueueStatus
from execution.worker import Worker, WorkerFailed

log = logging.getLogger(__name__)
SECONDS_BETWEEN_STARTS = 30.0
Adding = asyncio.Future[StoredJob | None]


class Dispatcher:
    """`waiting` are the ids of the pending prompts. Each worker has a lane, with a place (`execution.place`); the first
    one is the catalogue's, and the others are started when it is up.

    `scratch` is where every job has its folder while it is in the queue.
    """

    def __init__(
        self,
        store: Store,
        workers: Sequence[Worker],
        catalogue: Catalogue,
        hub: Hub,
        *,
        places: Sequence[Place],
        scratch: Path,
        limits: Limits,
    ) -> None:
        self.waiting: set[str] = set()
        self.recorder = Recorder(store, hub, scratch, self.tell_status)
        self.lanes = [
            Lane(worker, place, store=store, recorder=self.recorder, scratch=scratch, limits=limits)
            for worker, place in zip(workers, places, strict=True)
        ]
        self._store = store
        self._catalogue = catalogue
        self._hub = hub
        self._idle: dict[Lane, asyncio.Future[tuple[StoredJob, Adding]]] = {}
        self._handed: set[str] = set()
        self._added = 0
        self._ahead: Adding | None = None

    def running(self) -> list[tuple[StoredJob, str]]:
        """What runs now, in the order in which it began, and the node that each is at ("" before the first one)."""
        at_work = [(lane.current, lane.node) for lane in self.lanes if lane.current is not None]
        return sorted(at_work, key=lambda one: one[0].started_at or 0)

    def remaining(self) -> int:
        """How many have not ended, or not yet in the history."""
        at_work = sum(lane.current is not None for lane in self.lanes)
        return len(self.waiting) + len(self._handed) + at_work + len(self.recorder.ending)

    def add(self, job: StoredJob) -> Adding:
        """Write a new job, see `Store.add`. When a worker has nothing to do, it is in work from the start: it need not
        be put down as waiting, found again and read."""
        idle = self._best_idle(job.prompt)
        if idle is None:
            self.waiting.add(job.id)
            self._added += 1
        else:
            job.begin()
        if (upcoming := self._seen_ahead()) is None or job.number < upcoming.number:
            self._ahead = None
        adding = self._store.add(job)
        if idle is not None:
            self._handed.add(job.id)
            self._idle.pop(idle).set_result((job, adding))
        return adding

    def forget(self, id: str) -> None:
        """This job does not wait, or not any more."""
        self.waiting.discard(id)
        self._handed.discard(id)

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
        async with asyncio.TaskGroup() as group:
            for lane in self.lanes[1:]:
                group.create_task(self._serve(lane))
            await self._serve(self.lanes[0])

    async def _serve(self, lane: Lane) -> None:
        """Have one worker run what comes."""
        is_first = lane is self.lanes[0]
        while not is_first and not await _comes_up(lane):
            await asyncio.sleep(SECONDS_BETWEEN_STARTS)
        while True:
            try:
                job = await self._next(lane)
                if is_first and self._catalogue.failure is not None:
                    await self._catalogue.bring_up()
                await lane.run(job)
            except Exception:  # whatever one prompt does to us, the others go on
                log.exception("a prompt was given up")
                await asyncio.sleep(SECONDS_AFTER_A_STORE_ERROR)

    async def _next(self, lane: Lane) -> StoredJob:
        """The next job for this worker, when there is one; it counts as running from now on."""
        while True:
            added = self._added
            job = await self._take() if self.waiting else None
            if job is None and added == self._added:
                job = await self._handed_over(lane)
            if job is not None:
                lane.begin(job)
                self.forget(job.id)
                self.tell_status()
                if self.waiting:
                    self._ahead = self._store.peek()
                return job

    async def _take(self) -> StoredJob | None:
        """The next job in the database; None if there is none.

        While jobs run, the next one is read already. It begins without another look at the database: until then,
        whoever changes what comes next has it forgotten. One that has begun is in the database as one that waits until
        that is written; it does not begin twice.
        """
        upcoming, self._ahead = self._seen_ahead(), None
        if upcoming is not None and upcoming.id in self.waiting:
            upcoming.begin()
            self.recorder.begin(upcoming)
            return upcoming
        while True:
            try:
                job = await self._store.take()
            except sa.exc.SQLAlchemyError as error:
                log.error("the queue cannot be read; trying again: %s", getattr(error, "orig", error))
                await asyncio.sleep(SECONDS_AFTER_A_STORE_ERROR)
                continue
            if job is None or job.id not in self.recorder.beginning:
                return job

    async def _handed_over(self, lane: Lane) -> StoredJob | None:
        """The next new job, which this worker is given when it has nothing to do; None if there is no need to run it,
        or it could not be written."""
        self._idle[lane] = asyncio.get_running_loop().create_future()
        try:
            job, adding = await self._idle[lane]
        finally:
            self._idle.pop(lane, None)
        with suppress(Exception):  # whoever sent the job hears of it
            if await asyncio.shield(adding) is None:
                return job
        self.forget(job.id)
        return None

    def worker_for(self, prompt: Any) -> Worker:
        """Who would run this prompt if it came now."""
        lane = self._best_idle(prompt) if isinstance(prompt, dict) else None
        return (lane or self.lanes[0]).worker

    def _best_idle(self, prompt: Mapping[str, Any]) -> Lane | None:
        """Of the workers with nothing to do, the one that has done most of this before."""
        if len(self._idle) < 2:
            return next(iter(self._idle), None)
        in_order = [lane for lane in self.lanes if lane in self._idle]
        return max(in_order, key=lambda lane: lane.resemblance(prompt))

    def _seen_ahead(self) -> StoredJob | None:
        """The job that comes next, if that is known."""
        ahead = self._ahead
        return ahead.result() if ahead is not None and ahead.done() and ahead.exception() is None else None


async def _comes_up(lane: Lane) -> bool:
    """Start a worker; whether it can work."""
    try:
        await lane.worker.start()
    except (WorkerFailed, OSError) as error:
        log.error("one of the workers is not up, and tried again in %g s: %s", SECONDS_BETWEEN_STARTS, error)
        return False
    return True
