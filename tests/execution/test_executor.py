"""How a prompt runs, and what is told of it."""

import asyncio
import gc
import json
import weakref

import msgspec
import pytest

from comfy_core.folders import Folders
from comfy_core.media.numbering import claim
from execution.cache.memory import RamCache
from execution.events import (
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    NodeTiming,
    Preview,
    Progress,
    ProgressState,
)
from execution.executor import Executor
from execution.validate import validate
from execution.worker import Job
from nodes.schema import Checks, Node, NodeSchema, Output
from tests.execution.conftest import node_of


@pytest.fixture
def addition(node):
    return {
        "1": node("FakeNumber", value=3),
        "2": node("FakeNumber", value=4),
        "3": node("FakeAdd", a=["1", 0], b=["2", 0]),
        "4": node("FakeShow", value=["3", 0]),
    }


def shown(ran):
    return [event.output["text"][0] for event in ran.of(Executed)]


def error_of(ran):
    (error,) = ran.of(ExecutionError)
    assert ran.of(ExecutionSuccess) == []
    return error


def test_a_prompt_computes_what_its_outputs_ask_for(run, addition):
    assert shown(run(addition)) == ["7"]


def test_events_come_in_the_order_of_the_contract(run, node, monkeypatch):
    monkeypatch.setattr("execution.progress.SECONDS_PER_PREVIEW", 60)  # else one more on a slow machine
    ran = run({"s": node("FakeSteps", count=2), "t": node("FakeShow", value=["s", 0])})
    assert [type(event) for event in ran.all] == [
        *(ExecutionStart, ExecutionCached),
        *(ProgressState, Executing, ProgressState, Progress, Preview, ProgressState, Progress),
        NodeTiming,
        *(ProgressState, Executing, Executed, NodeTiming),
        *(ProgressState, ExecutionSuccess, Executing),
    ]
    states = [
        {name: (one.state, one.value, one.max) for name, one in event.nodes.items()} for event in ran.of(ProgressState)
    ]
    assert states[0] == {"s": ("running", 0, 1)}
    assert states[2] == {"s": ("running", 2, 2)}
    assert states[3:] == [{"s": ("finished", 2, 2), "t": ("running", 0, 1)}, {"t": ("finished", 1, 1)}]
    assert [event.node for event in ran.of(Executing)] == ["s", "t", None]
    assert {event.prompt_id for event in ran.all} == {"run 0"}


def test_the_second_run_is_served_from_the_cache_and_shows_its_output_again(run, calls, addition):
    first = run(addition)
    calls.clear()
    again = run(addition)
    assert calls == []
    assert again.of(ExecutionCached)[0].nodes == ["1", "2", "3", "4"]
    assert again.of(Executed)[0].output == first.of(Executed)[0].output
    assert [event.node for event in again.of(Executing)] == [None]
    assert [type(event) for event in again.all[-4:]] == [Executed, ProgressState, ExecutionSuccess, Executing]
    assert again.of(NodeTiming) == []


def test_only_what_changed_and_what_depends_on_it_runs_again(run, calls, addition, node):
    run(addition)
    calls.clear()
    ran = run(addition | {"2": node("FakeNumber", value=5)})
    assert calls == ["FakeNumber", "FakeAdd", "FakeShow"]
    assert ran.of(ExecutionCached)[0].nodes == ["1"]
    assert shown(ran) == ["8"]


def test_going_back_to_the_workflow_before_costs_nothing(run, calls, node):
    a, b = ({"1": node("FakeNumber", value=v), "2": node("FakeShow", value=["1", 0])} for v in (1, 2))
    run(a), run(b)
    calls.clear()
    run(a), run(b)
    assert calls == []


def test_equal_nodes_with_other_ids_are_cached_too(run, calls, addition):
    run(addition)
    calls.clear()
    renamed = json.loads(json.dumps(addition).replace('["', '["x').replace('{"1', '{"x1'))
    renamed = {f"x{name}".replace("xx", "x"): one for name, one in renamed.items()}
    assert run(renamed).of(ExecutionCached)[0].nodes == list(renamed)
    assert calls == []


