"""The engine as the web server sees it."""

import asyncio
import uuid

import pytest
import sqlalchemy as sa

from execution.engine import QueueStatus, QueueUnwritable
from execution.events import Executed, Executing, ExecutionError, ExecutionInterrupted, ExecutionSuccess, now_ms
from execution.store import Store
from tests.execution.hands import end_of, error_of, has_started, holding, prompt_of, run_to_the_end

# --- submitting ---


async def test_a_prompt_is_taken_run_told_and_remembered(engine, node):
    with engine.subscribe() as events:
        submitted = await engine.submit({"prompt": prompt_of(node, value=3), "client_id": "me"})
        assert uuid.UUID(submitted.prompt_id)
        assert (submitted.number, submitted.node_errors) == (0, {})
        heard = []
        async for envelope in events:
            heard.append(envelope)
            if envelope.event == Executing(prompt_id=submitted.prompt_id, node=None):
                break
    kinds = [type(envelope.event).__name__ for envelope in heard if type(envelope.event).__name__ != "NodeTiming"]
    assert kinds == [
        *("QueueStatus", "ExecutionStart", "ExecutionCached"),
        *("ProgressState", "Executing"),
        *("ProgressState", "Executing", "Executed"),
        *("ProgressState", "ExecutionSuccess", "QueueStatus", "Executing"),
    ]
    assert [one.event.queue_remaining for one in heard if isinstance(one.event, QueueStatus)] == [1, 0]
    assert {one.client_id for one in heard} == {"me", None}
    entry = (await engine.history_entry(submitted.prompt_id))[submitted.prompt_id]
    timings = entry.pop("timings")
    assert {name: one["cached"] for name, one in timings.items()} == {"1": False, "2": False}
    assert timings["1"]["seconds"] > 0
    number, prompt_id, prompt, extra_data, outputs = entry.pop("prompt")
    assert (number, prompt_id, prompt, outputs) == (0, submitted.prompt_id, prompt_of(node, value=3), ["2"])
    assert extra_data["client_id"] == "me"
    assert abs(extra_data["create_time"] - now_ms()) < 60_000
    messages = entry["status"].pop("messages")
    assert [name for name, _ in messages] == ["execution_start", "execution_cached", "execution_success"]
    assert messages[0][1].keys() == {"prompt_id", "timestamp"}
    assert messages[1][1].keys() == {"nodes", "prompt_id", "timestamp"}
    assert entry == {
        "outputs": {"2": {"text": ["3"]}},
        "status": {"status_str": "success", "completed": True},
        "meta": {"2": {"node_id": "2", "display_node": "2", "parent_node": None, "real_node_id": "2"}},
    }


@pytest.mark.parametrize(
    ("request_", "type"),
    [
        ({}, "no_prompt"),
        ([], "invalid_prompt"),
        ({"prompt": []}, "invalid_prompt"),
        ({"prompt": {}}, "prompt_no_outputs"),
        ({"prompt": {"1": {"class_type": "Nope"}}}, "missing_node_type"),
        ({"prompt": {}, "prompt_id": "abc"}, "invalid_prompt_id"),
        ({"prompt": {}, "prompt_id": "8922809E-E80D-45FC-8EB1-5B44E57EEDFB"}, "invalid_prompt_id"),
        ({"prompt": {}, "prompt_id": 5}, "invalid_prompt_id"),
        ({"prompt": {}, "number": "abc"}, "invalid_number"),
        ({"prompt": {}, "number": float("nan")}, "invalid_number"),
        ({"prompt": {}, "extra_data": []}, "invalid_prompt"),
        ({"prompt": {}, "partial_execution_targets": 5}, "invalid_prompt"),
        ({"prompt": {"1": {"class_type": "FakeShow", "inputs": {}}}}, "prompt_outputs_failed_validation"),
    ],
)
async def test_what_cannot_run_is_refused(engine, request_, type):
    error = await error_of(engine, request_)
    assert error["type"] == type
    assert error.keys() == {"type", "message", "details", "extra_info"}
    assert engine.queue_remaining() == 0


