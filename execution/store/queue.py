"""The queue: what waits, what runs, and how the one becomes the other. Functions of one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from execution.store import rows
from execution.store.job import FINISHED, StoredJob
from execution.store.prepared import Prepared
from execution.store.tables import jobs, prompts

MOST_CRASHES = 3
_pending = jobs.c.status == "pending"
_running = jobs.c.status == "running"
_known = Prepared(sa.select(jobs.c.sequence).where(jobs.c.id == sa.bindparam("id")), "id")
_prompt_text = sa.type_coerce(prompts.c.prompt, sa.Text).label("prompt_text")
_next = Prepared(rows.WITH_PROMPT.add_columns(_prompt_text).where(_pending).order_by(*rows.QUEUE_ORDER).limit(1))


def add(connection: sa.Connection, job: StoredJob) -> StoredJob | None:
    """Put a job into the queue. One with its id that has not finished, or has completed just this work, is returned
    instead, and nothing is added: whoever did not hear the answer may ask again. Other finished ones are replaced."""
    for (sequence,) in _known(connection, {"id": job.id}).fetchall():
        known = rows.read(connection, rows.WITH_PROMPT.where(jobs.c.sequence == sequence))[0]
        if known.status not in FINISHED or (known.status == "completed" and known.is_same_work(job)):
            return known
        rows.delete(connection, [sequence])
    rows.insert(connection, job)
    return None


def take(connection: sa.Connection) -> StoredJob | None:
    """The next pending job, which is running from now on."""
    job = peek(connection)
    if job is not None:
        job.begin()
        rows.start(connection, job)
    return job


def peek(connection: sa.Connection) -> StoredJob | None:
    """The next pending job; smaller numbers first, then older ones."""
    found = _next.first(connection, {})
    return rows.job_of(found) if found is not None else None


def try_again(connection: sa.Connection, job: StoredJob) -> None:
    """A running job begins once more."""
    rows.update(connection, job, attempts=job.attempts, crashes=job.crashes)


def put_back(connection: sa.Connection) -> None:
    """Running jobs that were given up through no fault of their own wait again."""
    connection.execute(sa.update(jobs).where(_running).values(status="pending"))


def in_queue(
    connection: sa.Connection, owner: str | None = None, max_items: int | None = None, offset: int = 0
) -> list[StoredJob]:
    """Running jobs and a page of the pending ones (all, by default), in the order they run."""
    ordered = rows.WITH_PROMPT.where(rows.owned_by(owner)).order_by(*rows.QUEUE_ORDER)
    page = ordered.where(_pending).limit(max_items).offset(offset)
    return [*rows.read(connection, ordered.where(_running)), *rows.read(connection, page)]


def pending_ids(connection: sa.Connection) -> list[str]:
    return list(connection.execute(sa.select(jobs.c.id).where(_pending)).scalars())


def remove_pending(connection: sa.Connection, ids: Sequence[str] | None, owner: str | None = None) -> list[str]:
    """Forget pending jobs, all or those with the given ids; returns the ids of those that were pending."""
    doomed = list(_having(connection, _pending & rows.owned_by(owner), ids))
    rows.delete(connection, [sequence for sequence, _ in doomed])
    return [id for _, id in doomed]


def remove_finished(connection: sa.Connection, ids: Sequence[str] | None, owner: str | None = None) -> None:
    """Forget finished jobs, all or those with the given ids."""
    doomed = _having(connection, jobs.c.status.in_(FINISHED) & rows.owned_by(owner), ids)
    rows.delete(connection, [sequence for sequence, _ in doomed])


def highest_number(connection: sa.Connection) -> float | None:
    return connection.execute(sa.select(sa.func.max(jobs.c.number))).scalar()


def recover(connection: sa.Connection, places: Mapping[str, str]) -> list[StoredJob]:
    """To be called once after opening: what ran when the server ended, each job at the node that `places` knows.

    A job that had reported all its outputs is completed; one that has crashed too often at the same node is for the
    caller to fail (they are returned); the others wait again, before all that waits.
    """
    hopeless = []
    last_first = rows.WITH_PROMPT.where(_running).order_by(jobs.c.number.desc(), jobs.c.sequence.desc())
    for job in rows.read(connection, last_first):
        if job.targets and set(job.targets) <= set(job.outputs):
            rows.finish(connection, job, "completed")
            continue
        if note_crash(job, places.get(job.id, "")):
            first = connection.execute(sa.select(sa.func.min(jobs.c.number)).where(_pending)).scalar()
            number = job.number if first is None else min(first, job.number)
            rows.update(connection, job, status="pending", number=number, crashes=job.crashes)
        else:
            hopeless.append(job)
    return hopeless


def note_crash(job: StoredJob, node: str) -> bool:
    """Count a crash while that node ran; whether the job may be tried again."""
    job.crashes[node] = job.crashes.get(node, 0) + 1
    return job.crashes[node] < MOST_CRASHES


def save_outputs(connection: sa.Connection, job: StoredJob, nodes: Sequence[str]) -> None:
    """Write what these nodes of a running job have put out."""
    rows.add_outputs(connection, job, nodes)


def check(connection: sa.Connection) -> None:
    """Read all that waits, in the database itself: what is damaged there must come to light before anything runs."""
    query = sa.select(sa.func.max(sa.func.length(prompts.c.prompt))).join(jobs, prompts.c.job == jobs.c.sequence)
    connection.execute(query.where(_running | _pending)).scalar()


def _having(connection: sa.Connection, state: Any, ids: Sequence[str] | None) -> list[tuple[int, str]]:
    query = sa.select(jobs.c.sequence, jobs.c.id).where(state).order_by(*rows.QUEUE_ORDER)
    some: list[Any] = [query] if ids is None else [query.where(jobs.c.id.in_(part)) for part in rows.parts(ids)]
    return [(row.sequence, row.id) for one in some for row in connection.execute(one)]
