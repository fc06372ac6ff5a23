"""Group commit: one thread does all writing, in order, and what waits together shares one transaction."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import sqlalchemy as sa

T = TypeVar("T")
Work = Callable[[sa.Connection], Any]
LARGEST_GROUP = 200


class Commits:
    """What a future's work wrote is committed when the future is done.

    Work is run again when another one of its group fails, so it must only depend on the database.
    """

    def __init__(self, database: sa.Engine) -> None:
        self._database = database
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[tuple[Work, asyncio.Future[Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="store", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sa.Connection], T]) -> asyncio.Future[T]:
        future = self._loop.create_future()
        self._waiting.put((work, future))
        return future

    async def close(self) -> None:
        """Return when all that waits is written."""
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        with self._database.connect() as connection:
            while group := self._next_group():
                outcomes = _commit(connection, [work for work, _ in group])
                futures = [future for _, future in group]
                self._loop.call_soon_threadsafe(_answer, futures, outcomes)

    def _next_group(self) -> list[tuple[Work, asyncio.Future[Any]]]:
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
