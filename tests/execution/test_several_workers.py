"""One queue and several workers: prompts run at the same time, and none is lost, doubled or in another's way."""

import asyncio
import random

import pytest

from execution.engine import Engine
from execution.events import ExecutionError, ExecutionInterrupted, ExecutionSuccess
from execution.validate import Validation
from execution.worker import WorkerFailed
from execution.workers.subprocess import SubprocessWorker
from tests.execution.hands import end_of, holding, prompt_of, run_to_the_end


@pytest.fixture
def workers(settings):
    return [SubprocessWorker(settings) for _ in range(2)]


@pytest.fixture
async def engine(folders, workers):
    first, *others = workers
    engine = Engine(folders, worker=first, more_workers=others)
    await engine.start()
    await all_are_idle(engine)
    yield engine
    await engine.close()


async def all_are_idle(engine):
    while len(engine._dispatcher._idle) < len(engine._workers):
        await asyncio.sleep(0.005)


async def runs(engine, *ids):
    """Wait until just these run, each at its first node."""
    while engine.running() != dict.fromkeys(ids, "1"):
        await asyncio.sleep(0.005)


async def submitted(engine, *prompts):
    return [(await engine.submit({"prompt": prompt})).prompt_id for prompt in prompts]


async def ends_of(events, ids):
    """How each of these ended."""
    ends = {}
    while len(ends) < len(ids):
        end = await end_of(events)
        if end.prompt_id in ids:
            assert ends.setdefault(end.prompt_id, end) is end
    return [type(ends[one]) for one in ids]


async def test_as_many_prompts_run_as_there_are_workers_and_the_others_wait(engine, node):
    with engine.subscribe() as events:
        one, other, third = await submitted(engine, holding(node), holding(node), prompt_of(node, value=1))
        await runs(engine, one, other)
        assert engine.queue_remaining() == 3
        running, pending = await engine.queue()
        assert ([item[1] for item in running], [item[1] for item in pending]) == ([one, other], [third])
        await engine.interrupt(other)
        assert await ends_of(events, [other, third]) == [ExecutionInterrupted, ExecutionSuccess]
        await runs(engine, one)
        await engine.interrupt()
        assert await ends_of(events, [one]) == [ExecutionInterrupted]


async def test_an_interrupt_without_an_id_stops_all_that_run(engine, node):
    with engine.subscribe() as events:
        ids = await submitted(engine, holding(node), holding(node))
        await runs(engine, *ids)
        await engine.interrupt()
        assert await ends_of(events, ids) == [ExecutionInterrupted] * 2
    assert engine.queue_remaining() == 0


async def test_many_prompts_give_what_one_worker_gives_each_once(engine, node, run):
    chance = random.Random(3)
    prompts = [sum_of(node, [chance.randrange(10) for _ in range(chance.randrange(1, 9))]) for _ in range(60)]
    with engine.subscribe() as events:
        ids = await submitted(engine, *prompts)
        assert await ends_of(events, ids) == [ExecutionSuccess] * len(ids)
    history = await engine.history()
    assert sorted(history) == sorted(ids)
    assert [history[id]["outputs"]["show"] for id in ids] == [{"text": [str(sum_in(one))]} for one in prompts]
    assert engine.queue_remaining() == 0
    assert engine._dispatcher.waiting == set()


def sum_of(node, values):
    """A prompt that adds these one by one."""
    prompt = {str(at): node("FakeNumber", value=value) for at, value in enumerate(values)}
    last = "0"
    for at in range(1, len(values)):
        prompt[f"sum {at}"] = node("FakeAdd", a=[last, 0], b=[str(at), 0])
        last = f"sum {at}"
    return prompt | {"show": node("FakeShow", value=[last, 0])}


def sum_in(prompt):
    return sum(one["inputs"]["value"] for one in prompt.values() if one["class_type"] == "FakeNumber")


async def test_prompts_begin_in_the_order_of_the_queue(engine, node):
    held = await submitted(engine, holding(node), holding(node))
    await runs(engine, *held)
    waiting = await submitted(engine, *(prompt_of(node, value=value) for value in range(6)))
    front = (await engine.submit({"prompt": prompt_of(node, value=7), "front": True})).prompt_id
    with engine.subscribe() as events:
        await engine.interrupt(held[0])
        assert [(await end_of(events)).prompt_id for _ in range(8)] == [held[0], front, *waiting]


async def test_a_crash_of_one_worker_leaves_the_others_prompt_alone(engine, node):
    with engine.subscribe() as events:
        (held,) = await submitted(engine, holding(node))
        await runs(engine, held)
        (crashes,) = await submitted(engine, prompt_of(node, "FakeCrash"))
        end = await end_of(events, crashes)
        assert isinstance(end, ExecutionError)
        assert "while node 1 (FakeCrash) was running, 3 times" in end.exception_message
        assert engine.running() == {held: "1"}
        (after,) = await submitted(engine, prompt_of(node, value=1))
        assert await ends_of(events, [after]) == [ExecutionSuccess]
        assert engine.running() == {held: "1"}


