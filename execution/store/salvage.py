"""What can still be read of a damaged SQLite file, row by row: a bad page must not cost what is on others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from execution.store.job import FINISHED
from execution.store.tables import jobs, outputs, prompts

MOST_UNREADABLE = 10_000
"""Numbers in a row that lead to a damaged page; where there are more, nothing readable is expected behind them."""
STATES = ("pending", "running", *FINISHED)


def salvage(damaged: Path, database: sa.Engine) -> int:
    """Copy the prompts of a file into an empty database that has the same tables; how many there were."""
    with closing(sqlite3.connect(f"{damaged.resolve().as_uri()}?mode=ro", uri=True)) as source, database.begin() as new:
        source.text_factory = lambda text: text.decode("utf-8", "replace")
        for table in (jobs, prompts, outputs):
            for row in filter(_is_sound, _readable(source, table.name)):
                places = ", ".join("?" * len(row))
                with suppress(sa.exc.SQLAlchemyError):  # half a row, or one of an older version
                    new.exec_driver_sql(
                        f"INSERT OR IGNORE INTO {table.name} ({', '.join(row)}) VALUES ({places})", tuple(row.values())
                    )
        new.execute(sa.delete(jobs).where(jobs.c.sequence.not_in(sa.select(prompts.c.job))))
        for part in (prompts, outputs):
            new.execute(sa.delete(part).where(part.c.job.not_in(sa.select(jobs.c.sequence))))
        return new.execute(sa.select(sa.func.count()).select_from(jobs)).scalar_one()


def _readable(source: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    place = unreadable = 0
    while unreadable < MOST_UNREADABLE:
        try:
            found = source.execute(f"SELECT rowid, * FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT 1", (place,))
            row = found.fetchone()
        except sqlite3.DatabaseError:
            place, unreadable = place + 1, unreadable + 1
            continue
        if row is None:
            return
        place, unreadable = row[0], 0
        yield {column[0]: value for column, value in zip(found.description[1:], row[1:], strict=True)}


def _is_sound(row: dict[str, Any]) -> bool:
    """Whether nothing that the queue goes by is of another kind than it must be."""
    return row.get("status", "pending") in STATES and isinstance(row.get("number", 0), int | float)