async def test_numbers_count_up_with_rejected_prompts_too_and_down_in_front(engine, node):
    prompt = prompt_of(node, value=1)
    await error_of(engine, {"prompt": {}})
    numbers = [
        (await engine.submit({"prompt": prompt} | more)).number
        for more in ({}, {"front": True}, {"number": -5.5}, {"number": "7"}, {})
    ]
    assert numbers == [1, -2, -5.5, 7, 3]


async def test_the_same_prompt_under_the_same_id_is_one_job_and_another_prompt_is_refused(engine, node):
    await engine.submit({"prompt": holding(node)})
    request = {"prompt": prompt_of(node, value=1), "prompt_id": str(uuid.uuid4())}
    first, again = await asyncio.gather(engine.submit(request), engine.submit(request))
    assert first.number == again.number
    assert engine.queue_remaining() == 2
    assert (await error_of(engine, request | {"prompt": prompt_of(node, value=2)}))["type"] == "duplicate_prompt_id"


async def test_a_prompt_that_finds_the_queue_empty_is_not_read_back_from_it(running_engine, node, monkeypatch):
    taken = []
    take = Store.take
    monkeypatch.setattr(Store, "take", lambda store: taken.append(store) or take(store))
    async with running_engine() as engine:
        await run_to_the_end(engine, prompt_of(node, value=1))
        while not engine._dispatcher._idle:
            await asyncio.sleep(0.005)
        taken.clear()  # the first one may have waited for the worker
        await run_to_the_end(engine, prompt_of(node, value=2))
        assert len(await engine.history()) == 2
        assert not taken


async def test_an_empty_queue_that_cannot_be_written_says_so_and_the_next_prompt_runs(engine, node, monkeypatch):
    def fail(store, job):
        failed = asyncio.get_running_loop().create_future()
        failed.set_exception(sa.exc.OperationalError("INSERT", {}, OSError("disk full")))
        return failed

    with monkeypatch.context() as broken:
        broken.setattr(Store, "add", fail)
        with pytest.raises(QueueUnwritable, match="disk full"):
            await engine.submit({"prompt": prompt_of(node, value=1)})
    assert engine.queue_remaining() == 0
    assert isinstance(await run_to_the_end(engine, prompt_of(node, value=2)), ExecutionSuccess)


async def test_what_is_completed_is_not_done_again_under_its_id_but_another_prompt_may_have_the_id(engine, node):
    request = {"prompt_id": str(uuid.uuid4())}
    await run_to_the_end(engine, prompt_of(node, value=1), **request)
    (done,) = (await engine.history()).values()
    again = await engine.submit({"prompt": prompt_of(node, value=1)} | request)
    assert (again.prompt_id, again.number) == (request["prompt_id"], done["prompt"][0])
    assert engine.queue_remaining() == 0
    assert list((await engine.history()).values()) == [done]
    await run_to_the_end(engine, prompt_of(node, value=2), **request)
    history = await engine.history()
    assert [entry["outputs"]["2"] for entry in history.values()] == [{"text": ["2"]}]


async def test_an_id_that_waits_for_other_outputs_of_the_same_prompt_is_in_use(engine, node):
    await engine.submit({"prompt": holding(node)})
    prompt = prompt_of(node, value=1) | {"3": node("FakeShow", value=["1", 0])}
    request = {"prompt": prompt, "prompt_id": str(uuid.uuid4())}
    await engine.submit(request | {"partial_execution_targets": ["2"]})
    error = await error_of(engine, request | {"partial_execution_targets": ["3"]})
    assert error["type"] == "duplicate_prompt_id"


