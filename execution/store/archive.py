"""The history: what was, in pages, found by words, and no more of it than is wanted. Functions of one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from execution.events import now_ms
from execution.store import rows
from execution.store.job import FINISHED, StoredJob
from execution.store.tables import jobs, prompts

LONGEST_PAGE = 10_000
MS_PER_DAY = 24 * 3600 * 1000


@dataclass(frozen=True)
class JobQuery:
    """Which jobs, in which order: newest (or longest) first unless `ascending`.

    `owner` narrows it to one user's, `newest_of_each` to the last one of every workflow that has an id. `search` are
    words of which each must occur somewhere: in a node's class or title, a file name or a text.
    """

    statuses: Sequence[str]
    by_duration: bool = False
    ascending: bool = False
    offset: int = 0
    limit: int | None = None
    workflow_id: str | None = None
    search: str = ""
    owner: str | None = None
    newest_of_each: bool = False


def page(connection: sa.Connection, asked: JobQuery) -> tuple[list[StoredJob], int]:
    """One page of jobs without their prompts, and how many there are on all pages."""
    key = sa.func.coalesce(jobs.c.finished_at - jobs.c.started_at, 0) if asked.by_duration else jobs.c.created_at
    order = [column.asc() if asked.ascending else column.desc() for column in (key, jobs.c.sequence)]
    wanted = jobs.c.status.in_(asked.statuses) & _found_by(asked.search) & rows.owned_by(asked.owner)
    if asked.workflow_id is not None:
        wanted &= jobs.c.workflow_id == asked.workflow_id
    if asked.newest_of_each:
        of_workflows = sa.select(sa.func.max(jobs.c.sequence)).where(wanted, jobs.c.workflow_id.is_not(None))
        wanted = jobs.c.sequence.in_(of_workflows.group_by(jobs.c.workflow_id))
    total = connection.execute(sa.select(sa.func.count()).select_from(jobs).where(wanted)).scalar_one()
    query = rows.WITHOUT_PROMPT.where(wanted).order_by(*order).offset(asked.offset).limit(asked.limit)
    return rows.read(connection, query), total


def history(
    connection: sa.Connection, max_items: int | None, offset: int | None, search: str, owner: str | None = None
) -> list[StoredJob]:
    """Finished jobs, oldest first: those after the `offset` oldest, or without one the `max_items` newest."""
    limit = LONGEST_PAGE if max_items is None else max(0, min(max_items, LONGEST_PAGE))
    newest_first = offset is None or offset < 0
    order = jobs.c.finished_order.desc() if newest_first else jobs.c.finished_order
    wanted = rows.IN_HISTORY & _found_by(search) & rows.owned_by(owner)
    query = rows.WITH_PROMPT.where(wanted).order_by(order)
    found = rows.read(connection, query.limit(limit).offset(0 if newest_first else offset))
    return found[::-1] if newest_first else found


def find(connection: sa.Connection, prompt_id: str) -> StoredJob | None:
    found = rows.read(connection, rows.WITH_PROMPT.where(jobs.c.id == prompt_id))
    return found[0] if found else None


def prune(connection: sa.Connection, longest: int, days: float) -> None:
    """Forget the oldest finished jobs: those beyond the `longest` newest, and those older than `days`."""
    order = sa.select(jobs.c.finished_order).where(rows.IN_HISTORY)
    last = connection.execute(order.order_by(jobs.c.finished_order.desc()).offset(longest).limit(1)).scalar()
    too_old = jobs.c.finished_at < now_ms() - int(days * MS_PER_DAY)
    doomed = jobs.c.status.in_(FINISHED) & (too_old if last is None else too_old | (jobs.c.finished_order <= last))
    rows.delete(connection, list(connection.execute(sa.select(jobs.c.sequence).where(doomed)).scalars()))


def _found_by(search: str) -> Any:
    words = search.casefold().split()
    if not words:
        return sa.true()
    holds = [prompts.c.words.contains(word, autoescape=True) for word in words]
    return jobs.c.sequence.in_(sa.select(prompts.c.job).where(*holds))
