"""What survives the end of a server or of its worker, and what both begin with."""

import asyncio
import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from comfy_core.folders import CHECKOUT
from execution.engine import Engine
from execution.events import ExecutionError, ExecutionInterrupted, ExecutionSuccess
from execution.store.database import DatabaseInUse
from execution.worker import WorkerFailed
from execution.workers.in_process import InProcessWorker
from execution.workers.subprocess import SubprocessWorker
from tests.execution.hands import end_of, error_of, has_started, holding, prompt_of, run_to_the_end


class DeadWorker(InProcessWorker):
    """A worker that cannot start until it is `cured`."""

    cured = False

    async def start(self):
        if not self.cured:
            raise WorkerFailed("torch is not installed; run pip install torch")
        await super().start()


class CrampedWorker(InProcessWorker):
    """A worker that the machine has no room for."""

    async def start(self):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")


class LateWorker(InProcessWorker):
    """A worker that is up when it is told to."""

    def __init__(self, settings):
        super().__init__(settings)
        self.go = asyncio.Event()

    async def start(self):
        await self.go.wait()
        await super().start()


class KeepingWorker(InProcessWorker):
    """A worker that notes each job's attempt in the job's folder."""

    async def run(self, job):
        Path(job.folder).mkdir(parents=True, exist_ok=True)
        (Path(job.folder) / str(job.attempt)).touch()
        async for event in super().run(job):
            yield event


# --- restarts ---


async def test_what_waits_and_what_runs_survives_a_restart(running_engine, node):
    async with running_engine() as engine:
        held = await engine.submit({"prompt": holding(node)})
        waiting = await engine.submit({"prompt": prompt_of(node, value=1)})
        await has_started(engine)
    async with running_engine() as engine:
        assert engine.queue_remaining() == 2
        with engine.subscribe() as events:
            await has_started(engine)
            assert engine.running() == {held.prompt_id: "1"}
            await engine.interrupt()
            assert isinstance(await end_of(events, held.prompt_id), ExecutionInterrupted)
            assert isinstance(await end_of(events, waiting.prompt_id), ExecutionSuccess)
        assert list(await engine.history()) == [held.prompt_id, waiting.prompt_id]
        assert (await engine.submit({"prompt": prompt_of(node, value=2)})).number == 2


SERVER = """
import asyncio, json, sys
from pathlib import Path
from comfy_core.folders import Folders
from execution.engine import Engine
from execution.events import Executed, Executing
from execution.worker import WorkerSettings
from execution.workers.in_process import InProcessWorker

async def main(base, prompts):
    engine = Engine(Folders(base=Path(base)), worker=InProcessWorker(WorkerSettings(base=base, packages=())))
    with engine.subscribe() as events:
        await engine.start()
        for prompt in prompts:
            await engine.submit({"prompt": prompt})
        async for envelope in events:
            if isinstance(envelope.event, Executing) and engine.queue_remaining() == 2 and envelope.event.node:
                if engine.running() == {envelope.event.prompt_id: envelope.event.node}:
                    print("now", flush=True)

asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
"""


def serve_until_killed(base, prompts):
    """A server of its own that gets SIGKILL as soon as two prompts are left and the first of them runs."""
    command = [sys.executable, "-c", SERVER, str(base), json.dumps(prompts)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)
    assert server.stdout.readline() == "now\n"
    server.kill()
    server.wait()


async def test_a_killed_server_loses_nothing_and_what_killed_it_three_times_is_not_tried_again(
    running_engine, folders, node
):
    quick, last = prompt_of(node, value=1), prompt_of(node, value=2)
    await asyncio.to_thread(serve_until_killed, folders.base, [quick, holding(node), last])
    await asyncio.to_thread(serve_until_killed, folders.base, [])
    await asyncio.to_thread(serve_until_killed, folders.base, [])
    async with running_engine() as engine:
        with engine.subscribe(since=0) as events:
            ends = [await end_of(events), await end_of(events)]
        assert [type(one) for one in ends] == [ExecutionError, ExecutionSuccess]
        done, held, waited = (await engine.history()).values()
    assert done["outputs"] == {"2": {"text": ["1"]}}
    assert waited["outputs"] == {"2": {"text": ["2"]}}
    error = held["status"]["messages"][-1][1]
    assert (error["exception_type"], error["node_id"], error["node_type"]) == ("Crashed", "1", "FakeSlow")
    assert error["exception_message"] == (
        "The server ended while node 1 (FakeSlow) was running, 3 times by now. "
        "The prompt is not tried again; others run."
    )


