"""The durable queue and history: every prompt that was taken, from the moment before the answer was sent.

All access goes through one thread, in order. What a method wrote is committed when it returns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from execution.database import jobs, lock_database, open_database
from execution.events import now_ms
from execution.lock import FileLock

T = TypeVar("T")
FINISHED = ("completed", "failed", "interrupted")
MOST_ATTEMPTS = 2
LONGEST_HISTORY = 10_000


class StoredJob(msgspec.Struct, kw_only=True):
    """One prompt and what became of it. `status` is pending, running, completed, failed or interrupted; times are in
    epoch milliseconds; `messages` are `[event, data]` pairs, `timings` `{node: {"seconds", "cached"}}`."""

    id: str
    number: float
    prompt: dict[str, Any]
    extra_data: dict[str, Any]
    targets: list[str]
    status: str = "pending"
    attempts: int = 0
    created_at: int = 0
    started_at: int | None = None
    finished_at: int | None = None
    outputs: dict[str, Any] = {}
    meta: dict[str, Any] = {}
    messages: list[Any] = []
    timings: dict[str, Any] = {}
    error: dict[str, Any] | None = None


_columns = [jobs.c[name] for name in StoredJob.__struct_fields__]
_queue_order = (jobs.c.number, jobs.c.sequence)


class Store:
    """An async face of the database. `url` is any SQLAlchemy URL."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._database: sa.Engine | None = None
        self._lock: FileLock | None = None

    async def open(self) -> None:
        """Raises `execution.database.DatabaseRefused` when another Easel has the database, or a newer one had."""
        self._lock = lock_database(self._url)
        try:
            self._database = await asyncio.get_running_loop().run_in_executor(self._thread, open_database, self._url)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, database.dispose)
        self._thread.shutdown(wait=False)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # --- the queue ---

    async def add(self, job: StoredJob) -> None:
        """Put a job into the queue; a finished one with the same id is replaced."""
        values = msgspec.structs.asdict(job)

        def write(connection: sa.Connection) -> None:
            connection.execute(sa.delete(jobs).where(jobs.c.id == job.id))
            connection.execute(sa.insert(jobs).values(**values))

        await self._do(write)

    async def take(self) -> StoredJob | None:
        """The next pending job, which is running from now on; smaller numbers first, then older ones."""

        def take(connection: sa.Connection) -> StoredJob | None:
            query = sa.select(*_columns).where(jobs.c.status == "pending").order_by(*_queue_order).limit(1)
            found = _jobs(connection.execute(query))
            if not found:
                return None
            job = found[0]
            job.status, job.attempts, job.started_at = "running", job.attempts + 1, now_ms()
            _update(connection, job.id, status=job.status, attempts=job.attempts, started_at=job.started_at)
            return job

        return await self._do(take)

    async def put_back(self, prompt_id: str) -> None:
        """A running job that was given up through no fault of its own waits again."""
        running = (jobs.c.id == prompt_id) & (jobs.c.status == "running")
        change = sa.update(jobs).where(running).values(status="pending", attempts=0)
        await self._do(lambda connection: connection.execute(change))

    async def in_queue(self) -> list[StoredJob]:
        """Running and pending jobs, in the order they run."""
        query = sa.select(*_columns).where(jobs.c.status.in_(("running", "pending"))).order_by(*_queue_order)
        return await self._do(lambda connection: _jobs(connection.execute(query)))

    async def pending_ids(self) -> list[str]:
        query = sa.select(jobs.c.id).where(jobs.c.status == "pending")
        return await self._do(lambda connection: list(connection.execute(query).scalars()))

    async def remove_pending(self, ids: list[str] | None = None) -> list[str]:
        """Forget pending jobs, all or those with the given ids; returns the ids of those that were pending."""

        def remove(connection: sa.Connection) -> list[str]:
            pending = connection.execute(sa.select(jobs.c.id).where(jobs.c.status == "pending")).scalars()
            doomed = sorted(set(pending) & set(ids)) if ids is not None else list(pending)
            _delete(connection, doomed)
            return doomed

        return await self._do(remove)

    async def highest_number(self) -> float | None:
        return await self._do(lambda connection: connection.execute(sa.select(sa.func.max(jobs.c.number))).scalar())

    async def recover(self) -> list[StoredJob]:
        """To be called once after opening: what ran when the server ended.

        A job that had reported all its outputs is completed; one that was tried often enough is for the caller to
        fail (they are returned); the others wait again.
        """

        def recover(connection: sa.Connection) -> list[StoredJob]:
            hopeless = []
            for job in _jobs(connection.execute(sa.select(*_columns).where(jobs.c.status == "running"))):
                if set(job.targets) <= set(job.outputs):
                    _finish(connection, job, "completed")
                elif job.attempts >= MOST_ATTEMPTS:
                    hopeless.append(job)
                else:
                    _update(connection, job.id, status="pending")
            return hopeless

        return await self._do(recover)

    # --- what becomes of a job ---

    async def save_outputs(self, job: StoredJob) -> None:
        """Write the outputs that a running job has reported so far."""
        await self._do(lambda connection: _update(connection, job.id, outputs=job.outputs, meta=job.meta))

    async def finish(self, job: StoredJob, status: str) -> None:
        """Write the end of a job, with all that is known of it."""
        await self._do(lambda connection: _finish(connection, job, status))

    # --- the history ---

    async def history(self, max_items: int | None = None, offset: int | None = None) -> list[StoredJob]:
        """Finished jobs, oldest first: those after the `offset` oldest, or without one the `max_items` newest."""
        query = sa.select(*_columns).where(jobs.c.status.in_(FINISHED))
        limit = LONGEST_HISTORY if max_items is None else max(0, min(max_items, LONGEST_HISTORY))
        newest_first = offset is None or offset < 0
        order = jobs.c.finished_order.desc() if newest_first else jobs.c.finished_order
        query = query.order_by(order).limit(limit).offset(0 if newest_first else offset)
        found = await self._do(lambda connection: _jobs(connection.execute(query)))
        return found[::-1] if newest_first else found

    async def find(self, prompt_id: str) -> StoredJob | None:
        query = sa.select(*_columns).where(jobs.c.id == prompt_id)
        found = await self._do(lambda connection: _jobs(connection.execute(query)))
        return found[0] if found else None

    async def list_jobs(
        self,
        statuses: Sequence[str],
        *,
        by_duration: bool = False,
        ascending: bool = False,
        offset: int = 0,
        limit: int | None = None,
        workflow_id: str | None = None,
    ) -> tuple[list[StoredJob], int]:
        """One page of the jobs in these states, newest (or longest) first, and how many there are on all pages."""
        key = sa.func.coalesce(jobs.c.finished_at - jobs.c.started_at, 0) if by_duration else jobs.c.created_at
        order = [column.asc() if ascending else column.desc() for column in (key, jobs.c.sequence)]
        wanted = jobs.c.status.in_(statuses)

        def read(connection: sa.Connection) -> tuple[list[StoredJob], int]:
            page = sa.select(*_columns).where(wanted).order_by(*order)
            if workflow_id is None:
                total = connection.execute(sa.select(sa.func.count()).where(wanted)).scalar_one()
                return _jobs(connection.execute(page.offset(offset).limit(limit))), total
            rows = connection.execute(sa.select(jobs.c.id, jobs.c.extra_data).where(wanted).order_by(*order))
            ids = [row.id for row in rows if workflow_of(row.extra_data) == workflow_id]
            shown = ids[offset:] if limit is None else ids[offset : offset + limit]
            found = {job.id: job for part in _parts(shown) for job in _jobs(connection.execute(_with_ids(part)))}
            return [found[id] for id in shown], len(ids)

        return await self._do(read)

    async def remove_finished(self, ids: list[str] | None = None) -> None:
        """Forget finished jobs, all or those with the given ids."""

        def remove(connection: sa.Connection) -> None:
            query = sa.select(jobs.c.id).where(jobs.c.status.in_(FINISHED))
            finished = list(connection.execute(query).scalars())
            _delete(connection, finished if ids is None else sorted(set(finished) & set(ids)))

        await self._do(remove)

    async def _do(self, work: Callable[[sa.Connection], T]) -> T:
        def transaction() -> T:
            assert self._database is not None, "the store is not open"
            with self._database.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._thread, transaction)


