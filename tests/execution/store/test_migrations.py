"""Databases of older versions are brought up to date, with all that is in them. The `.sql` files are dumps of them."""

import sqlite3
from pathlib import Path

import pytest

from execution.store import JobQuery, Store

HERE = Path(__file__).parent


@pytest.fixture
def old(tmp_path):
    """A database as the first version left it: one prompt done, one failed, one running, one waiting."""
    path = tmp_path / "easel.db"
    with sqlite3.connect(path) as connection:
        connection.executescript((HERE / "easel_0001.sql").read_text())
    connection.close()
    return path


@pytest.fixture
async def store(old):
    store = Store(f"sqlite:///{old}", history_days=1e6)
    await store.open()
    yield store
    await store.close()


async def test_the_history_is_what_it_was(store):
    done, failed = await store.history()
    assert (done.id, done.status, done.number, done.attempts, done.created_at) == ("done", "completed", 0, 1, 1000)
    assert done.prompt["3"]["inputs"] == {"seed": 2**70, "text": "a done apple"}
    assert done.extra_data["client_id"] == "me"
    assert done.outputs == {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}
    assert done.meta == {"9": {"node_id": "9"}}
    assert (done.messages, done.timings) == ([["execution_success", {}]], {"3": {"seconds": 0.5, "cached": False}})
    assert (failed.status, failed.error, failed.outputs) == ("failed", {"exception_message": "no"}, {})


async def test_the_queue_goes_on(store):
    assert await store.recover() == []
    assert [(await store.take()).id for _ in range(2)] == ["ran", "waits"]


async def test_old_jobs_are_found_by_workflow_and_by_words(store):
    def query(**fields):
        return store.list_jobs(JobQuery(["completed", "failed", "pending"], **fields))

    found, total = await query(workflow_id="wf-1")
    assert ([one.id for one in found], total) == (["failed", "done"], 2)
    found, total = await query(search="ksampler waits")
    assert ([one.id for one in found], total) == (["waits"], 1)


async def test_an_upgrade_that_fails_half_way_changes_nothing(old, monkeypatch):
    def broken(prompt):
        raise RuntimeError("the power is gone")

    before = dump(old)
    monkeypatch.setattr("execution.store.job.words_of", broken)
    with pytest.raises(RuntimeError, match="the power is gone"):
        await Store(f"sqlite:///{old}").open()
    assert dump(old) == before


def dump(path):
    connection = sqlite3.connect(path)
    lines = list(connection.iterdump())
    connection.close()
    return lines