async def test_a_job_keeps_its_folder_over_a_restart_and_leaves_none_behind(running_engine, settings, folders, node):
    async with running_engine(KeepingWorker(settings)) as engine:
        held = await engine.submit({"prompt": holding(node)})
        await has_started(engine)
    assert [one.name for one in (folders.user / "jobs" / held.prompt_id).iterdir()] == ["1"]
    async with running_engine(KeepingWorker(settings)) as engine:
        with engine.subscribe() as events:
            await has_started(engine)
            await engine.interrupt(held.prompt_id)
            await end_of(events, held.prompt_id)
    assert list((folders.user / "jobs").iterdir()) == []


async def test_the_catalogue_of_the_last_start_serves_until_the_worker_is_up(running_engine, settings, node):
    async with running_engine() as engine:
        assert "FakeShow" in await engine.schemas()
    worker = LateWorker(settings)
    async with running_engine(worker) as engine:
        assert "FakeShow" in await engine.schemas()
        assert await engine.stats() == {}
        submitted = await engine.submit({"prompt": prompt_of(node, value=1)})
        assert len((await engine.queue())[1]) == 1
        with engine.subscribe() as events:
            worker.go.set()
            assert isinstance(await end_of(events, submitted.prompt_id), ExecutionSuccess)


async def test_a_class_the_old_catalogue_lacks_is_judged_by_the_new_one(running_engine, folders, settings, node):
    folders.user.mkdir()
    (folders.user / "catalogue.json").write_text("[]")
    worker = LateWorker(settings)
    async with running_engine(worker) as engine:
        submitting = asyncio.create_task(engine.submit({"prompt": prompt_of(node, value=1)}))
        await asyncio.sleep(0.02)
        assert not submitting.done()
        worker.go.set()
        assert (await submitting).node_errors == {}


CHECKED = """
class Checked:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"value": ("INT", {})}})
    RETURN_TYPES, FUNCTION, CATEGORY, OUTPUT_NODE = (), "run", "checked", True

    @classmethod
    def VALIDATE_INPUTS(cls, value):
        return "the disk is full"

    def run(self, value):
        return {}


NODE_CLASS_MAPPINGS = {"Checked": Checked}
"""


async def test_a_node_that_checks_its_inputs_is_asked_also_when_its_worker_is_not_up_yet(
    running_engine, folders, settings, node
):
    folders.custom_nodes.unlink()
    folders.custom_nodes.mkdir()
    (folders.custom_nodes / "checked.py").write_text(CHECKED)
    async with running_engine() as engine:
        assert "Checked" in await engine.schemas()
    worker = LateWorker(settings)
    async with running_engine(worker) as engine:
        asyncio.get_running_loop().call_later(0.02, worker.go.set)
        error = await error_of(engine, {"prompt": {"1": node("Checked", value=1)}})
        assert error["details"] == "Custom validation failed for node: value - the disk is full"


async def test_an_unreadable_catalogue_is_as_good_as_none(running_engine, folders):
    folders.user.mkdir()
    (folders.user / "catalogue.json").write_text("{]")
    async with running_engine() as engine:
        assert "FakeShow" in await engine.schemas()


async def test_an_engine_that_could_not_start_is_closed_like_any_other(engine, folders, settings):
    second = Engine(folders, worker=InProcessWorker(settings))
    with pytest.raises(DatabaseInUse):
        await second.start()
    await second.close()


