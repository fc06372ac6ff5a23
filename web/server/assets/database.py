"""user/assets.db: opened when it is first used; reading never waits for writing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from web.server.assets.refusals import AssetRefusal
from web.server.assets.tables import metadata

SCHEMA = 1  # of `tables`; kept in the file's user_version


class Database:
    """Connections for any thread. Raises AssetRefusal (503) if the file is damaged or of a newer Easel."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine: sa.Engine | None = None
        self._opening = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        with self._open().connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction; nobody else writes meanwhile."""
        with self._open().connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    def _open(self) -> sa.Engine:
        with self._opening:
            if self._engine is None:
                self._engine = self._opened()
            return self._engine

    def _opened(self) -> sa.Engine:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(self._path)))
        sa.event.listen(engine, "connect", _settle)
        sa.event.listen(engine, "begin", _begin)
        try:
            self._prepare(engine)
        except sa.exc.DatabaseError as error:
            engine.dispose()
            raise self._refusal(f"cannot be used ({error.orig}); move it away, and a scan makes it anew") from None
        return engine

    def _prepare(self, engine: sa.Engine) -> None:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version not in (0, SCHEMA):
                raise self._refusal("was written by a newer Easel; update this one, or move the file away")
            metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")

    def _refusal(self, what: str) -> AssetRefusal:
        return AssetRefusal("SERVICE_UNAVAILABLE", f"the database of assets, {self._path.name}, {what}", 503)


def _settle(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, not where Python guesses
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin(connection: sa.Connection) -> None:
    """A transaction that writes takes its turn at once: one that read first could no longer write after another did."""
    writes = connection.get_execution_options().get("writes")
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")