def test_a_clock_runs_every_time_and_a_file_when_it_has_changed(run, calls, node, tmp_path):
    file = tmp_path / "number"
    file.write_text("5")
    prompt = {
        "clock": node("FakeClock"),
        "file": node("FakeWatch", path=str(file)),
        "sum": node("FakeAdd", a=["clock", 0], b=["file", 0]),
        "show": node("FakeShow", value=["sum", 0]),
    }
    run(prompt)
    calls.clear()
    run(prompt)
    assert calls == ["FakeClock", "FakeAdd", "FakeShow"]
    file.write_text("6")
    assert shown(run(prompt)) == ["6"]


def test_a_fingerprint_that_fails_means_run_again_and_the_node_tells_why(run, node):
    ran = run({"1": node("FakeWatch", path="/nowhere"), "2": node("FakeShow", value=["1", 0])})
    assert error_of(ran).exception_type == "FileNotFoundError"


def test_an_output_without_ui_is_silent_and_a_cached_one_is_told_as_null(run, node):
    prompt = {"1": node("FakeNumber", value=1), "2": node("FakeSink", value=["1", 0])}
    assert run(prompt).of(Executed) == []
    assert [event.output for event in run(prompt).of(Executed)] == [None]


def test_async_nodes_are_awaited(run, node):
    assert shown(run({"1": node("FakeAsync", value=6), "2": node("FakeShow", value=["1", 0])})) == ["6"]


def test_several_outputs_and_optional_inputs(run, node):
    prompt = {
        "p": node("FakePair"),
        "1": node("FakeTypes", i=1, f=1.0, s="s", b=True, c="a"),
        "2": node("FakeTypes", i=1, f=1.0, s="s", b=True, c="b", extra=["p", 0]),
        "3": node("FakeShowAny", value=["p", 1]),
    }
    assert shown(run(prompt)) == ["(1, 1.0, 's', True, 'a', None)", "(1, 1.0, 's', True, 'b', 7)", "seven"]


async def later(value):
    await asyncio.sleep(0)
    return value


def asks_its_loop(value):
    return asyncio.get_event_loop().run_until_complete(later(value))


@pytest.mark.parametrize("wait", [lambda value: asyncio.run(later(value)), asks_its_loop])
def test_a_node_that_is_not_async_may_wait_for_what_is(executor, run, node, wait):
    def function(value):
        return (wait(value),)

    schema = executor.nodes["FakePass"].schema
    executor.nodes["Waits"] = Node(msgspec.structs.replace(schema, id="Waits", style="function"), function)
    for value in (3, 4):  # what was done to the loop in one run does not matter to the next
        prompt = {"1": node("FakeNumber", value=value), "2": node("Waits", value=["1", 0])}
        assert shown(run(prompt | {"3": node("FakeShow", value=["2", 0])})) == [str(value)]


def test_hidden_inputs_are_filled_in(run, node):
    prompt = {"9": node("FakeHidden")}
    (text,) = shown(run(prompt, extra_pnginfo={"workflow": {"nodes": []}}))
    assert json.loads(text) == ["9", prompt, {"workflow": {"nodes": []}}]


# --- progress ---


def test_many_steps_are_told_at_a_bounded_rate_and_the_last_one_always(run, node):
    ran = run({"s": node("FakeSteps", count=20_000), "t": node("FakeShow", value=["s", 0])})
    assert len(ran.of(Progress)) < 1000
    assert ran.of(Progress)[-1].value == 20_000
    assert len(ran.of(Preview)) < 100


def test_a_chain_of_ten_thousand_nodes_runs_and_tells_in_proportion(run, calls, node):
    prompt = {"0": node("FakeNumber", value=1)}
    for i in range(1, 10_000):
        prompt[str(i)] = node("FakePass", value=[str(i - 1), 0])
    prompt["end"] = node("FakeShow", value=["9999", 0])
    ran = run(prompt)
    assert shown(ran) == ["1"]
    assert len(calls) == 10_001
    assert sum(len(event.nodes) for event in ran.of(ProgressState)) <= 2 * len(prompt)
    known = {}
    for event in ran.of(ProgressState):
        known |= event.nodes
    assert known.keys() == prompt.keys()
    assert {one.state for one in known.values()} == {"finished"}


# --- what goes wrong ---


