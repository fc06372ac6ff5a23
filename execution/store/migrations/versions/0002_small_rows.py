"""What is large leaves the jobs' rows: prompts and outputs have tables of their own; jobs can be found by words.

Revision ID: 0002
Revises: 0001
"""

import json

import sqlalchemy as sa
from alembic import op

from execution.store.job import words_of, workflow_of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Counting = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOVED = ("prompt", "extra_data", "outputs", "meta")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("workflow_id", sa.Text))
    op.add_column("jobs", sa.Column("crashes", sa.Text))
    prompts = op.create_table(
        "prompts",
        sa.Column("job", Counting, primary_key=True, autoincrement=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("extra_data", sa.Text, nullable=False),
    )
    outputs = op.create_table(
        "outputs",
        sa.Column("sequence", Counting, primary_key=True),
        sa.Column("job", Counting, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("output", sa.Text, nullable=False),
        sa.Column("meta", sa.Text, nullable=False),
    )
    _move(op.get_bind(), prompts, outputs)
    for name in MOVED:
        op.drop_column("jobs", name)
    op.create_index("ix_outputs_job", "outputs", ["job"])
    op.create_index("jobs_of_workflow", "jobs", ["workflow_id"])


def _move(connection: sa.Connection, prompts: sa.Table, outputs: sa.Table) -> None:
    jobs = sa.table("jobs", *map(sa.column, ("sequence", "workflow_id", *MOVED)))
    for sequence in connection.execute(sa.select(jobs.c.sequence)).scalars().all():
        job = connection.execute(sa.select(jobs).where(jobs.c.sequence == sequence)).one()
        prompt, workflow_id = _read(job.prompt), workflow_of(_read(job.extra_data))
        values = {"job": sequence, "words": words_of(prompt), "prompt": job.prompt, "extra_data": job.extra_data}
        connection.execute(prompts.insert().values(values))
        if workflow_id is not None:
            here = jobs.c.sequence == sequence
            connection.execute(sa.update(jobs).where(here).values(workflow_id=json.dumps(workflow_id)))
        meta = _read(job.meta)
        for node, output in _read(job.outputs).items():
            texts = [json.dumps(value) for value in (node, output, meta.get(node, {}))]
            connection.execute(
                outputs.insert().values(dict(zip(("node", "output", "meta"), texts, strict=True), job=sequence))
            )


def _read(text: str) -> dict:
    """An object of the old table; what cannot be read has nothing in it."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
