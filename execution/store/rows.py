"""Jobs to rows and back, for the queue and the history alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from execution.events import now_ms
from execution.store.job import StoredJob, words_of, workflow_of
from execution.store.tables import jobs, outputs, prompts

OWN = [column for column in jobs.c if column.name != "finished_order"]
WITH_PROMPT = sa.select(*OWN, prompts.c.prompt, prompts.c.extra_data).join(prompts, prompts.c.job == jobs.c.sequence)
WITHOUT_PROMPT = sa.select(*OWN)
QUEUE_ORDER = (jobs.c.number, jobs.c.sequence)
NEXT_IN_HISTORY = sa.select(sa.func.coalesce(sa.func.max(jobs.c.finished_order), 0) + 1).scalar_subquery()


def insert(connection: sa.Connection, job: StoredJob) -> None:
    row = connection.execute(
        sa.insert(jobs).values(
            id=job.id,
            number=job.number,
            status=job.status,
            attempts=job.attempts,
            created_at=job.created_at,
            workflow_id=workflow_of(job.extra_data),
            targets=job.targets,
            messages=job.messages,
            timings=job.timings,
        )
    )
    assert row.inserted_primary_key is not None
    job.sequence = row.inserted_primary_key[0]
    connection.execute(
        sa.insert(prompts).values(
            job=job.sequence, words=words_of(job.prompt), prompt=job.prompt, extra_data=job.extra_data
        )
    )


def update(connection: sa.Connection, job: StoredJob, **values: Any) -> None:
    connection.execute(sa.update(jobs).where(jobs.c.sequence == job.sequence).values(**values))


def finish(connection: sa.Connection, job: StoredJob, status: str) -> None:
    job.status = status
    update(
        connection,
        job,
        status=status,
        finished_at=now_ms(),
        finished_order=NEXT_IN_HISTORY,
        messages=job.messages,
        timings=job.timings,
        crashes=job.crashes,
        error=job.error,
    )


def delete(connection: sa.Connection, sequences: Sequence[int]) -> None:
    """Forget jobs with all that belongs to them."""
    for part in parts(sequences):
        for column in (outputs.c.job, prompts.c.job, jobs.c.sequence):
            connection.execute(sa.delete(column.table).where(column.in_(part)))


def read(connection: sa.Connection, query: sa.Select[Any], *, with_outputs: bool = True) -> list[StoredJob]:
    """The jobs that a query on `WITH_PROMPT` or `WITHOUT_PROMPT` finds."""
    found = [_job(row) for row in connection.execute(query).mappings()]
    by_sequence = {job.sequence: job for job in found}
    for part in parts(list(by_sequence)) if with_outputs else ():
        rows = sa.select(outputs).where(outputs.c.job.in_(part)).order_by(outputs.c.sequence)
        for row in connection.execute(rows):
            by_sequence[row.job].outputs[row.node] = row.output
            by_sequence[row.job].meta[row.node] = row.meta
    return found


def parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Few enough values for one statement of any database."""
    for start in range(0, len(values), 500):
        yield values[start : start + 500]


def _job(row: Any) -> StoredJob:
    values = {name: value for name, value in row.items() if value is not None}
    return StoredJob(**{"targets": []} | values)
