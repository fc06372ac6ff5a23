"""Workers in this process and in one of their own: the same events, and a process whose end is survived."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import aclosing

import pytest

import execution.workers.process
import execution.workers.subprocess
from comfy_core.folders import CHECKOUT
from execution.events import (
    Executed,
    Executing,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    Preview,
)
from execution.why import Past
from execution.worker import Job, WorkerCrashed, WorkerFailed, WorkerSettings
from execution.workers import in_process
from execution.workers.in_process import InProcessWorker
from execution.workers.process import Child
from execution.workers.subprocess import SubprocessWorker
from tests.waiting import wait_until


def prompt_of(class_type, **inputs):
    return {
        "1": {"class_type": class_type, "inputs": inputs},
        "2": {"class_type": "FakeShow", "inputs": {"value": ["1", 0]}},
    }


def job_of(class_type, prompt_id="p", place="", **inputs):
    return Job(prompt_id=prompt_id, prompt=prompt_of(class_type, **inputs), outputs=["2"], place=str(place))


async def each(batches):
    async with aclosing(batches):
        async for events in batches:
            for event in events:
                yield event


async def events_of(worker, job):
    return [event async for event in each(worker.run(job))]


def texts(events):
    return [event.output["text"][0] for event in events if isinstance(event, Executed)]


def the(kind, events):
    (event,) = [event for event in events if isinstance(event, kind)]
    return event


@pytest.fixture(params=["in_process", "subprocess"])
async def worker(request, settings):
    kind = InProcessWorker if request.param == "in_process" else SubprocessWorker
    worker = kind(settings)
    await worker.start()
    yield worker
    await worker.close()


@pytest.fixture
async def process(settings):
    """A subprocess worker that waits 0.2 s for an interrupt to be heeded."""
    worker = SubprocessWorker(settings, patience=0.2)
    await worker.start()
    yield worker
    await worker.close()


async def until(event_type, events):
    async for event in events:
        if isinstance(event, event_type):
            return event
    raise AssertionError(f"no {event_type.__name__} came")


async def test_a_worker_tells_its_nodes_and_runs_prompts(worker):
    assert "FakeNumber" in {schema.id for schema in await worker.catalogue()}
    events = await events_of(worker, job_of("FakeNumber", value=3))
    assert texts(events) == ["3"]
    assert isinstance(events[0], ExecutionStart)
    assert isinstance(events[-2], ExecutionSuccess)
    assert events[-1] == Executing(prompt_id="p", node=None)


async def test_pictures_and_numbers_of_any_size_arrive(worker):
    events = await events_of(worker, job_of("FakeSteps", count=2))
    assert the(Preview, events).data == b"picture"
    job = Job(prompt_id="p", prompt={"1": {"class_type": "FakeShowAny", "inputs": {"value": 2**70}}}, outputs=["1"])
    assert texts(await events_of(worker, job)) == [str(2**70)]


async def test_a_failing_node_ends_the_job_and_not_the_worker(worker):
    error = the(ExecutionError, await events_of(worker, job_of("FakeFail", value=1)))
    assert error.exception_message == "the value is no good; use another"
    assert texts(await events_of(worker, job_of("FakeNumber", value=4))) == ["4"]


async def test_an_interrupt_is_heeded_and_the_same_id_can_run_again(worker):
    events = each(worker.run(job_of("FakeSlow", seconds=60)))
    await until(Executing, events)
    await worker.interrupt("another prompt")
    began = time.monotonic()
    await worker.interrupt("p")
    assert (await until(ExecutionInterrupted, events)).node_id == "1"
    assert time.monotonic() - began < 30  # of the node's 60 seconds
    assert (await until(Executing, events)).node is None
    await events.aclose()
    assert texts(await events_of(worker, job_of("FakeNumber", value=4))) == ["4"]


async def test_stats_and_free_work_without_devices(worker):
    await worker.free(True, True)
    stats = await worker.stats()
    assert stats["devices"] == []
    assert stats["pytorch_version"]


async def test_freeing_memory_drops_the_cache(worker):
    await events_of(worker, job_of("FakeNumber", value=3))
    await worker.free(False, True)
    events = await events_of(worker, job_of("FakeNumber", value=3))
    assert [event.node for event in events if isinstance(event, Executing)] == ["1", "2", None]


# --- a thread of this process ---


@pytest.fixture
def done(monkeypatch):
    """What was done late: the preparations of a worker, and its notes after a run."""
    done = []

    def late(what):
        return lambda *arguments: time.sleep(0.1) or done.append(what)

    monkeypatch.setattr(in_process, "prepare", late("prepared"))
    monkeypatch.setattr(Past, "save", late("noted"))
    return done


async def test_what_follows_the_end_of_a_run_is_done_when_its_worker_is_closed(settings, done):
    worker = InProcessWorker(settings)
    await worker.start()
    events = each(worker.run(job_of("FakeNumber", value=1)))
    await until(ExecutionSuccess, events)
    await events.aclose()
    await worker.close()
    assert done == ["prepared", "noted"]


async def test_a_worker_that_is_closed_while_it_starts_has_done_so(settings, done):
    worker = InProcessWorker(settings)
    starting = asyncio.create_task(worker.start())
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await worker.close()
    assert done == ["prepared"]


async def test_a_node_that_ignores_the_interrupt_is_left_behind(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(in_process, "SECONDS_TO_END", 0.05)
    worker = InProcessWorker(settings)
    await worker.start()
    events = each(worker.run(job_of("FakeUntil", path=str(tmp_path / "go"))))
    await until(Executing, events)
    await events.aclose()
    await worker.close()
    (tmp_path / "go").touch()


# --- a process of its own ---


async def test_what_nodes_print_does_not_disturb_the_messages(process):
    assert texts(await events_of(process, job_of("FakePrint"))) == ["1"]


@pytest.mark.parametrize(
    ("class_type", "manner"),
    [
        ("FakeCrash", "was killed (SIGKILL), most likely because memory ran out,"),
        ("FakeExit", "ended with exit code 7"),
    ],
)
async def test_a_crash_names_the_node_and_the_manner_and_the_next_job_runs(process, class_type, manner, tmp_path):
    with pytest.raises(WorkerCrashed, match=re.escape(f"The worker {manner}")) as crash:
        await events_of(process, job_of(class_type, place=tmp_path / "place.json"))
    assert crash.value.node == "1"
    assert texts(await events_of(process, job_of("FakeNumber", value=4))) == ["4"]


async def test_killed_from_outside_in_the_middle_of_a_node(process):
    events = each(process.run(job_of("FakeSlow", seconds=60)))
    await until(Executing, events)
    os.kill(process._child._process.pid, signal.SIGKILL)
    with pytest.raises(WorkerCrashed) as crash:
        await until(ExecutionSuccess, events)
    assert crash.value.node == "1"


async def test_killed_while_idle_costs_nothing(process):
    os.kill(process._child._process.pid, signal.SIGKILL)
    while process._child.exit_code is None:
        await asyncio.sleep(0.01)
    assert await process.stats() == {}
    assert texts(await events_of(process, job_of("FakeNumber", value=4))) == ["4"]


async def test_killed_before_the_first_node_no_node_is_blamed(process):
    process._child._process.send_signal(signal.SIGSTOP)
    running = asyncio.create_task(events_of(process, job_of("FakeNumber", value=4)))
    while process._child.job is None:
        await asyncio.sleep(0.01)
    process._child._process.kill()
    with pytest.raises(WorkerCrashed) as crash:
        await running
    assert crash.value.node == ""


async def test_a_node_that_ignores_the_interrupt_loses_its_process(process):
    events = each(process.run(job_of("FakeSlow", seconds=60, heeds_interrupts=False)))
    await until(Executing, events)
    await process.interrupt("p")
    assert (await until(ExecutionInterrupted, events)).node_type == "FakeSlow"
    await events.aclose()
    assert texts(await events_of(process, job_of("FakeNumber", value=4))) == ["4"]


async def test_the_process_that_goes_on_was_prepared_before_the_other_one_was_killed(process, monkeypatch):
    prepared, kill = [], Child.kill_if_running

    def note_and_kill(child, prompt_id):
        prepared.append(process._spare)
        kill(child, prompt_id)

    monkeypatch.setattr(Child, "kill_if_running", note_and_kill)
    events = each(process.run(job_of("FakeSlow", seconds=60, heeds_interrupts=False)))
    await until(Executing, events)
    await process.interrupt("p")
    await until(ExecutionInterrupted, events)
    await events.aclose()
    assert texts(await events_of(process, job_of("FakeNumber", value=4))) == ["4"]
    assert prepared == [process._child]


async def test_a_prepared_process_that_nobody_needs_is_ended(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(execution.workers.subprocess, "PART_BEFORE_A_SPARE", 0)
    worker = SubprocessWorker(settings, patience=60)
    await worker.start()
    events = each(worker.run(job_of("FakeUntil", path=str(tmp_path / "go"))))
    await until(Executing, events)
    await worker.interrupt("p")
    while worker._spare is None:
        await asyncio.sleep(0.01)
    prepared = worker._spare
    (tmp_path / "go").touch()
    await until(ExecutionInterrupted, events)
    assert (await until(Executing, events)).node is None
    await events.aclose()
    while worker._insisting:
        await asyncio.sleep(0.01)
    assert prepared.exit_code is not None
    assert worker._spare is None
    await worker.close()


async def test_a_worker_that_cannot_start_says_why():
    worker = SubprocessWorker(WorkerSettings(base="\0", packages=()))
    with pytest.raises(WorkerFailed, match=r"The worker could not start: ValueError: .*null"):
        await worker.start()
    with pytest.raises(WorkerFailed, match="The worker could not start: ValueError"):
        await events_of(worker, job_of("FakeNumber", value=4))


@pytest.mark.parametrize("script", ["__init__", "prestartup_script"])
async def test_a_pack_that_ends_the_process_while_it_is_loaded_is_named(tmp_path, script):
    for name in ("all-well", "fatal", "later"):
        (tmp_path / "custom_nodes" / name).mkdir(parents=True)
        (tmp_path / "custom_nodes" / name / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}")
    (tmp_path / "custom_nodes" / "fatal" / f"{script}.py").write_text("import os\nos._exit(3)")
    worker = SubprocessWorker(WorkerSettings(base=str(tmp_path), packages=()))
    said = r"ended with exit code 3 while it loaded custom_nodes/fatal; mend it, or rename it to fatal\.disabled\."
    with pytest.raises(WorkerFailed, match=said):
        await worker.start()


async def test_a_job_that_nobody_waits_for_any_more_is_ended_with_its_process(process):
    events = each(process.run(job_of("FakeSlow", seconds=60, heeds_interrupts=False)))
    await until(Executing, events)
    await events.aclose()
    assert texts(await events_of(process, job_of("FakeNumber", value=4))) == ["4"]


async def test_the_process_ends_when_it_is_told_to(process):
    pid = process._child._process.pid
    await process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


PARENT = """
import asyncio, sys
from execution.worker import WorkerSettings
from execution.workers.subprocess import SubprocessWorker