def test_an_exception_ends_the_run_with_an_account_of_it(run, node):
    prompt = {
        "1": node("FakeNumber", value=3),
        "2": node("FakeFail", value=["1", 0]),
        "3": node("FakeShow", value=["2", 0]),
    }
    ran = run(prompt)
    error = error_of(ran)
    assert (error.node_id, error.node_type, error.executed) == ("2", "FakeFail", ["1"])
    assert error.exception_message == "the value is no good; use another"
    assert error.exception_type == "ValueError"
    assert error.current_inputs == {"value": [3]}
    assert error.current_outputs == ["1"]
    assert error.timestamp > 0
    assert [type(event) for event in ran.all[-2:]] == [ExecutionError, Executing]
    assert shown(run({"1": node("FakeNumber", value=3), "3": node("FakeShow", value=["1", 0])})) == ["3"]


def test_a_traceback_shows_the_nodes_code_with_paths_that_tell_nothing_of_the_machine(run, node):
    error = error_of(run({"1": node("FakeFail", value=5), "2": node("FakeShow", value=["1", 0])}))
    (frame,) = error.traceback
    assert frame.startswith("  File 'tests/execution/packs/fake.py', line ")
    assert "raise ValueError" in frame


def test_out_of_memory_says_what_helps_and_frees_everything(nodes, node):
    freed = []
    executor = Executor(nodes, RamCache(1 << 20), free=lambda: freed.append(len(executor.cache)))
    prompt = {
        "1": node("FakeNumber", value=1),
        "2": node("FakeFull"),
        "3": node("FakeAdd", a=["1", 0], b=["2", 0]),
        "4": node("FakeShow", value=["3", 0]),
    }
    events = []
    executor.run(Job(prompt_id="p", prompt=prompt, outputs=["4"]), events.append)
    (error,) = [event for event in events if isinstance(event, ExecutionError)]
    assert error.exception_message.startswith("Out of memory in node 2 (FakeFull). All models were unloaded")
    assert error.exception_type == "custom_nodes.fake.OutOfMemoryError"
    assert freed == [0]


def test_a_node_that_wants_to_end_the_process_fails_instead(run, node):
    error = error_of(run({"1": node("FakeQuit"), "2": node("FakeShow", value=["1", 0])}))
    assert error.exception_message == "node 1 (FakeQuit) tried to end the process with exit code 3."


def test_a_class_that_is_not_loaded_is_named(run, executor):
    events = []
    job = Job(prompt_id="p", prompt={"5": {"class_type": "Gone", "inputs": {}}}, outputs=["5"])
    executor.run(job, events.append)
    assert events[1].exception_message == "Node 5: the class 'Gone' is not loaded; the log says if its pack failed"
    assert events[-1] == Executing(prompt_id="p", node=None)


def test_too_many_values_and_a_missing_value_are_told(run, node):
    many = error_of(run({"1": node("FakeTwoForOne"), "2": node("FakeShow", value=["1", 0])}))
    assert many.exception_message == "FakeTwoForOne returned 2 values, more than it has outputs: 1"
    few = error_of(run({"1": node("FakeShort"), "2": node("FakeShowAny", value=["1", 1])}))
    assert few.exception_message == "node 2 (FakeShowAny), input 'value': node 1 returned nothing for its output 1"


def test_an_interrupt_before_a_node_stops_there(run, calls, addition):
    ran = run(addition, interrupted=lambda: calls == ["FakeNumber"])
    (event,) = ran.of(ExecutionInterrupted)
    assert (event.node_id, event.node_type, event.executed) == ("2", "FakeNumber", ["1"])
    assert ran.all[-1] == Executing(prompt_id="run 0", node=None)


def test_an_interrupt_is_heard_inside_a_node_that_reports(run, node):
    asked = iter([False, False, True])
    ran = run({"1": node("FakeSteps", count=9), "2": node("FakeShow", value=["1", 0])}, interrupted=lambda: next(asked))
    assert ran.of(ExecutionInterrupted)[0].node_id == "1"
    assert [event.value for event in ran.of(Progress)] == [1]


def test_a_failure_of_the_engine_itself_is_an_event_too(run, addition, executor, monkeypatch):
    def broken(*arguments):
        raise RuntimeError("broken")

    monkeypatch.setattr(executor.cache, "get", broken)
    assert error_of(run(addition)).exception_message == "The engine failed: broken"


# --- memory ---


class Big:
    """Something whose end can be watched."""