# --- workers that fail ---


async def test_without_a_worker_prompts_are_refused_or_fail_with_the_reason_and_the_server_lives(
    running_engine, settings, node
):
    async with running_engine(DeadWorker(settings)) as engine:
        assert await engine.schemas() == {}
        error = await error_of(engine, {"prompt": prompt_of(node, value=1)})
        assert (error["type"], error["details"]) == (
            "worker_unavailable",
            "torch is not installed; run pip install torch",
        )
    async with running_engine() as engine:
        await engine.schemas()
    worker = DeadWorker(settings)
    async with running_engine(worker) as engine:
        event = await run_to_the_end(engine, prompt_of(node, value=1))
        assert (event.exception_type, event.exception_message) == ("WorkerFailed", "The worker is not up yet.")
        worker.cured = True
        assert isinstance(await run_to_the_end(engine, prompt_of(node, value=1)), ExecutionSuccess)


async def test_a_machine_that_has_no_room_for_a_worker_is_a_reason_too(running_engine, settings, node):
    async with running_engine(CrampedWorker(settings)) as engine:
        error = await error_of(engine, {"prompt": prompt_of(node, value=1)})
    assert error["details"].startswith("The worker could not start: ")
    assert error["details"].endswith("Resource temporarily unavailable")


async def kill_worker_of(engine, worker):
    await has_started(engine)
    os.kill(worker._child._process.pid, signal.SIGKILL)
    while any(engine.running().values()):
        await asyncio.sleep(0.005)


async def test_a_prompt_whose_worker_dies_begins_again_and_fails_when_one_node_did_so_three_times(
    running_engine, settings, node
):
    worker = SubprocessWorker(settings)
    async with running_engine(worker) as engine:
        with engine.subscribe() as events:
            held = await engine.submit({"prompt": holding(node)})
            next_ = await engine.submit({"prompt": prompt_of(node, value=1)})
            for attempt in (1, 2, 3):
                await kill_worker_of(engine, worker)
                if attempt < 3:
                    assert engine.queue_remaining() == 2
            error = await end_of(events)
            assert (error.prompt_id, error.exception_type, error.node_id) == (held.prompt_id, "Crashed", "1")
            assert error.exception_message == (
                "The worker was killed (SIGKILL), most likely because memory ran out, while node 1 (FakeSlow) was "
                "running, 3 times by now. The prompt is not tried again; others run."
            )
            assert isinstance(await end_of(events, next_.prompt_id), ExecutionSuccess)
        assert (await engine.job(held.prompt_id)).attempts == 3


@pytest.mark.parametrize("text", ["'{]'", "CAST(x'7bff' AS TEXT)"], ids=["no JSON", "no UTF-8"])
async def test_a_prompt_that_cannot_be_read_any_more_has_failed_and_the_next_one_runs(
    running_engine, folders, node, text
):
    async with running_engine() as engine:
        held = await engine.submit({"prompt": holding(node)})
        damaged, whole = [(await engine.submit({"prompt": prompt_of(node, value=n)})).prompt_id for n in (1, 2)]
        await has_started(engine)
    with closing(sqlite3.connect(folders.user / "easel.db")) as database:
        database.execute(
            f"UPDATE prompts SET prompt = {text} WHERE job IN (SELECT sequence FROM jobs WHERE id = ?)", (damaged,)
        )
        database.commit()
    async with running_engine() as engine:
        with engine.subscribe() as events:
            await has_started(engine)
            await engine.interrupt(held.prompt_id)
            error = await end_of(events, damaged)
            assert (error.exception_type, error.exception_message) == (
                "Unreadable",
                "The database has no readable prompt for it.",
            )
            assert isinstance(await end_of(events, whole), ExecutionSuccess)
        while engine.queue_remaining():
            await asyncio.sleep(0.005)
        entry = (await engine.history_entry(damaged))[damaged]
        assert (entry["status"]["status_str"], entry["prompt"][2]) == ("error", {})