async def main():
    worker = SubprocessWorker(WorkerSettings(base=sys.argv[1], packages=()))
    await worker.start()
    print(worker._child._process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_process_ends_when_its_parent_is_killed(folders):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folders.base)], stdout=subprocess.PIPE, cwd=CHECKOUT, text=True
    )
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(pid))


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- who imports what ---


@pytest.mark.parametrize("module", ["execution.engine", "execution.workers.subprocess", "execution.workers.in_process"])
def test_the_engine_imports_neither_torch_nor_a_web_server(module):
    code = f"import sys, {module}; print([one for one in ('torch', 'aiohttp', 'alembic') if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, check=True)
    assert done.stdout.strip() == "[]"


# --- questions ---

SLOW = """
import ctypes, time
from pathlib import Path


class Slow:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"go": ("STRING", {})}})
    RETURN_TYPES, FUNCTION, CATEGORY, OUTPUT_NODE = (), "run", "slow", True

    def run(self, go):
        if go:  # no other thread of this process runs meanwhile
            ctypes.PyDLL(None).system(f"touch {go}.begun; until [ -e {go} ]; do sleep 0.01; done".encode())
        return {}


class Checked(Slow):
    @classmethod
    def VALIDATE_INPUTS(cls, go):
        if go:
            Path(go + ".begun").touch()
        while go and not Path(go).exists():
            time.sleep(0.01)
        return "it is late"


class Breaks(Slow):
    def run(self, go):
        import json, sys
        json.dumps = json.loads = None
        if go:
            sys.stderr.close()
            time.perf_counter = None
        return {}


NODE_CLASS_MAPPINGS = {"Slow": Slow, "Checked": Checked, "Breaks": Breaks}
"""