def test_a_result_that_is_not_cached_lives_until_its_last_use(nodes):
    alive = []

    def make():
        thing = Big()
        alive.append(weakref.ref(thing))
        return thing

    def count(value):
        assert value == "used"
        gc.collect()
        return sum(ref() is not None for ref in alive)

    def custom(name, function, output="BIG", inputs=()):
        schema = NodeSchema(id=name, title=name, category="", inputs=inputs, outputs=(Output(type=output, name="x"),))
        return Node(schema, function)

    value = nodes["FakePass"].schema.inputs
    more = {
        "Make": custom("Make", make),
        "Use": custom("Use", lambda value: "used", inputs=value),
        "Count": custom("Count", count, inputs=value),
    }
    prompt = {
        "make": {"class_type": "Make", "inputs": {}},
        "use": {"class_type": "Use", "inputs": {"value": ["make", 0]}},
        "count": {"class_type": "Count", "inputs": {"value": ["use", 0]}},
        "show": {"class_type": "FakeShow", "inputs": {"value": ["count", 0]}},
    }
    events = []
    executor = Executor(nodes | more, RamCache(budget=0))
    executor.run(Job(prompt_id="p", prompt=prompt, outputs=["show"]), events.append)
    assert [event.output for event in events if isinstance(event, Executed)] == [{"text": ["0"]}]


# --- what would end the process ends the prompt ---


class Odd(BaseException):
    pass


ENDINGS = [SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, Odd]


def leaving(executor, error, *, waits=False, hook=None):
    """A node that raises this: when it runs, after it has waited for something, or in a hook."""

    def leave(**inputs):
        raise error

    async def leave_later(**inputs):
        await asyncio.sleep(0.001)
        raise error

    ui = {"ui": {"text": ["ran"]}}
    function = leave_later if waits else leave if hook is None else lambda: ui
    schema = NodeSchema(id="Leaving", title="", category="", is_output=True)
    executor.nodes["Leaving"] = Node(schema, function, {hook: leave} if hook else {}, is_async=waits)
    return {"1": node_of("Leaving")}


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("error", ENDINGS)
def test_a_node_that_would_end_the_process_fails_its_prompt_only(executor, run, error, waits):
    (failed,) = run(leaving(executor, error, waits=waits)).of(ExecutionError)
    assert (failed.node_id, failed.node_type) == ("1", "Leaving")
    assert run({"1": node_of("FakeShow", value=["2", 0]), "2": node_of("FakeNumber", value=1)}).of(ExecutionSuccess)


@pytest.mark.parametrize("error", ENDINGS)
def test_a_fingerprint_that_would_end_the_process_is_one_that_failed(executor, run, error):
    prompt = leaving(executor, error, hook="fingerprint")
    for _ in range(2):
        assert [event.output for event in run(prompt).of(Executed)] == [{"text": ["ran"]}]


@pytest.mark.parametrize("error", ENDINGS)
def test_a_check_that_would_end_the_process_is_a_problem_of_its_node(executor, tmp_path, error):
    prompt = leaving(executor, error, hook="check")
    node = executor.nodes["Leaving"]
    schema = msgspec.structs.replace(node.schema, checks=Checks(everything=True))
    found = validate(prompt, {"Leaving": schema}, Folders(base=tmp_path), None, {"Leaving": node})
    (problem,) = found.node_errors["1"]["errors"]
    assert problem["type"] == "exception_during_validation"
    assert problem["extra_info"]["exception_type"] == error.__name__


def test_what_a_prompt_brings_along_is_let_go_at_its_end_without_a_search_for_garbage(run, addition):
    class Workflow(dict):
        """One that a reference can be weak to."""

    workflow = Workflow(nodes=[])
    held = weakref.ref(workflow)
    gc.disable()
    try:
        run(addition, extra_pnginfo={"workflow": workflow})
        del workflow
        assert held() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("waits", [False, True])
def test_the_numbers_that_a_node_claims_are_its_own_until_it_is_done(executor, run, tmp_path, waits):
    def save(**inputs):
        claim(tmp_path, "picture")
        return {"ui": {"text": [str(len(list(tmp_path.iterdir())))]}}

    async def save_later(**inputs):
        await asyncio.sleep(0.001)
        return save()

    schema = NodeSchema(id="Saving", title="", category="", is_output=True)
    executor.nodes["Saving"] = Node(schema, save_later if waits else save, {}, is_async=waits)
    assert shown(run({"1": node_of("Saving")})) == ["1"]
    assert list(tmp_path.iterdir()) == []
