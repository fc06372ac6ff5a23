"""Jobs to rows and back, for the queue and the history alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from execution.events import now_ms
from execution.store.job import StoredJob, plain_meta, words_of, workflow_of
from execution.store.tables import jobs, outputs, prompts

OWN = [column for column in jobs.c if column.name != "finished_order"]
WITH_PROMPT = sa.select(*OWN, prompts.c.prompt, prompts.c.extra_data).join(prompts, prompts.c.job == jobs.c.sequence)
WITHOUT_PROMPT = sa.select(*OWN)
QUEUE_ORDER = (jobs.c.number, jobs.c.sequence)
# Made once, for making a statement costs more than running it.
_insert_job = sa.insert(jobs)
_insert_prompt = sa.insert(prompts).values(prompt=sa.bindparam("prompt_text", type_=sa.Text))
_update_job = sa.update(jobs).where(jobs.c.sequence == sa.bindparam("key"))
_finish_job = _update_job.values(
    finished_order=sa.select(sa.func.coalesce(sa.func.max(jobs.c.finished_order), 0) + 1).scalar_subquery()
)


def insert(connection: sa.Connection, job: StoredJob) -> None:
    own = ("id", "number", "status", "attempts", "created_at", "started_at", "owner", "targets", "messages", "timings")
    row = {name: getattr(job, name) for name in own}
    known = {"workflow_id": workflow_of(job.extra_data)}
    inserted = connection.execute(_insert_job, row | known).inserted_primary_key
    assert inserted is not None
    job.sequence = inserted[0]
    job.prompt_text = json.dumps(job.prompt)
    texts = {"words": words_of(job.prompt), "prompt_text": job.prompt_text, "extra_data": job.extra_data}
    connection.execute(_insert_prompt, texts | {"job": job.sequence})


def update(connection: sa.Connection, job: StoredJob, **values: Any) -> None:
    connection.execute(_update_job, {"key": job.sequence} | values)


def finish(connection: sa.Connection, job: StoredJob, status: str) -> None:
    job.status = status
    values = {name: getattr(job, name) for name in ("status", "messages", "timings", "crashes", "error")}
    connection.execute(_finish_job, {"key": job.sequence, "finished_at": now_ms()} | values)


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
            by_sequence[row.job].meta[row.node] = row.meta or plain_meta(row.node)
    return found


def output_of(job: StoredJob, node: str) -> dict[str, Any]:
    """The row of a node's output. That a node stands for itself, as nearly all do, needs no words."""
    meta = job.meta[node]
    row = {"job": job.sequence, "node": node, "output": job.outputs[node]}
    return row | {"meta": {} if meta == plain_meta(node) else meta}


def owned_by(owner: str | None) -> sa.ColumnElement[bool]:
    """The jobs of one user; of all for None."""
    return sa.true() if owner is None else jobs.c.owner == owner


def parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Few enough values for one statement of any database."""
    for start in range(0, len(values), 500):
        yield values[start : start + 500]


def _job(row: Any) -> StoredJob:
    values = {name: value for name, value in row.items() if value is not None}
    return StoredJob(**{"targets": []} | values)