def slow_prompt(class_type, go="", id="1"):
    """Its node works, or checks, until there is a file `go`; if that is given."""
    return {id: {"class_type": class_type, "inputs": {"go": str(go)}}}


@pytest.fixture
async def slow(tmp_path):
    (tmp_path / "custom_nodes").mkdir()
    (tmp_path / "custom_nodes" / "slow.py").write_text(SLOW)
    worker = SubprocessWorker(WorkerSettings(base=str(tmp_path), packages=()))
    await worker.start()
    yield worker
    await worker.close()


@pytest.fixture
def go(tmp_path):
    return tmp_path / "go"


async def has_begun(go):
    while not go.with_suffix(".begun").exists():
        await asyncio.sleep(0.01)


def told(caplog):
    return [one.getMessage() for one in caplog.records]


async def test_a_prompt_waits_for_a_check_that_takes_long_and_others_do_not(slow, go, caplog, monkeypatch):
    late = [asyncio.create_task(slow.check(slow_prompt("Checked", go)))]
    await has_begun(go)
    with monkeypatch.context() as hurried:
        hurried.setattr(execution.workers.process, "SECONDS_OF_PATIENCE", 0.1)
        late.append(asyncio.create_task(slow.check(slow_prompt("Checked", go, id="2"))))
        while not caplog.records:
            await asyncio.sleep(0.01)
    assert (await slow.check(slow_prompt("Checked"))).error["details"].endswith("go - it is late")
    assert [one.done() for one in late] == [False, False]
    go.touch()
    assert all(found.error["details"].endswith("go - it is late") for found in await asyncio.gather(*late))
    assert told(caplog)[0].startswith("a prompt waits for node 1 (Checked)")
    assert told(caplog)[0].endswith(": its check takes long")


