"""Statements that are made ready once do what SQLAlchemy would do with them."""

import pytest
import sqlalchemy as sa

from execution.store.database import open_database
from execution.store.prepared import Prepared
from execution.store.tables import jobs

ROW = {
    "id": "one",
    "number": 2.0,
    "status": "pending",
    "attempts": 0,
    "created_at": 7,
    "targets": ["a", {"b": float("inf")}],
    "messages": [],
    "timings": {},
}
PUT = sa.insert(jobs).returning(jobs.c.sequence)
TAKEN = sa.update(jobs).where(jobs.c.id == sa.bindparam("which"))


@pytest.fixture
def connection(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/jobs.db")
    with database.connect() as connection:
        yield connection
    database.dispose()


def test_what_it_writes_is_what_sqlalchemy_writes(connection: sa.Connection):
    [[first]] = Prepared(PUT, *ROW)(connection, ROW).fetchall()
    [[second]] = connection.execute(PUT, ROW | {"id": "two"}).fetchall()
    made, usual = connection.execute(sa.select(jobs).order_by(jobs.c.sequence)).mappings()
    assert (made["sequence"], usual["sequence"]) == (first, second)
    assert dict(made) | {"id": "", "sequence": 0} == dict(usual) | {"id": "", "sequence": 0}


def test_values_that_the_statement_has_of_its_own_count(connection: sa.Connection):
    Prepared(PUT, *ROW)(connection, ROW).fetchall()
    order = sa.select(sa.func.coalesce(sa.func.max(jobs.c.finished_order), 41) + 1).scalar_subquery()
    Prepared(TAKEN.values(finished_order=order), "which", "status")(connection, {"which": "one", "status": "running"})
    assert connection.execute(sa.select(jobs.c.status, jobs.c.finished_order)).all() == [("running", 42)]


def test_it_takes_part_in_the_transaction(connection: sa.Connection):
    with connection.begin() as transaction:
        Prepared(PUT, *ROW)(connection, ROW).fetchall()
        transaction.rollback()
    assert connection.execute(sa.select(jobs.c.id)).all() == []


def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it(connection: sa.Connection):
    put = Prepared(PUT, *ROW)
    put(connection, ROW).fetchall()
    with pytest.raises(sa.exc.IntegrityError, match="UNIQUE"):
        put(connection, ROW)


def test_a_value_that_is_lacking_is_an_error(connection: sa.Connection):
    with pytest.raises(KeyError, match="status"):
        Prepared(TAKEN, "which", "status")(connection, {"which": "one"})


FIND = sa.select(jobs).where(jobs.c.id == sa.bindparam("which"))


def test_what_it_reads_is_what_sqlalchemy_reads(connection: sa.Connection):
    connection.execute(PUT, ROW)
    usual = connection.execute(FIND, {"which": "one"}).mappings().one()
    assert Prepared(FIND, "which").first(connection, {"which": "one"}) == dict(usual)
    assert Prepared(FIND, "which").first(connection, {"which": "two"}) is None
