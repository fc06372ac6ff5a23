"""The history: found by words, in pages, and no more of it than is wanted."""

import time

import pytest

from execution.events import now_ms
from execution.store import JobQuery, Store, StoredJob, archive, rows
from execution.store.database import open_database

DAY = 24 * 3600 * 1000


def prompt_of(model, text):
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": model}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": text, "clip": ["1", 1]}, "_meta": {"title": "Wish"}},
    }


@pytest.fixture
async def make_store(tmp_path):
    made = []

    async def make(**settings):
        store = Store(f"sqlite:///{tmp_path}/easel.db", **settings)
        await store.open()
        made.append(store)
        return store

    yield make
    for store in made:
        await store.close()


async def add_finished(store, name, prompt, **fields):
    job = StoredJob(id=name, number=0, prompt=prompt, targets=["2"], created_at=now_ms(), **fields)
    await store.add(job)
    await store.finish(job, "completed")


@pytest.fixture
async def store(make_store):
    store = await make_store()
    await add_finished(store, "apple", prompt_of("SD15/dreamshaper_8.safetensors", "a red Apple, 100% ripe"))
    await add_finished(store, "pear", prompt_of("sd_xl_base_1.0.safetensors", "a green pear"))
    await store.add(StoredJob(id="waits", number=0, prompt=prompt_of("sdxl.safetensors", "a plum"), targets=["2"]))
    return store


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", "apple pear"),
        ("apple", "apple"),
        ("DREAM", "apple"),
        ("dreamshaper_8.safetensors", "apple"),
        ("green  sd_xl", "pear"),
        ("green dreamshaper", ""),
        ("cliptextencode", "apple pear"),
        ("wish", "apple pear"),
        ("100%", "apple"),
        ("%", "apple"),
        ("d_x", "pear"),
        ("a'; DROP TABLE jobs", ""),
        ("plum", ""),
    ],
)
async def test_words_find_the_jobs_that_have_all_of_them(store, search, found):
    assert " ".join(one.id for one in await store.history(search=search)) == found
    jobs, total = await store.list_jobs(JobQuery(["completed"], search=search, ascending=True))
    assert (" ".join(one.id for one in jobs), total) == (found, len(found.split()))


async def test_what_waits_can_be_found_too(store):
    jobs, _ = await store.list_jobs(JobQuery(["pending", "completed"], search="plum"))
    assert [one.id for one in jobs] == ["waits"]


@pytest.mark.parametrize(
    "prompt",
    [
        {"1": {"class_type": "\ud800\0", "inputs": {"a": "\ud800"}}},
        {"1": {"class_type": "x", "inputs": {"a": "y" * 10**6}}},
    ],
)
async def test_any_text_can_be_kept(store, prompt):
    await add_finished(store, "odd", prompt)
    assert (await store.find("odd")).prompt == prompt


async def test_a_page_of_a_found_part_comes_with_the_whole_number(store):
    jobs, total = await store.list_jobs(JobQuery(["completed"], search="safetensors", offset=1, limit=1))
    assert ([one.id for one in jobs], total) == (["apple"], 2)


async def test_of_many_finished_jobs_the_newest_are_kept(make_store):
    store = await make_store(longest_history=30)
    for number in range(250):
        await add_finished(store, str(number), {})
    assert 30 <= len(await store.history()) <= 33
    await store.close()
    store = await make_store(longest_history=30)
    assert [one.id for one in await store.history()] == [str(number) for number in range(220, 250)]


async def test_old_jobs_are_forgotten_and_what_waits_never_is(make_store, monkeypatch):
    store = await make_store(history_days=2)
    with monkeypatch.context() as patch:
        patch.setattr("execution.store.rows.now_ms", lambda: int(time.time() * 1000) - 3 * DAY)
        await add_finished(store, "old", {})
    await add_finished(store, "new", {})
    await store.add(StoredJob(id="waits", number=0, prompt={"1": {}}, targets=["1"], created_at=0))
    await store.close()
    store = await make_store(history_days=2)
    assert [one.id for one in await store.history()] == ["new"]
    assert await store.pending_ids() == ["waits"]
    assert (await store.find("old")) is None


def finish(connection, job):
    rows.insert(connection, job)
    rows.finish(connection, job, "completed")


@pytest.mark.parametrize(
    ("work", "index"),
    [
        (finish, "jobs_in_history_order"),
        (lambda connection, job: archive.history(connection, 10, None, ""), "jobs_in_history_order"),
        (lambda connection, job: archive.page(connection, JobQuery(["pending"], workflow_id="w")), "jobs_of_workflow"),
    ],
)
def test_a_long_history_is_not_looked_through_from_end_to_end(tmp_path, work, index):
    database = open_database(f"sqlite:///{tmp_path}/easel.db")
    with database.connect() as connection:
        driver = connection.connection.driver_connection
        asked = []
        driver.set_trace_callback(asked.append)
        work(connection, StoredJob(id="one", number=0, prompt={}, targets=[]))
        driver.set_trace_callback(None)
        statements = [one for one in asked if not one.startswith(("BEGIN", "ROLLBACK"))]
        plan = [row[3] for one in statements for row in driver.execute(f"EXPLAIN QUERY PLAN {one}")]
    database.dispose()
    assert any(index in step for step in plan)
    assert "SCAN jobs" not in plan
