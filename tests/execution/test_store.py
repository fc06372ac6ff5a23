"""The queue and the history on disk."""

import json
import logging
import shutil
import sqlite3
from contextlib import suppress

import pytest
import sqlalchemy as sa

from execution.store import Store, StoredJob
from execution.store.database import DatabaseInUse, DatabaseTooNew
from tests.waiting import until


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/user/easel.db"


@pytest.fixture
async def store(url):
    store = Store(url)
    await store.open()
    yield store
    await store.close()


def job(name, number=0.0, **fields):
    given = {"prompt": {"1": {}}, "extra_data": {}, "targets": ["1"]} | fields
    return StoredJob(id=name, number=number, **given)


async def ids(store):
    return [one.id for one in await store.in_queue()]


async def take_all(store):
    taken = []
    while (one := await store.take()) is not None:
        taken.append(one.id)
    return taken


async def test_smaller_numbers_come_first_and_equal_ones_in_the_order_of_arrival(store):
    for name, number in {"b": 1, "c": 1, "last": 7, "first": -5.5, "a": 0}.items():
        await store.add(job(name, number))
    assert await ids(store) == ["first", "a", "b", "c", "last"]
    assert await take_all(store) == ["first", "a", "b", "c", "last"]


async def test_what_json_can_hold_comes_back_as_it_was(store):
    prompt = {"1": {"big": 2**70, "text": "é\ud800\0", "list": [1.5, None, True]}}
    await store.add(StoredJob(id="a", number=1, prompt=prompt, extra_data={"k": {}}, targets=["1"]))
    found = await store.find("a")
    assert (found.prompt, found.extra_data, found.targets) == (prompt, {"k": {}}, ["1"])


async def test_a_job_that_is_taken_brings_its_prompt_as_text_along(store):
    await store.add(job("a"))
    taken = await store.take()
    assert taken.prompt == json.loads(taken.prompt_text) == {"1": {}}


async def test_what_is_written_is_in_the_file_when_the_call_returns(store, url):
    await store.add(job("a"))
    other = sqlite3.connect(url.removeprefix("sqlite:///"))
    assert other.execute("SELECT id, status FROM jobs").fetchall() == [("a", "pending")]
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(("durable", "level"), [(False, 1), (True, 2)], ids=["normal", "full"])
async def test_a_durable_store_syncs_with_every_commit(url, durable, level):
    store = Store(url, durable=durable)
    await store.open()
    pragma = store._write(lambda connection: connection.exec_driver_sql("PRAGMA synchronous").scalar())
    assert await pragma == level
    await store.close()


async def test_what_is_written_reaches_the_database_file_itself_soon(url, tmp_path, monkeypatch):
    monkeypatch.setattr("execution.store.SECONDS_TO_FLUSH", 0.01)
    store = Store(url)
    await store.open()
    await store.add(job("a"))
    copy = tmp_path / "after a power cut.db"

    async def is_there():
        shutil.copy(url.removeprefix("sqlite:///"), copy)
        with suppress(sqlite3.DatabaseError), sqlite3.connect(copy) as other:  # copied in the midst of a write, perhaps
            return other.execute("SELECT id FROM jobs").fetchall() == [("a",)]

    await until(is_there)
    await store.close()


async def test_what_ran_waits_again_until_it_has_crashed_three_times_at_the_same_node(url):
    """The server ends while node 1 runs, then node 2, then node 1 twice more."""
    for start, node in enumerate(["", "1", "2", "1", "1"]):
        store = Store(url)
        await store.open()
        hopeless = await store.recover({"ran": node})
        if start == 0:
            await store.add(job("ran", 1))
            await store.add(job("waits", 2))
        if start < 4:
            assert hopeless == []
            assert (await store.take()).id == "ran"
            await store.add(job(f"in front {start}", -start))
        await store.close()
    assert [(one.id, one.attempts, one.crashes) for one in hopeless] == [("ran", 4, {"1": 3, "2": 1})]


async def test_a_crash_of_another_job_says_nothing_of_the_node(store):
    await store.add(job("a"))
    await store.take()
    await store.recover({"b": "7"})
    assert (await store.take()).crashes == {"": 1}


async def test_a_running_job_that_had_reported_all_its_outputs_is_completed_by_a_restart(store):
    await store.add(job("a"))
    running = await store.take()
    running.outputs["1"], running.meta["1"] = {"images": []}, {}
    await store.save_outputs(running, ["1"])
    assert await store.recover() == []
    (done,) = await store.history()
    assert (done.id, done.status, done.outputs) == ("a", "completed", {"1": {"images": []}})