def workflow_of(extra_data: dict[str, Any]) -> str | None:
    """The id of the workflow that a prompt was made from, where the client sent the workflow along."""
    found: Any = extra_data
    for key in ("extra_pnginfo", "workflow", "id"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def _with_ids(ids: list[str]) -> sa.Select[Any]:
    return sa.select(*_columns).where(jobs.c.id.in_(ids))


def _parts(ids: list[str]) -> Iterator[list[str]]:
    """Few enough ids for one statement of any database."""
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]


def _jobs(rows: sa.CursorResult[Any]) -> list[StoredJob]:
    return [StoredJob(**row) for row in rows.mappings()]


def _update(connection: sa.Connection, prompt_id: str, **values: Any) -> None:
    connection.execute(sa.update(jobs).where(jobs.c.id == prompt_id).values(**values))


def _finish(connection: sa.Connection, job: StoredJob, status: str) -> None:
    last = connection.execute(sa.select(sa.func.max(jobs.c.finished_order))).scalar() or 0
    _update(
        connection,
        job.id,
        status=status,
        finished_at=now_ms(),
        finished_order=last + 1,
        outputs=job.outputs,
        meta=job.meta,
        messages=job.messages,
        timings=job.timings,
        error=job.error,
    )


def _delete(connection: sa.Connection, ids: list[str]) -> None:
    for part in _parts(ids):
        connection.execute(sa.delete(jobs).where(jobs.c.id.in_(part)))
