"""The durable queue and history: every prompt that was taken, from the moment before the answer was sent.

What a method wrote is committed when it returns: a killed server loses nothing. It is on the disk itself, safe from a
power cut, within a second, or before the method returns if the store is `durable`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import sqlalchemy as sa

from comfy_core.lock import FileLock
from execution.store import archive, queue, rows
from execution.store.archive import JobQuery
from execution.store.commits import Commits
from execution.store.database import (
    connect_for_quick_work,
    flush,
    is_shared,
    lock_database,
    open_database,
    refused_with_reason,
)
from execution.store.job import FINISHED, StoredJob
from execution.store.queue import note_crash

__all__ = ["FINISHED", "JobQuery", "Store", "StoredJob", "note_crash"]

T = TypeVar("T")
log = logging.getLogger(__name__)
SECONDS_TO_FLUSH = 0.5
MOST_FINISHED_PER_PRUNING = 100
NOWHERE: Mapping[str, str] = {}


class Store:
    """An async face of the database. `url` is any SQLAlchemy URL.

    Where methods take an `owner`, they see the jobs of that user alone. Of the finished jobs it keeps the
    `longest_history` newest that are not older than `history_days`, give or take a tenth.
    """

    def __init__(
        self, url: str, *, durable: bool = False, longest_history: int = 10_000, history_days: float = 365.0
    ) -> None:
        self._url = url
        self._durable = durable
        self._kept = (longest_history, history_days)
        self._finished_per_pruning = max(1, min(longest_history // 10, MOST_FINISHED_PER_PRUNING))
        self._finished = 0
        self._unflushed = False
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-reader")
        self._database: sa.Engine | None = None
        self._commits: Commits | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._lock: FileLock | None = None

    async def open(self) -> None:
        """Raises `execution.store.database.DatabaseRefused` when another Easel has it, or a newer one had, or its disk
        is full."""
        self._lock = lock_database(self._url)
        try:
            with refused_with_reason(self._url):
                self._database = await asyncio.to_thread(open_database, self._url, self._durable)
                here = None if self._durable else connect_for_quick_work(self._database)
                self._commits = Commits(self._database, here)
                await self._write(lambda connection: archive.prune(connection, *self._kept))
        except BaseException:
            await self.close()
            raise
        self._flushing = asyncio.create_task(self._flush_forever(self._database))

    async def close(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.gather(self._flushing, return_exceptions=True)
        if self._commits is not None:
            await self._commits.close()
            self._commits = None
        self._reading.shutdown()
        if self._database is not None:
            self._database.dispose()
            self._database = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # --- the queue ---

    def add(self, job: StoredJob) -> asyncio.Future[StoredJob | None]:
        """Put a job into the queue, unless it is there or done already; see `execution.store.queue.add`."""
        return self._write(lambda connection: queue.add(connection, job), quick=True)

    def take(self) -> asyncio.Future[StoredJob | None]:
        """The next pending job, which is running from now on; smaller numbers first, then older ones."""
        return self._write(queue.take, quick=True)

    def peek(self) -> asyncio.Future[StoredJob | None]:
        """What `take` would give, which goes on waiting."""
        return self._write(queue.peek, quick=True)

    def start(self, job: StoredJob) -> asyncio.Future[None]:
        """Write that a job which waited has begun."""
        return self._write(lambda connection: rows.start(connection, job), quick=True)

    async def try_again(self, job: StoredJob) -> None:
        """A running job begins once more."""
        await self._write(lambda connection: queue.try_again(connection, job))

    async def put_back(self) -> None:
        """Running jobs that were given up through no fault of their own wait again."""
        await self._write(queue.put_back)

    async def in_queue(
        self, owner: str | None = None, max_items: int | None = None, offset: int = 0
    ) -> list[StoredJob]:
        """Running jobs and a page of the pending ones (all, by default), in the order they run."""
        return await self._read(lambda connection: queue.in_queue(connection, owner, max_items, offset))

    async def pending_ids(self) -> list[str]:
        return await self._read(queue.pending_ids)

    async def remove_pending(self, ids: list[str] | None = None, owner: str | None = None) -> list[str]:
        """Forget pending jobs, all or those with the given ids; returns the ids of those that were pending."""
        return await self._write(lambda connection: queue.remove_pending(connection, ids, owner))

    async def highest_number(self) -> float | None:
        return await self._read(queue.highest_number)

    async def recover(self, places: Mapping[str, str] = NOWHERE) -> list[StoredJob]:
        """To be called once after opening; see `execution.store.queue.recover`. Raises as `open` does."""
        with refused_with_reason(self._url):
            return await self._write(lambda connection: queue.recover(connection, places))

    # --- what becomes of a job ---

    def save_outputs(self, job: StoredJob, nodes: Sequence[str]) -> asyncio.Future[None]:
        """Write what these nodes of a running job have put out."""
        return self._write(lambda connection: queue.save_outputs(connection, job, nodes), quick=True)

    def finish(self, job: StoredJob, status: str) -> asyncio.Future[None]:
        """Write the end of a job, with all that is known of it but its outputs."""

        def write(connection: sa.Connection) -> None:
            rows.finish(connection, job, status)
            if is_time_to_prune:
                archive.prune(connection, *self._kept)

        self._finished += 1
        is_time_to_prune = self._finished % self._finished_per_pruning == 0
        return self._write(write, quick=not is_time_to_prune)

    # --- the history ---

    async def history(
        self, max_items: int | None = None, offset: int | None = None, search: str = "", owner: str | None = None
    ) -> list[StoredJob]:
        """Finished jobs, oldest first: those after the `offset` oldest, or without one the `max_items` newest."""
        return await self._read(lambda connection: archive.history(connection, max_items, offset, search, owner))

    async def find(self, prompt_id: str) -> StoredJob | None:
        return await self._read(lambda connection: archive.find(connection, prompt_id))

    async def list_jobs(self, asked: JobQuery) -> tuple[list[StoredJob], int]:
        """One page of jobs without their prompts, and how many there are on all pages."""
        return await self._read(lambda connection: archive.page(connection, asked))

    async def remove_finished(self, ids: list[str] | None = None, owner: str | None = None) -> None:
        """Forget finished jobs, all or those with the given ids."""
        await self._write(lambda connection: queue.remove_finished(connection, ids, owner))

    # --- how ---

    def _write(self, work: Callable[[sa.Connection], T], *, quick: bool = False) -> asyncio.Future[T]:
        assert self._commits is not None, "the store is not open"
        self._unflushed = True
        return self._commits.submit(work, quick=quick)

    async def _read(self, work: Callable[[sa.Connection], T]) -> T:
        """Beside the writing, so that a long list holds up nobody; everything committed before is seen."""
        database = self._database
        assert database is not None, "the store is not open"
        if not is_shared(database):
            return await self._write(work)

        def read() -> T:
            with database.connect() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._reading, read)

    async def _flush_forever(self, database: sa.Engine) -> None:
        is_told = False
        while True:
            await asyncio.sleep(SECONDS_TO_FLUSH)
            if not self._unflushed:
                continue
            self._unflushed = False
            try:
                await asyncio.to_thread(flush, database)
                is_told = False
            except Exception as error:
                self._unflushed = True
                if not is_told:  # once: on a full disk this may go on for hours
                    log.error("the database could not be flushed to the disk; trying again: %s", error)
                is_told = True
