"""Opens the database: the table, its migrations, durability, and what becomes of a file that is damaged."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from execution.lock import FileLock

log = logging.getLogger(__name__)
REVISIONS = ("0001",)  # oldest first; a database at the last one needs no migration, and so no Alembic


class DatabaseRefused(Exception):
    """The database is in order but not for us now; the text says why and what to do."""


class DatabaseTooNew(DatabaseRefused):
    """It was written by a newer Easel."""


class DatabaseInUse(DatabaseRefused):
    """Another Easel has it open: two of them would run each other's prompts."""


class JsonText(sa.TypeDecorator[Any]):
    """Any JSON value as text. Python's own JSON, for NaN and integers of any size occur in prompts."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return None if value is None else json.loads(value)


metadata = sa.MetaData()
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("number", sa.Float, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("finished_at", sa.BigInteger),
    sa.Column("finished_order", sa.Integer),
    sa.Column("prompt", JsonText, nullable=False),
    sa.Column("extra_data", JsonText, nullable=False),
    sa.Column("targets", JsonText, nullable=False),
    sa.Column("outputs", JsonText, nullable=False),
    sa.Column("meta", JsonText, nullable=False),
    sa.Column("messages", JsonText, nullable=False),
    sa.Column("timings", JsonText, nullable=False),
    sa.Column("error", JsonText),
)


def open_database(url: str) -> sa.Engine:
    """A database that is at today's revision and answers. Raises DatabaseTooNew; SQLAlchemyError for a server that
    cannot be reached. An SQLite file that is corrupt is moved aside with a warning, and an empty one takes its place.
    """
    path = sqlite_path(url)
    if path is None:
        return _connect(url)
    try:
        return _connect(url)
    except sa.exc.DatabaseError as error:
        if isinstance(error, sa.exc.OperationalError) and "malformed" not in str(error):
            raise  # locked, read-only or out of space: the file itself may be in order
        _move_aside(path, error)
        return _connect(url)


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


def _connect(url: str) -> sa.Engine:
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _make_durable)
    try:
        _migrate(engine)
        with engine.connect() as connection:
            # Reads every row of the queue: what is broken there must come to light now, not in the middle of a run.
            connection.execute(sa.select(jobs).where(jobs.c.status.in_(("pending", "running")))).fetchall()
    except BaseException:
        engine.dispose()
        raise
    return engine


def _make_durable(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=5000")


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


def _move_aside(path: Path, error: Exception) -> None:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    log.warning("%s is damaged (%s); it is kept as %s and a new one begins", path, error.__cause__ or error, aside.name)
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