async def test_secrets_are_stored_nowhere(running_engine, node, folders):
    extra = {"api_key_comfy_org": "planted", "auth_token_comfy_org": "planted", "kept": 1}
    async with running_engine() as engine:
        await run_to_the_end(engine, prompt_of(node, value=1), extra_data=extra)
        (entry,) = (await engine.history()).values()
    assert entry["prompt"][3].keys() == {"kept", "create_time"}
    assert not any(b"planted" in file.read_bytes() for file in folders.user.iterdir())


async def test_partly_valid_prompts_run_their_valid_outputs(engine, node):
    prompt = prompt_of(node, value=1) | {"bad": node("FakeShow")}
    with engine.subscribe() as events:
        submitted = await engine.submit({"prompt": prompt})
        assert isinstance(await end_of(events), ExecutionSuccess)
    assert list(submitted.node_errors) == ["bad"]


# --- the queue ---


async def test_the_queue_shows_what_runs_and_what_waits_in_order(engine, node):
    held = await engine.submit({"prompt": holding(node)})
    late, early = [await engine.submit({"prompt": prompt_of(node, value=1), "number": n}) for n in (9, 5)]
    await has_started(engine)
    assert engine.running() == {held.prompt_id: "1"}
    running, pending = await engine.queue()
    assert [item[1] for item in running] == [held.prompt_id]
    assert [item[:2] for item in pending] == [[5, early.prompt_id], [9, late.prompt_id]]
    assert engine.queue_remaining() == 3


async def test_waiting_prompts_can_be_removed_and_each_time_the_status_is_told(engine, node):
    await engine.submit({"prompt": holding(node)})
    await has_started(engine)
    ids = [(await engine.submit({"prompt": prompt_of(node, value=1)})).prompt_id for _ in range(3)]
    with engine.subscribe() as events:
        assert await engine.delete_from_queue([ids[1], "unknown"]) == [ids[1]]
        assert (await anext(events)).event == QueueStatus(3)
        await engine.clear_queue()
        assert (await anext(events)).event == QueueStatus(1)
    assert (await engine.queue())[1] == []


@pytest.fixture
async def behind_another(engine, node):
    """The id of a prompt that runs, and of three that have waited since before it began."""
    before = await engine.submit({"prompt": holding(node)})
    await has_started(engine)
    held, *waiting = [(await engine.submit({"prompt": one})).prompt_id for one in _held_and_three(node)]
    await engine.interrupt(before.prompt_id)
    while engine.running() != {held: "1"}:
        await asyncio.sleep(0.005)
    return held, waiting


def _held_and_three(node):
    return [holding(node), *(prompt_of(node, value=number) for number in (1, 2, 3))]


async def order_of_ends(engine, held, count):
    """Let the prompt that runs go; the ids of the next ones in the order in which they ended."""
    with engine.subscribe() as events:
        await engine.interrupt(held)
        await end_of(events, held)
        return [(await end_of(events)).prompt_id for _ in range(count)]


async def test_what_comes_next_is_read_while_another_runs(engine, behind_another, monkeypatch):
    held, waiting = behind_another
    monkeypatch.delattr(Store, "take")
    assert await order_of_ends(engine, held, 3) == waiting
    history = await engine.history()
    assert [history[one]["status"]["completed"] for one in waiting] == [True, True, True]


async def test_what_would_come_next_can_still_be_removed(engine, behind_another):
    held, (removed, *others) = behind_another
    assert await engine.delete_from_queue([removed]) == [removed]
    assert await order_of_ends(engine, held, 2) == others
    assert removed not in await engine.history()


async def test_what_would_come_next_can_still_be_overtaken(engine, node, behind_another):
    held, waiting = behind_another
    first = await engine.submit({"prompt": prompt_of(node, value=4), "front": True})
    assert await order_of_ends(engine, held, 4) == [first.prompt_id, *waiting]