async def test_a_prompt_does_not_wait_for_a_worker_whose_node_lets_it_say_nothing(slow, go, caplog, monkeypatch):
    monkeypatch.setattr(execution.workers.process, "SECONDS_OF_PATIENCE", 0.1)
    monkeypatch.setattr(execution.workers.process, "SECONDS_FOR_STATS", 0.1)
    events = each(slow.run(Job(prompt_id="p", prompt=slow_prompt("Slow", go), outputs=["1"])))
    rest = asyncio.create_task(until(ExecutionSuccess, events))
    await has_begun(go)
    assert await slow.check(slow_prompt("Checked")) is None
    assert not rest.done()
    assert told(caplog) == ["the worker did not answer in time (check); it goes on without"]
    go.touch()
    await rest
    await events.aclose()


# --- processes that nodes break ---


def slow_job(class_type, go="", attempt=1):
    return Job(prompt_id="p", prompt=slow_prompt(class_type, go), outputs=["1"], attempt=attempt)


async def test_what_a_node_puts_in_place_of_the_functions_of_json_is_not_called(slow):
    pid = slow._child._process.pid
    for class_type in ("Breaks", "Slow"):
        assert isinstance((await events_of(slow, slow_job(class_type)))[-2], ExecutionSuccess)
    assert (await slow.check(slow_prompt("Checked"))).error is not None
    assert slow._child._process.pid == pid


async def test_a_process_in_which_nothing_works_any_more_is_replaced_and_its_job_can_begin_once_more(slow):
    await events_of(slow, slow_job("Breaks", "everything"))
    with pytest.raises(WorkerCrashed, match="exit code 1"):
        await events_of(slow, slow_job("Slow"))
    assert isinstance((await events_of(slow, slow_job("Slow", attempt=2)))[-2], ExecutionSuccess)


async def test_what_fails_in_the_engine_a_second_time_is_told(slow):
    await events_of(slow, slow_job("Breaks", "everything"))
    *_, error, last = await events_of(slow, slow_job("Slow", attempt=2))
    assert error.exception_message == "The engine failed: 'NoneType' object is not callable"
    assert last == Executing(prompt_id="p", node=None)
