"""The tables. A job's row stays small, as it is rewritten whenever something happens; what is large lies beside it."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa

from execution import json_text

log = logging.getLogger(__name__)


class JsonText(sa.TypeDecorator[Any]):
    """Any JSON value as text. NaN, integers of any size and broken Unicode occur in prompts.

    What cannot be read any more is None: one damaged job must not hide the others.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        if value is None or value == {}:  # the latter so often that it is not worth an encoder
            return None if value is None else "{}"
        return json_text.write(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        try:
            return None if value is None else json_text.read(value)
        except (ValueError, TypeError, RecursionError):
            log.error("a value in the database cannot be read: %.100r", value)
            return None


metadata = sa.MetaData()
# SQLite counts up only a plain INTEGER primary key.
Counting = sa.BigInteger().with_variant(sa.Integer, "sqlite")

KNOWN_INDEXES = {
    "jobs_in_history_order": "finished_order",
    "jobs_of_workflow": "workflow_id",
    "jobs_of_owner": "owner",
}


def index_of_known(name: str, column: str) -> sa.Index:
    """An index of the rows that have a value there: the others, most of them, need not be written to it."""
    has_value = sa.text(f"{column} IS NOT NULL")
    return sa.Index(name, column, sqlite_where=has_value, postgresql_where=has_value)


jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("sequence", Counting, primary_key=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("number", sa.Float, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("finished_at", sa.BigInteger),
    sa.Column("finished_order", sa.Integer),
    sa.Column("workflow_id", JsonText),
    sa.Column("owner", sa.String(64)),
    sa.Column("targets", JsonText, nullable=False),
    sa.Column("messages", JsonText, nullable=False),
    sa.Column("timings", JsonText, nullable=False),
    sa.Column("crashes", JsonText),
    sa.Column("error", JsonText),
    sa.Index("jobs_in_queue_order", "status", "number", "sequence"),
    *(index_of_known(name, column) for name, column in KNOWN_INDEXES.items()),
)

prompts = sa.Table(
    "prompts",
    metadata,
    sa.Column("job", Counting, primary_key=True, autoincrement=False),
    # Before the large ones: a search reads no further than this.
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("prompt", JsonText, nullable=False),
    sa.Column("extra_data", JsonText, nullable=False),
)

outputs = sa.Table(
    "outputs",
    metadata,
    sa.Column("sequence", Counting, primary_key=True),
    sa.Column("job", Counting, nullable=False, index=True),
    sa.Column("node", JsonText, nullable=False),
    sa.Column("output", JsonText, nullable=False),
    sa.Column("meta", JsonText, nullable=False),
)
