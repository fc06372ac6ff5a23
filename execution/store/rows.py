"""Jobs to rows and back, for the queue and the history alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from execution import json_text
from execution.events import now_ms
from execution.store.job import StoredJob, plain_meta, words_of, workflow_of
from execution.store.prepared import Prepared
from execution.store.tables import jobs, outputs, prompts

OWN = [column for column in jobs.c if column.name != "finished_order"]
WITH_PROMPT = sa.select(*OWN, prompts.c.prompt, prompts.c.extra_data).join(prompts, prompts.c.job == jobs.c.sequence)
WITHOUT_PROMPT = sa.select(*OWN)
QUEUE_ORDER = (jobs.c.number, jobs.c.sequence)
_OF_NEW = ("id", "number", "status", "attempts", "created_at", "started_at", "owner", "targets", "messages", "timings")
_OF_FINISHED = ("status", "messages", "timings", "crashes", "error")
_insert_job = Prepared(sa.insert(jobs).returning(jobs.c.sequence), *_OF_NEW, "workflow_id")
_insert_prompt = Prepared(
    sa.insert(prompts).values(prompt=sa.bindparam("prompt_text", type_=sa.Text)),
    "job",
    "words",
    "prompt_text",
    "extra_data",
)
_insert_output = Prepared(sa.insert(outputs), "job", "node", "output", "meta")
_this_job = sa.update(jobs).where(jobs.c.sequence == sa.bindparam("key"))
IN_HISTORY = jobs.c.finished_order.is_not(None)  # said in as many words, it lets the database use the index
_last_in_order = sa.select(sa.func.coalesce(sa.func.max(jobs.c.finished_order), 0) + 1).where(IN_HISTORY)
_finish_job = Prepared(
    _this_job.values(finished_order=_last_in_order.scalar_subquery()), "key", "finished_at", *_OF_FINISHED
)
_start_job = Prepared(_this_job.where(jobs.c.status == "pending"), "key", "status", "attempts", "started_at")


def insert(connection: sa.Connection, job: StoredJob) -> None:
    row = {name: getattr(job, name) for name in _OF_NEW}
    [[job.sequence]] = _insert_job(connection, {**row, "workflow_id": workflow_of(job.extra_data)}).fetchall()
    job.prompt_text = json_text.write(job.prompt)
    texts = {"words": words_of(job.prompt), "prompt_text": job.prompt_text, "extra_data": job.extra_data}
    _insert_prompt(connection, {**texts, "job": job.sequence})


def start(connection: sa.Connection, job: StoredJob) -> None:
    """Write that it has begun, if it has not ended meanwhile."""
    values = {"status": job.status, "attempts": job.attempts, "started_at": job.started_at}
    _start_job(connection, {"key": job.sequence, **values})


def update(connection: sa.Connection, job: StoredJob, **values: Any) -> None:
    connection.execute(_this_job, {"key": job.sequence, **values})


def add_outputs(connection: sa.Connection, job: StoredJob, nodes: Iterable[str]) -> None:
    """What these nodes have put out."""
    _insert_output.for_each(connection, (_output_row(job, node) for node in nodes))


def _output_row(job: StoredJob, node: str) -> dict[str, Any]:
    """That a node stands for itself, as nearly all do, needs no words."""
    meta = job.meta[node]
    words = {} if meta == plain_meta(node) else meta
    return {"job": job.sequence, "node": node, "output": job.outputs[node], "meta": words}


def finish(connection: sa.Connection, job: StoredJob, status: str) -> None:
    job.status = status
    values = {name: getattr(job, name) for name in _OF_FINISHED}
    _finish_job(connection, {"key": job.sequence, "finished_at": now_ms(), **values})


def delete(connection: sa.Connection, sequences: Sequence[int]) -> None:
    """Forget jobs with all that belongs to them."""
    for part in parts(sequences):
        for column in (outputs.c.job, prompts.c.job, jobs.c.sequence):
            connection.execute(sa.delete(column.table).where(column.in_(part)))


def read(connection: sa.Connection, query: sa.Select[Any]) -> list[StoredJob]:
    """The jobs that a query on `WITH_PROMPT` or `WITHOUT_PROMPT` finds."""
    found = [job_of(row) for row in connection.execute(query).mappings()]
    by_sequence = {job.sequence: job for job in found}
    for part in parts(list(by_sequence)):
        rows = sa.select(outputs).where(outputs.c.job.in_(part)).order_by(outputs.c.sequence)
        for row in connection.execute(rows):
            by_sequence[row.job].outputs[row.node] = row.output
            by_sequence[row.job].meta[row.node] = row.meta or plain_meta(row.node)
    return found


def owned_by(owner: str | None) -> sa.ColumnElement[bool]:
    """The jobs of one user; of all for None."""
    return sa.true() if owner is None else jobs.c.owner == owner


def parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Few enough values for one statement of any database."""
    for start in range(0, len(values), 500):
        yield values[start : start + 500]


def job_of(row: Any) -> StoredJob:
    """The job of a row, without its outputs."""
    values = {name: value for name, value in row.items() if value is not None}
    return StoredJob(**{"targets": []} | values)
