"""Group commit: what waits together is written together, and what fails takes nobody along."""

import asyncio
import threading

import pytest
import sqlalchemy as sa

from execution.store.commits import Commits

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
    commits.submit(lambda connection: go.wait(10))
    yield go
    go.set()


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
