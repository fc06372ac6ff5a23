"""A damaged database costs what was on its bad pages, and nothing else."""

import logging
import sqlite3

import pytest

from execution.store import Store, StoredJob
from execution.store.database import DatabaseRefused

PAGE = 4096


@pytest.fixture
async def damaged(tmp_path):
    """`damaged(text)`: a store's file with 30 finished prompts and 10 that wait, of which the page with a text that it
    holds once is overwritten."""
    path = tmp_path / "easel.db"
    store = Store(f"sqlite:///{path}")
    await store.open()
    for number in range(40):
        prompt = {"1": {"class_type": "Text", "inputs": {"text": f"{number} " * 300, "value": f"Prompt {number}."}}}
        timings = {"1": f"Job {number}." + 300 * " "}
        job = StoredJob(id=str(number), number=number, prompt=prompt, targets=["1"], created_at=1, timings=timings)
        await store.add(job)
        if number < 30:
            job.outputs, job.meta = {"1": {"text": [str(number)]}}, {"1": {}}
            await store.save_outputs(job, ["1"])
            await store.finish(job, "completed")
    await store.close()

    def damaged(text):
        data = bytearray(path.read_bytes())
        assert data.count(text) == 1
        page = data.index(text) // PAGE
        data[page * PAGE : (page + 1) * PAGE] = b"?" * PAGE
        path.write_bytes(data)
        return path

    return damaged


@pytest.fixture
async def opened():
    stores = []

    async def opened(path):
        stores.append(Store(f"sqlite:///{path}", history_days=1e6))
        await stores[-1].open()
        return stores[-1]

    yield opened
    for store in stores:
        await store.close()


@pytest.mark.parametrize("text", [b"Prompt 12.", b"Job 12."])
async def test_what_is_on_other_pages_is_kept_in_its_order(damaged, opened, caplog, text):
    path = damaged(text)
    with caplog.at_level(logging.WARNING):
        store = await opened(path)
    assert "is damaged" in caplog.text
    assert any(path.parent.glob("easel.db.corrupt-*"))
    history, queue = await store.history(), await store.in_queue()
    there = [int(one.id) for one in [*history, *queue]]
    assert there == sorted(there)
    assert 20 < len(there) < 40
    for one in history:
        assert one.prompt["1"]["inputs"]["text"].startswith(f"{one.id} ")
        assert one.outputs == {"1": {"text": [one.id]}}
    assert (await store.take()).id == queue[0].id


async def test_a_file_that_is_cut_off_keeps_what_comes_before(damaged, opened, tmp_path):
    path = damaged(b"Prompt 12.")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    store = await opened(path)
    await store.add(StoredJob(id="new", number=99, prompt={"1": {}}, targets=["1"]))
    assert [one.id for one in await store.in_queue()][-1] == "new"


async def test_what_cannot_be_opened_is_refused_with_its_place_and_the_way_out(opened, tmp_path):
    (tmp_path / "easel.db").mkdir()
    with pytest.raises(DatabaseRefused, match=r"easel\.db cannot be used: unable to open .* --user-directory"):
        await opened(tmp_path / "easel.db")


async def test_a_database_without_one_of_its_tables_begins_anew(damaged, opened):
    path = damaged(b"Prompt 12.")
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE jobs")
    connection.close()
    store = await opened(path)
    assert await store.history() == []
