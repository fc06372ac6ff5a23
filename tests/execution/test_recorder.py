"""What happens in a run is written, then told, in order."""

import asyncio
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from execution import recorder as recording
from execution.events import Executed, Executing, ExecutionError, ExecutionStart, ExecutionSuccess
from execution.recorder import Recorder
from execution.store import StoredJob


class SlowStore:
    """Notes what it is to write, and has written it when the test says so."""

    def __init__(self):
        self.asked, self.waiting = [], []

    def start(self, job):
        return self._ask((job.id, "running"))

    def save_outputs(self, job, nodes):
        return self._ask((job.id, nodes))

    def finish(self, job, status):
        return self._ask((job.id, status))

    def _ask(self, what):
        self.asked.append(what)
        self.waiting.append(asyncio.get_running_loop().create_future())
        return self.waiting[-1]

    def answer(self, error=None):
        for future in self.waiting:
            future.set_exception(error) if error else future.set_result(None)
        self.waiting.clear()


@pytest.fixture
def store():
    return SlowStore()


@pytest.fixture
def told():
    return []


@pytest.fixture
async def recorder(store, told, tmp_path):
    hub = SimpleNamespace(publish=lambda event, client_id: told.append(event))
    recorder = Recorder(store, hub, tmp_path / "jobs", lambda: told.append("status"))
    task = asyncio.create_task(recorder.run_forever())
    yield recorder
    task.cancel()


@pytest.fixture
def job():
    return StoredJob(id="p", number=0, prompt={"1": {}}, targets=["1"])


async def turn():
    for _ in range(10):
        await asyncio.sleep(0)


def shows(node):
    names = {"node": node, "display_node": node, "parent_node": None, "real_node_id": node}
    return Executed(prompt_id="p", output={"text": [node]}, **names)


START = ExecutionStart(prompt_id="p", timestamp=0)
SUCCESS = ExecutionSuccess(prompt_id="p", timestamp=1)
FAILURE = ExecutionError(prompt_id="p", node_id="1", node_type="x", exception_message="no", exception_type="E")
CLOSING = Executing(prompt_id="p", node=None)


async def test_what_needs_no_writing_is_told_at_once(recorder, store, told, job):
    await recorder.add(job, START)
    await turn()
    assert (told, store.asked) == ([START], [])


async def test_an_output_and_an_end_are_told_when_they_are_written(recorder, store, told, job):
    await recorder.add(job, shows("1"), SUCCESS, CLOSING)
    await turn()
    assert (told, store.asked) == ([], [("p", ["1"]), ("p", "completed")])
    assert recorder.ending == {"p"}
    store.answer()
    await turn()
    assert told == [shows("1"), SUCCESS, "status", CLOSING]
    assert recorder.ending == set()


async def test_what_happens_while_something_is_written_is_written_together(recorder, store, told, job):
    await recorder.add(job, shows("0"))
    await turn()
    for node in range(1, 500):
        await recorder.add(job, shows(str(node)))
    store.answer()
    await turn()
    assert store.asked == [("p", ["0"]), ("p", [str(node) for node in range(1, 500)])]


async def test_the_job_keeps_what_its_entry_shows(recorder, job):
    await recorder.add(job, START, shows("1"), FAILURE)
    assert job.outputs == {"1": {"text": ["1"]}}
    assert job.meta == {"1": {"node_id": "1", "display_node": "1", "parent_node": None, "real_node_id": "1"}}
    assert [name for name, _ in job.messages] == ["execution_start", "execution_error"]
    assert job.error["exception_message"] == "no"


async def test_what_cannot_be_written_is_told_all_the_same_and_written_later(recorder, store, told, job, monkeypatch):
    monkeypatch.setattr(recording, "SECONDS_AFTER_A_STORE_ERROR", 0.01)
    await recorder.add(job, SUCCESS)
    await turn()
    store.answer(sa.exc.OperationalError("INSERT", {}, Exception("disk full")))
    await turn()
    assert told == [SUCCESS, "status"]
    while len(store.asked) < 2:
        await asyncio.sleep(0.01)
    store.answer()
    assert store.asked == [("p", "completed")] * 2
    await asyncio.sleep(0.03)
    assert len(store.asked) == 2


async def test_a_beginning_that_cannot_be_written_is_written_before_what_happens_next(recorder, store, job):
    recorder.begin(job)
    store.answer(sa.exc.OperationalError("UPDATE", {}, Exception("disk full")))
    await turn()
    await recorder.add(job, SUCCESS)
    await turn()
    assert store.asked == [("p", "running"), ("p", "running"), ("p", "completed")]


async def test_the_folder_of_a_job_goes_when_its_end_is_written(recorder, store, job, tmp_path):
    (tmp_path / "jobs" / "p").mkdir(parents=True)
    await recorder.add(job, SUCCESS)
    await turn()
    assert (tmp_path / "jobs" / "p").exists()
    store.answer()
    await recorder.all_told()
    assert not (tmp_path / "jobs" / "p").exists()
