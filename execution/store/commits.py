"""Group commit: all writing is done in order, and what comes together shares one transaction.

Quick work is done on the event loop itself, for SQLite is done with it before a thread would have woken up. What may
take long is a thread's.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import sqlalchemy as sa

log = logging.getLogger(__name__)
T = TypeVar("T")
Work = Callable[[sa.Connection], Any]
Asked = tuple[Work, asyncio.Future[Any]]
LARGEST_GROUP = 200


class Commits:
    """What a future's work wrote is committed when the future is done.

    `here` is a connection for the quick work, if there may be any on the loop. While the thread has something to do,
    and when quick work fails (the disk is full, another process has the database), the thread does the quick work too.

    Work is run again when another one of its group fails, so it must only depend on the database.
    """

    def __init__(self, database: sa.Engine, here: sa.Connection | None = None) -> None:
        self._database = database
        self._here = here
        self._loop = asyncio.get_running_loop()
        self._asked: list[Asked] = []
        self._all_quick = True
        self._handed_over = 0
        self._waiting: SimpleQueue[Asked | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="store", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sa.Connection], T], *, quick: bool = False) -> asyncio.Future[T]:
        future = self._loop.create_future()
        if not self._asked:
            self._loop.call_soon(self._begin)
        self._asked.append((work, future))
        self._all_quick &= quick
        return future

    async def close(self) -> None:
        """Return when all that waits is written."""
        self._begin()
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._here is not None:
            self._here.close()

    def _begin(self) -> None:
        """What was asked for in this turn of the loop is done now, or handed over."""
        asked, self._asked = self._asked, []
        all_quick, self._all_quick = self._all_quick, True
        if all_quick and not self._handed_over and self._is_done_here(asked):
            return
        self._handed_over += len(asked)
        for one in asked:
            self._waiting.put(one)

    def _is_done_here(self, asked: list[Asked]) -> bool:
        if self._here is None or len(asked) > LARGEST_GROUP:
            return False
        try:
            with self._here.begin():
                answers = [work(self._here) for work, _ in asked]
        except Exception as error:
            log.debug("not done at once: %s", error)
            return False
        _answer([future for _, future in asked], answers)
        return True

    # --- the thread ---

    def _serve(self) -> None:
        with self._database.connect() as connection:
            while group := self._next_group():
                outcomes = _commit(connection, [work for work, _ in group])
                self._loop.call_soon_threadsafe(self._take_back, [future for _, future in group], outcomes)

    def _take_back(self, futures: list[asyncio.Future[Any]], outcomes: list[Any]) -> None:
        self._handed_over -= len(futures)
        _answer(futures, outcomes)

    def _next_group(self) -> list[Asked]:
        """All that waits now, at least one; empty at the end."""
        group = []
        one = self._waiting.get()
        while one is not None:
            group.append(one)
            if len(group) == LARGEST_GROUP:
                break
            try:
                one = self._waiting.get_nowait()
            except Empty:
                break
        if one is None and group:
            self._waiting.put(None)
        return group


class _Failed(Exception):
    """Stands for the answer of work that failed with `__cause__`."""


def _commit(connection: sa.Connection, group: list[Work]) -> list[Any]:
    """The answers; if any fails, each gets a transaction of its own."""
    try:
        with connection.begin():
            return [work(connection) for work in group]
    except Exception as error:
        if len(group) == 1:
            failed = _Failed()
            failed.__cause__ = error
            return [failed]
    return [answer for work in group for answer in _commit(connection, [work])]


def _answer(futures: list[asyncio.Future[Any]], answers: list[Any]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if future.done():
            continue
        if isinstance(answer, _Failed):
            assert answer.__cause__ is not None
            future.set_exception(answer.__cause__)
        else:
            future.set_result(answer)