async def test_what_begins_while_the_disk_is_full_for_a_moment_runs_once(engine, behind_another, monkeypatch):
    """The database has it as waiting, for all that it runs."""
    held, waiting = behind_another
    start, failed = Store.start, []

    def fails_at_first(store, job):
        if failed:
            return start(store, job)
        failed.append(job.id)
        failure = asyncio.get_running_loop().create_future()
        failure.set_exception(sa.exc.OperationalError("UPDATE", {}, OSError("disk full")))
        return failure

    monkeypatch.setattr(Store, "start", fails_at_first)
    assert await order_of_ends(engine, held, 3) == waiting
    while engine.queue_remaining():
        await asyncio.sleep(0.005)
    assert failed == waiting[:1]
    assert [entry["status"]["completed"] for entry in (await engine.history()).values()] == [
        False,
        False,
        True,
        True,
        True,
    ]


async def test_an_interrupt_ends_what_runs_and_the_next_one_starts(engine, node):
    held = await engine.submit({"prompt": holding(node)})
    next_ = await engine.submit({"prompt": prompt_of(node, value=1)})
    with engine.subscribe() as events:
        await has_started(engine)
        await engine.interrupt(next_.prompt_id)
        assert list(engine.running()) == [held.prompt_id]
        await engine.interrupt(held.prompt_id)
        assert isinstance(await end_of(events, held.prompt_id), ExecutionInterrupted)
        assert isinstance(await end_of(events, next_.prompt_id), ExecutionSuccess)
    status = (await engine.history_entry(held.prompt_id))[held.prompt_id]["status"]
    assert (status["status_str"], status["completed"], status["messages"][-1][0]) == (
        "error",
        False,
        "execution_interrupted",
    )
    await engine.interrupt()  # nothing runs, nothing happens


async def test_a_failed_prompt_is_in_history_with_its_error_and_the_next_one_runs(engine, node):
    error = await run_to_the_end(engine, prompt_of(node, "FakeFail", value=1))
    assert isinstance(error, ExecutionError)
    (entry,) = (await engine.history()).values()
    assert entry["status"]["status_str"] == "error"
    name, data = entry["status"]["messages"][-1]
    assert name == "execution_error"
    assert (data["node_id"], data["exception_message"]) == ("1", "the value is no good; use another")
    assert isinstance(await run_to_the_end(engine, prompt_of(node, value=1)), ExecutionSuccess)


async def test_history_can_be_forgotten(engine, node):
    for value in (1, 2, 3):
        await run_to_the_end(engine, prompt_of(node, value=value))
    first, *rest = await engine.history()
    await engine.delete_from_history([first])
    assert list(await engine.history()) == rest
    assert list(await engine.history(max_items=1)) == rest[1:]
    await engine.clear_history()
    assert await engine.history() == {}
    assert await engine.history_entry(first) == {}


async def test_free_drops_the_cache(engine, node):
    prompt = prompt_of(node, value=1)
    await run_to_the_end(engine, prompt)
    await engine.free(unload_models=True, free_memory=True)
    await run_to_the_end(engine, prompt)
    *_, entry = (await engine.history()).values()
    assert [one["cached"] for one in entry["timings"].values()] == [False, False]


async def test_a_listener_hears_an_end_only_when_it_is_on_disk(engine, node):
    with engine.subscribe() as events:
        submitted = await engine.submit({"prompt": prompt_of(node, value=1)})
        async for envelope in events:
            if isinstance(envelope.event, Executed):
                assert (await engine._store.find(submitted.prompt_id)).outputs == {"2": {"text": ["1"]}}
            if isinstance(envelope.event, ExecutionSuccess):
                assert (await engine._store.find(submitted.prompt_id)).status == "completed"
                break


async def test_a_queue_that_is_empty_has_all_its_prompts_in_the_history(engine, node):
    for value in range(5):
        submitted = await engine.submit({"prompt": prompt_of(node, value=value)})
        while engine.queue_remaining():
            await asyncio.sleep(0)
        assert submitted.prompt_id in await engine.history_entry(submitted.prompt_id)
