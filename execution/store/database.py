"""Opens the database: its migrations, its durability, and what becomes of a file that is damaged."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from comfy_core.lock import FileLock
from execution.store import queue
from execution.store.salvage import salvage

log = logging.getLogger(__name__)
# Oldest first; a database at the last one needs no migration, and so no Alembic.
REVISIONS = ("0001", "0002", "0003", "0004")

DAMAGE = ("malformed", "no such table", "no such column")
BYTES_LOOKED_THROUGH = 100 << 20  # in a tenth of a second


class DatabaseRefused(Exception):
    """The database is in order but not for us now; the text says why and what to do."""


class DatabaseTooNew(DatabaseRefused):
    """It was written by a newer Easel."""


class DatabaseInUse(DatabaseRefused):
    """Another Easel has it open: two of them would run each other's prompts."""


@contextmanager
def refused_with_reason(url: str) -> Iterator[None]:
    """Have what a database refuses inside the `with` block raise DatabaseRefused, with its place and the way out."""
    try:
        yield
    except sa.exc.OperationalError as error:
        place = sqlite_path(url) or sa.make_url(url).render_as_string()
        raise DatabaseRefused(
            f"The database {place} cannot be used: {str(error.orig).strip()}. Look at the room on its disk, at "
            "who may write there, or choose another folder with --user-directory."
        ) from error


def open_database(url: str, durable: bool = False) -> sa.Engine:
    """A database that is at today's revision and answers; if `durable`, a commit is on the disk when it returns.

    Raises DatabaseTooNew; SQLAlchemyError for a server that cannot be reached. An SQLite file that is damaged is moved
    aside with a warning, and a new one takes its place, with what could still be read.
    """
    path = sqlite_path(url)
    if path is None:
        return _connect(url, durable)
    try:
        return _connect(url, durable, check=_is_doubtful(path))
    except sa.exc.DatabaseError as error:
        if isinstance(error, sa.exc.OperationalError) and not any(word in str(error) for word in DAMAGE):
            raise  # locked, read-only or out of space: the file itself may be in order
        aside = _move_aside(path)
        database = _connect(url, durable)
        log.warning(
            "%s is damaged (%s); it is kept as %s and a new one begins, with the %d prompts that could still be read",
            path,
            error.__cause__ or error,
            aside.name,
            _salvaged(aside, database),
        )
        return database


def lock_database(url: str) -> FileLock | None:
    """Keep other processes off an SQLite file (other databases know sharing). Raises DatabaseInUse."""
    path = sqlite_path(url)
    if path is None:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return FileLock(path.with_name(path.name + ".lock"))
    except BlockingIOError as error:
        raise DatabaseInUse(
            f"Another Easel is using {path}. Stop it first, or start this one with another --base-directory."
        ) from error


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite URL; None for other databases and for one in memory."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def is_shared(database: sa.Engine) -> bool:
    """Do all connections see the same data? Each one to an SQLite database in memory has its own."""
    return database.dialect.name != "sqlite" or sqlite_path(str(database.url)) is not None


def connect_for_quick_work(database: sa.Engine) -> sa.Connection | None:
    """A connection that waits for nobody and leaves checkpoints to others; None where every commit takes its time."""
    if database.dialect.name != "sqlite" or not is_shared(database):
        return None
    connection = database.connect()
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    driver.execute("PRAGMA wal_autocheckpoint=0")
    return connection


def flush(database: sa.Engine) -> None:
    """Bring what is committed to the disk, beside whoever writes. Other databases than SQLite do so by themselves."""
    if database.dialect.name == "sqlite":
        connection = database.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.close()


def _connect(url: str, durable: bool, check: bool = False) -> sa.Engine:
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _settle)
        sa.event.listen(engine, "connect", _sync_always if durable else _sync_at_checkpoints)
        sa.event.listen(engine, "begin", _begin)
    try:
        if check:
            _check(engine)
        _migrate(engine)
        with engine.connect() as connection:
            queue.check(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _settle(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # Python would leave changes of the schema outside of transactions
    connection.text_factory = _readable
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute("PRAGMA journal_mode=WAL")
    # Flushing does the checkpoints; whoever writes steps in only if it does not keep up.
    connection.execute("PRAGMA wal_autocheckpoint=4000")


def _readable(text: bytes) -> str:
    """A damaged text must not keep all others from being read."""
    return text.decode("utf-8", "replace")


def _sync_always(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA synchronous=FULL")


def _sync_at_checkpoints(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin(connection: sa.Connection) -> None:
    connection.connection.cursor().execute("BEGIN")


def _is_doubtful(path: Path) -> bool:
    """Whether a file is to be looked through: the server was not stopped in order, or it takes no time."""
    log_of_writes = path.with_name(path.name + "-wal")
    return path.is_file() and (log_of_writes.exists() or path.stat().st_size < BYTES_LOOKED_THROUGH)


def _check(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        reason = ValueError(" ".join(str(found).split()))
        raise sa.exc.DatabaseError("PRAGMA quick_check", None, reason) from reason


def _migrate(engine: sa.Engine) -> None:
    revision = _revision(engine)
    if revision == REVISIONS[-1]:
        return
    if revision is not None and revision not in REVISIONS:
        raise DatabaseTooNew(
            f"The database {engine.url} was written by a newer Easel (revision {revision}, this one knows up to "
            f"{REVISIONS[-1]}). Update Easel, or start with another base directory or database."
        )
    from alembic import command  # a tenth of a second that only a new or old database costs
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(engine: sa.Engine) -> str | None:
    if not sa.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _move_aside(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside


def _salvaged(aside: Path, database: sa.Engine) -> int:
    try:
        return salvage(aside, database)
    except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        log.debug("nothing can be read of %s: %s", aside, error)
        return 0