@pytest.mark.parametrize("text", ["'{]'", "CAST(x'7bff' AS TEXT)"], ids=["no JSON", "no UTF-8"])
async def test_of_a_prompt_that_cannot_be_read_any_more_the_rest_is_known(store, url, text):
    await store.add(job("damaged"))
    with sqlite3.connect(url.removeprefix("sqlite:///")) as other:
        other.execute(f"UPDATE prompts SET prompt = {text} WHERE job = 1")
    damaged = await store.take()
    assert (damaged.id, damaged.status, damaged.prompt) == ("damaged", "running", {})


async def test_a_job_that_is_put_back_waits_and_has_not_crashed(store):
    await store.add(job("a"))
    await store.take()
    await store.put_back()
    again = await store.take()
    assert (again.attempts, again.crashes) == (2, {})


async def test_a_finished_job_is_not_put_back(store):
    await store.add(job("a"))
    await store.finish(await store.take(), "completed")
    await store.put_back()
    assert await store.take() is None


async def test_what_comes_next_is_seen_and_waits_until_it_begins(store):
    await store.add(job("b", 2))
    await store.add(job("a", 1))
    seen = await store.peek()
    assert (seen.id, seen.status, (await store.find("a")).status) == ("a", "pending", "pending")
    seen.begin()
    await store.start(seen)
    assert [(one.id, one.status, one.attempts) for one in await store.in_queue()] == [
        ("a", "running", 1),
        ("b", "pending", 0),
    ]
    assert (await store.peek()).id == "b"


async def test_what_has_ended_does_not_begin_any_more(store):
    await store.add(job("a"))
    seen = await store.peek()
    seen.begin()
    await store.finish(seen, "completed")
    await store.start(seen)
    assert (await store.find("a")).status == "completed"


async def test_removing_takes_only_what_waits(store):
    for name in "abcd":
        await store.add(job(name))
    await store.take()
    assert await store.remove_pending(["a", "c", "unknown"]) == ["c"]
    assert await ids(store) == ["a", "b", "d"]
    assert sorted(await store.remove_pending()) == ["b", "d"]
    assert await ids(store) == ["a"]


@pytest.fixture
async def history(store):
    """Jobs 0 to 4, finished in the order 4, 3, 2, 1, 0."""
    for number in range(5):
        await store.add(job(str(number), number=-number))
    while (one := await store.take()) is not None:
        await store.finish(one, "completed")
    return store


@pytest.mark.parametrize(
    ("max_items", "offset", "expected"),
    [
        (None, None, "43210"),
        (2, None, "10"),
        (2, -1, "10"),
        (2, 1, "32"),
        (None, 3, "10"),
        (2, 9, ""),
        (0, None, ""),
        (99, 0, "43210"),
    ],
)
async def test_history_is_in_the_order_of_ending_and_pages(history, max_items, offset, expected):
    assert "".join(one.id for one in await history.history(max_items, offset)) == expected


async def test_history_can_be_forgotten_in_part_and_whole(history):
    await history.add(job("waiting"))
    await history.remove_finished(["3", "waiting"])
    assert [one.id for one in await history.history()] == ["4", "2", "1", "0"]
    await history.remove_finished()
    assert await history.history() == []
    assert await ids(history) == ["waiting"]


async def test_a_finished_job_sent_again_is_replaced_unless_it_has_completed_the_same_work(history):
    await history.add(job("failed"))
    failed = await history.take()
    await history.finish(failed, "failed")
    done = await history.add(job("2"))
    assert (done.id, done.status) == ("2", "completed")
    assert await ids(history) == []
    assert await history.add(job("2", targets=["other"])) is None
    assert await history.add(job("failed")) is None
    assert [one.id for one in await history.history()] == ["4", "3", "1", "0"]
    assert await ids(history) == ["2", "failed"]


@pytest.mark.parametrize("content", [b"this is no database, " * 100, b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_damaged_file_is_kept_aside_and_a_new_one_begins(url, tmp_path, content, caplog):
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "easel.db").write_bytes(content)
    store = Store(url)
    with caplog.at_level(logging.WARNING):
        await store.open()
    await store.add(job("a"))
    await store.close()
    assert "is damaged" in caplog.text
    (aside,) = (tmp_path / "user").glob("easel.db.corrupt-*")
    assert aside.read_bytes() == content


async def test_a_database_of_a_newer_version_is_left_alone_with_a_message(store, url):
    await store.close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew, match="written by a newer Easel \\(revision 9999"):
        await Store(url).open()


async def test_a_second_server_on_the_same_database_is_refused_until_the_first_has_ended(store, url):
    with pytest.raises(DatabaseInUse, match="Another Easel is using"):
        await Store(url).open()
    await store.close()
    second = Store(url)
    await second.open()
    await second.close()


async def test_the_migrations_make_the_table_the_code_expects(url):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from execution.store.tables import metadata

    store = Store(url)
    await store.open()
    await store.close()
    with sa.create_engine(url).connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert [one for one in differences if one[0] not in ("remove_index", "add_constraint")] == []
