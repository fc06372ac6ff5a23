"""Group commit: what waits together is written together, and what fails takes nobody along."""

import asyncio
import sqlite3
import threading

import pytest
import sqlalchemy as sa

from execution.store.commits import Commits
from execution.store.database import connect_for_quick_work, open_database
from tests.waiting import PATIENCE_SECONDS

numbers = sa.Table("numbers", sa.MetaData(), sa.Column("number", sa.Integer, primary_key=True))


@pytest.fixture
def database(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/numbers.db")
    numbers.create(engine)
    yield engine
    engine.dispose()


@pytest.fixture
async def commits(database):
    commits = Commits(database)
    yield commits
    await commits.close()


@pytest.fixture
def transactions(database):
    """How often something was committed."""
    made = []
    sa.event.listen(database, "commit", made.append)
    return made


def adding(number):
    return lambda connection: connection.execute(sa.insert(numbers).values(number=number)).rowcount


def stored(database):
    with database.connect() as connection:
        return list(connection.execute(sa.select(numbers.c.number).order_by(numbers.c.number)).scalars())


@pytest.fixture
def held(commits):
    """The writing thread is busy until the block is left, so that everything in it waits together."""
    go = threading.Event()
    commits.submit(lambda connection: go.wait(PATIENCE_SECONDS))
    yield go
    go.set()


@pytest.fixture
async def quick(tmp_path):
    """Commits on a file as the store has it."""
    url = f"sqlite:///{tmp_path}/quick.db"
    engine = open_database(url)
    numbers.create(engine)
    commits = Commits(engine, connect_for_quick_work(engine))
    yield commits, engine
    await commits.close()
    engine.dispose()


def here(connection):
    return threading.current_thread() is threading.main_thread()


async def test_what_is_answered_is_in_the_file(commits, database):
    assert await commits.submit(adding(7)) == 1
    assert stored(database) == [7]


async def test_what_waits_together_shares_a_transaction_and_keeps_its_order(commits, held, database, transactions):
    seen = []
    answers = [commits.submit(lambda connection, n=n: seen.append(n) or n) for n in range(50)]
    held.set()
    assert await asyncio.gather(*answers) == seen == list(range(50))
    assert len(transactions) <= 2


async def test_work_that_fails_takes_none_of_its_group_along(commits, held, database):
    answers = [commits.submit(adding(number)) for number in (1, 2, 2, 3)]
    held.set()
    outcomes = await asyncio.gather(*answers, return_exceptions=True)
    assert [isinstance(one, sa.exc.IntegrityError) for one in outcomes] == [False, False, True, False]
    assert stored(database) == [1, 2, 3]


async def test_what_nobody_waits_for_any_more_is_written_all_the_same(commits, held, database):
    commits.submit(adding(1)).cancel()
    held.set()
    await commits.submit(adding(2))
    assert stored(database) == [1, 2]


async def test_closing_writes_what_waits(database):
    commits = Commits(database)
    for number in range(20):
        commits.submit(adding(number))
    await commits.close()
    assert stored(database) == list(range(20))


async def test_quick_work_needs_no_thread_and_that_of_one_turn_shares_a_transaction(quick):
    commits, database = quick
    made = []
    sa.event.listen(database, "commit", made.append)
    answers = [commits.submit(work, quick=True) for work in (adding(1), here, adding(2))]
    assert await asyncio.gather(*answers) == [1, True, 1]
    assert len(made) == 1
    assert stored(database) == [1, 2]


async def test_quick_work_waits_for_what_was_asked_for_before(quick):
    commits, _ = quick
    seen = []
    go = threading.Event()
    first = commits.submit(lambda connection: go.wait(PATIENCE_SECONDS) and seen.append(1))
    await asyncio.sleep(0)
    second = commits.submit(lambda connection: seen.append(2), quick=True)
    await asyncio.sleep(0)
    assert not seen
    go.set()
    await asyncio.gather(first, second)
    assert seen == [1, 2]
    assert await commits.submit(here, quick=True), "it is done on the loop again"


async def test_quick_work_that_fails_takes_none_of_its_turn_along(quick):
    commits, database = quick
    answers = [commits.submit(adding(number), quick=True) for number in (1, 2, 2, 3)]
    outcomes = await asyncio.gather(*answers, return_exceptions=True)
    assert [isinstance(one, sa.exc.IntegrityError) for one in outcomes] == [False, False, True, False]
    assert stored(database) == [1, 2, 3]


async def test_a_database_that_another_process_holds_does_not_hold_up_the_loop(quick, tmp_path):
    commits, database = quick
    other = sqlite3.connect(tmp_path / "quick.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = commits.submit(adding(1), quick=True)
    for _ in range(10):
        await asyncio.sleep(0.01)
    assert not answer.done()
    other.execute("ROLLBACK")
    assert await answer == 1
    assert stored(database) == [1]


async def test_quick_work_in_its_last_turn_is_written_before_the_end(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path}/end.db")
    numbers.create(engine)
    commits = Commits(engine, connect_for_quick_work(engine))
    answer = commits.submit(adding(1), quick=True)
    await commits.close()
    assert answer.done()
    assert stored(engine) == [1]
    engine.dispose()