async def test_a_workflow_comes_back_to_the_worker_that_has_its_results(engine, node):
    first, second = sum_of(node, [1, 2, 3]), sum_of(node, [4, 5, 6, 7])
    with engine.subscribe() as events:
        ids = await submitted(engine, first, second)
        await ends_of(events, ids)
    await all_are_idle(engine)
    for prompt in (second, first, second, first):
        forecast = await engine.explain(prompt)
        assert (sorted(forecast["cached"]), forecast["runs"]) == (sorted(prompt), [])
        await run_to_the_end(engine, prompt)
        await all_are_idle(engine)
        *_, entry = (await engine.history()).values()
        assert {one["cached"] for one in entry["timings"].values()} == {True}


async def test_free_reaches_every_worker(engine, node):
    prompts = [sum_of(node, [1, 2, 3]), sum_of(node, [4, 5, 6, 7])]
    with engine.subscribe() as events:
        await ends_of(events, await submitted(engine, *prompts))
        await engine.free(unload_models=True, free_memory=True)
        ids = await submitted(engine, *prompts)
        await ends_of(events, ids)
    history = await engine.history()
    assert {one["cached"] for id in ids for one in history[id]["timings"].values()} == {False}


async def test_prompts_of_two_workers_that_the_server_left_running_both_run_again(folders, settings, node):
    def two():
        return Engine(folders, worker=SubprocessWorker(settings), more_workers=[SubprocessWorker(settings)])

    engine = two()
    await engine.start()
    await all_are_idle(engine)
    ids = await submitted(engine, *(prompt_of(node, "FakeSlow", seconds=60) for _ in range(2)))
    await runs(engine, *ids)
    before = {job.id: (job.attempts, job.crashes) for job in await engine._store.in_queue()}
    assert before == dict.fromkeys(ids, (1, {}))
    for task in engine._tasks:  # as if it were killed: nothing is put back, and the workers end
        task.cancel()
    await asyncio.gather(*engine._tasks, return_exceptions=True)
    await asyncio.gather(*(worker.close() for worker in engine._workers))
    await engine._store.close()
    engine = two()
    await engine.start()
    try:
        await runs(engine, *ids)
        again = [(job.attempts, job.crashes) for job in await engine._store.in_queue()]
        assert again == [(2, {"1": 1})] * 2
    finally:
        await engine.close()


class Failing(SubprocessWorker):
    """A worker that cannot start."""

    async def start(self):
        raise WorkerFailed("there is no room for one more")


async def test_a_worker_that_cannot_start_costs_the_others_nothing(folders, settings, node, caplog):
    engine = Engine(folders, worker=SubprocessWorker(settings), more_workers=[Failing(settings)])
    await engine.start()
    try:
        with engine.subscribe() as events:
            ids = await submitted(engine, *(prompt_of(node, value=value) for value in range(4)))
            assert await ends_of(events, ids) == [ExecutionSuccess] * 4
        await engine.free(unload_models=True, free_memory=True)
        assert (await engine.stats())["devices"] == []
    finally:
        await engine.close()
    assert "there is no room for one more" in caplog.text


async def test_while_the_first_worker_cannot_tell_another_ones_nodes_judge(engine, workers, node, monkeypatch):
    async def nothing(*asked):
        return None

    async def refuses(prompt, targets=None):
        return Validation(error={"type": "x", "message": "no", "details": "", "extra_info": {}})

    monkeypatch.setattr(workers[0], "check", nothing)
    monkeypatch.setattr(workers[1], "check", refuses)
    monkeypatch.setattr("execution.intake.nodes_have_a_say", lambda *asked: True)
    assert (await engine.validate(prompt_of(node, value=1))).error["message"] == "no"


async def test_devices_are_told_once_each(engine, workers, monkeypatch):
    def one_with(*indices):
        async def stats():
            return {"devices": [{"type": "cuda", "index": index} for index in indices], "pytorch_version": "2"}

        return stats

    for worker, index in zip(workers, (0, 1), strict=True):
        monkeypatch.setattr(worker, "stats", one_with(index))
    assert [one["index"] for one in (await engine.stats())["devices"]] == [0, 1]
    monkeypatch.setattr(workers[1], "stats", one_with(1, 0))
    assert [one["index"] for one in (await engine.stats())["devices"]] == [0, 1]
    monkeypatch.setattr(workers[1], "stats", one_with(0))
    assert await engine.stats() == {"devices": [{"type": "cuda", "index": 0}], "pytorch_version": "2"}
