"""Start Loop and End Loop, as prompts come that were drawn elsewhere."""

import itertools
from types import SimpleNamespace
from typing import Annotated, Any

import pytest

from comfy_core.folders import Folders
from execution.cache.memory import RamCache
from execution.convert import to_prompt
from execution.events import Executed, ExecutionCached, ExecutionError, NodeTiming
from execution.executor import Executor
from execution.validate import validate
from execution.worker import Job
from nodes import flow, loops
from nodes.schema import Int, Node, Socket, object_info
from nodes.schema import node as a_node
from tests.nodes.test_flow import node

Anything = Annotated[Any, Socket("*")]
added: list[Any] = []


@a_node("Number", category="test")
def number(value: Annotated[int, Int()]) -> Anything:
    return value


@a_node("Add", category="test")
def add(a: Anything, b: Anything) -> Anything:
    added.append(b)
    return a + b


@a_node("Fail", category="test")
def fail(value: Anything) -> Anything:
    raise ValueError("no good")


@a_node("Show", category="test", is_output=True)
def show(value: Anything) -> Anything:
    return {"ui": {"text": [str(value)]}, "result": (value,)}


NODES = {
    one.schema.id: one
    for one in (number, add, fail, show, *vars(flow).values(), *vars(loops).values())
    if isinstance(one, Node)
}


@pytest.fixture
def check(tmp_path):
    schemas = {name: one.schema for name, one in NODES.items()}
    return lambda prompt, targets=None: validate(prompt, schemas, Folders(base=tmp_path), targets, NODES)


@pytest.fixture
def run(check):
    """Check and run a prompt: the texts that are shown, by the node that they are shown at, and what ran how often."""
    executor, ids = Executor(NODES, RamCache(1 << 20)), itertools.count()

    def run(prompt, targets=None):
        validation = check(prompt, targets)
        assert validation.error is None, validation
        events = []
        job = Job(prompt_id=f"run {next(ids)}", prompt=validation.prompt, outputs=validation.outputs)
        executor.run(job, events.append)

        def of(kind):
            return [event for event in events if isinstance(event, kind)]

        texts = [(event.display_node, text) for event in of(Executed) if event.output for text in event.output["text"]]
        return SimpleNamespace(
            texts=texts,
            roots=validation.outputs,
            errors=of(ExecutionError),
            ran=[event.node for event in of(NodeTiming)],
            cached=of(ExecutionCached)[0].nodes,
        )

    return run


def loop(mode, body, end, **start):
    """A loop whose result is shown."""
    return {
        "start": node("StartLoop", **{"mode": "simple", "cache_iterations": False, **mode, **start}),
        **body,
        "end": node("EndLoop", **{"accumulate": False, **end}),
        "show": node("Show", value=["end", 0]),
    }


def times(count):
    return {"mode.num_iterations": count}


SUM = {
    "zero": node("Number", value=0),
    "sum": node("Add", a=["start", 4], b=["start", 0]),
}
SUMMED = {"output_value": ["sum", 0], "next_iteration_value": ["sum", 0]}


def summing(mode, **end):
    return loop(mode, SUM, SUMMED | end, initial_iteration_value=["zero", 0])


def shown(ran):
    return [text for _, text in ran.texts]


def test_a_value_is_carried_from_round_to_round(run):
    assert shown(run(summing(times(5)))) == ["10"]


def test_what_all_rounds_gave_goes_on_as_a_list(run):
    assert shown(run(summing(times(5), accumulate=True))) == ["0", "1", "3", "6", "10"]


@pytest.mark.parametrize("accumulate", [False, True])
def test_without_a_round_there_is_nothing_and_the_body_never_runs(run, accumulate):
    ran = run(summing(times(0), accumulate=accumulate))
    assert (shown(ran), ran.errors) == ([], [])
    assert "sum" not in ran.ran


def test_for_counts_from_a_beginning_by_steps_to_before_an_end(run):
    mode = {"mode": "For", "mode.start_iteration_index": 3, "mode.max_iteration": 10, "mode.step": 3}
    assert shown(run(summing(mode, accumulate=True))) == ["3", "9", "18"]


def test_each_item_of_a_list_has_a_round_that_knows_if_it_is_the_first_or_the_last(run):
    items = {f"item {at}": node("Number", value=at + 7) for at in range(3)}
    prompt = loop(
        {"mode": "List", "mode.list": ["list", 0]},
        items
        | {
            "list": node("CreateList", **{f"inputs.input{at}": [name, 0] for at, name in enumerate(items)}),
            "flags": node("ComfyAndNode", **{"values.value0": ["start", 1], "values.value1": ["start", 2]}),
            "shown in rounds": node("Show", value=["start", 3]),
        },
        {"output_value": ["start", 2], "accumulate": True, "terminations.termination0": ["shown in rounds", 0]},
    )
    texts = run(prompt).texts
    assert texts[:3] == [("shown in rounds", "7"), ("shown in rounds", "8"), ("shown in rounds", "9")]
    assert texts[3:] == [("show", "False"), ("show", "False"), ("show", "True")]


def test_loops_nest_and_the_inner_one_may_count_by_the_index_of_the_outer(run):
    inner = {
        "inner": node(
            "StartLoop",
            **{"mode": "simple", "mode.num_iterations": ["start", 0], "cache_iterations": False},
            parent_iteration=["start", 0],
            initial_iteration_value=["start", 4],
        ),
        "one": node("Number", value=1),
        "add": node("Add", a=["inner", 4], b=["one", 0]),
        "inner end": node("EndLoop", accumulate=False, output_value=["add", 0], next_iteration_value=["add", 0]),
        "zero": node("Number", value=0),
    }
    end = {"output_value": ["inner end", 0], "next_iteration_value": ["inner end", 0], "accumulate": True}
    mode = {"mode": "For", "mode.start_iteration_index": 1, "mode.max_iteration": 5, "mode.step": 1}
    ran = run(loop(mode, inner, end, initial_iteration_value=["zero", 0]))
    assert shown(ran) == ["1", "3", "6", "10"]


def test_a_loop_may_stand_in_no_other_and_end_in_what_is_shown_in_its_rounds_alone(run):
    prompt = loop(times(3), {"shown": node("Show", value=["start", 0])}, {})
    prompt["end"]["inputs"]["terminations.termination0"] = ["shown", 0]
    del prompt["show"]
    ran = run(prompt)
    assert ran.roots == ["end"]
    assert ran.texts == [("shown", "0"), ("shown", "1"), ("shown", "2")]


@pytest.mark.parametrize(("reuse", "rounds"), [(False, [0, 1, 2, 3, 4]), (True, [3, 4])])
def test_an_end_that_was_reached_is_cached_and_its_rounds_only_where_that_is_asked_for(run, reuse, rounds):
    prompt, longer = (summing(times(count)) for count in (4, 5))
    for one in (prompt, longer):
        one["start"]["inputs"]["cache_iterations"] = reuse
    run(prompt)
    assert run(prompt).ran == []
    added.clear()
    assert shown(run(longer)) == ["10"]
    assert added == rounds  # the fourth knows that it is not the last any more


def test_the_failure_of_a_round_is_told_with_what_failed(run):
    prompt = loop(times(3), {"bad": node("Fail", value=["start", 0])}, {"output_value": ["bad", 0]})
    (error,) = run(prompt).errors
    assert (error.node_id, error.node_type) == ("end", "Fail")


def test_many_rounds_run_each_node_once_in_each(run):
    ran = run(summing(times(300))).ran
    # The round, the sum and what gathers them, in each; zero, the rounds, the end, what is shown.
    assert len(ran) == len(set(ran)) == 3 * 300 + 4


def test_more_rounds_than_anybody_can_wait_for_are_refused(run):
    (error,) = run(summing(times(10**12))).errors
    assert error.exception_message.startswith("the loop has more than 100000 rounds")


def test_a_list_that_is_carried_stays_one(run):
    body = {
        "many": node("CreateList", **{"inputs.input0": ["a", 0], "inputs.input1": ["b", 0]}),
        "a": node("Number", value=1),
        "b": node("Number", value=5),
        "sum": node("Add", a=["start", 4], b=["start", 4]),
    }
    prompt = loop(times(3), body, SUMMED, initial_iteration_value=["many", 0])
    assert shown(run(prompt)) == ["8", "40"]


# --- loops that are none ---------------------------------------------------------------------------------------------


def problems(validation):
    return {
        node_id: [(one["type"], one["details"]) for one in found["errors"]]
        for node_id, found in validation.node_errors.items()
    }


def test_what_leaves_a_loop_without_its_end_is_refused_by_name(check):
    prompt = summing(times(3)) | {"lost": node("Show", value=["sum", 0])}
    prompt["sum"], prompt["end"]["inputs"] = SUM["sum"], {"accumulate": False, "output_value": ["start", 0]}
    validation = check(prompt)
    assert validation.outputs == ["show"]
    ((kind, said),) = problems(validation)["lost"]
    assert kind == "loop_left"
    assert said.startswith("node lost (Show) uses what Start Loop start gives in each round, but leads to no End")


def test_an_end_without_a_start_is_refused(check):
    prompt = {"1": node("Number", value=1)} | loop(times(3), {}, {"output_value": ["1", 0]})
    ((kind, said),) = problems(check(prompt))["end"]
    assert (kind, said) == ("loop_not_drawn", "End Loop end: nothing that it is linked to comes from a Start Loop.")


def test_an_end_of_two_loops_is_refused(check):
    other = node("StartLoop", **{"mode": "simple", "mode.num_iterations": 2, "cache_iterations": False})
    sum_ = node("Add", a=["start", 0], b=["other", 0])
    ((kind, said),) = problems(check(loop(times(3), {"other": other, "sum": sum_}, {"output_value": ["sum", 0]})))[
        "end"
    ]
    assert kind == "loop_not_drawn"
    assert "(other, start); link the iteration_index of the outer one to the parent_iteration of the inner one" in said


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (times(-1), "Value -1 smaller than min of 0"),
        (
            {"mode": "For", "mode.start_iteration_index": 0, "mode.max_iteration": 3, "mode.step": 0},
            "smaller than min of 1",
        ),
        ({"mode": "While"}, "Value not in list"),
        ({"mode": "List"}, "Required input is missing"),
    ],
)
def test_a_mode_that_cannot_be_counted_is_refused(check, mode, said):
    errors = check(summing(mode)).node_errors["start"]["errors"]
    assert any(said in one["message"] for one in errors)


# --- as the ecosystem knows them -------------------------------------------------------------------------------------


def slot(name, link=None, widget=False):
    return {"name": name, "type": "*", "link": link} | ({"widget": {"name": name}} if widget else {})


def test_a_saved_workflow_with_a_loop_becomes_its_prompt():
    mode = [slot("mode", widget=True), slot("mode.num_iterations", widget=True), slot("cache_iterations", widget=True)]
    ends = [slot("output_value", 1), slot("accumulate", widget=True), slot("terminations.termination0", 3)]
    workflow = {
        "version": 0.4,
        "nodes": [
            {"id": 1, "type": "StartLoop", "inputs": mode, "widgets_values": ["simple", 3, False]},
            {"id": 2, "type": "EndLoop", "inputs": ends, "widgets_values": [True]},
            {"id": 3, "type": "Show", "inputs": [slot("value", 2)]},
            {"id": 4, "type": "Show", "inputs": [slot("value", 4)]},
        ],
        "links": [[1, 1, 0, 2, 0, "*"], [2, 2, 0, 3, 0, "*"], [3, 4, 0, 2, 2, "*"], [4, 1, 0, 4, 0, "*"]],
    }
    prompt = to_prompt(workflow, {name: one.schema for name, one in NODES.items()}, lambda folder: [])
    assert prompt["1"]["inputs"] == {"mode": "simple", "mode.num_iterations": 3, "cache_iterations": False}
    assert prompt["2"]["inputs"] == {
        "accumulate": True,
        "output_value": ["1", 0],
        "terminations.termination0": ["4", 0],
    }


def test_they_look_as_the_ecosystem_knows_them():
    start, end = (object_info(NODES[name].schema, lambda folder: []) for name in ("StartLoop", "EndLoop"))
    assert start["input_order"] == {
        "required": ["mode", "cache_iterations"],
        "optional": ["parent_iteration", "initial_iteration_value"],
        "hidden": ["unique_id"],
    }
    modes = {one["key"]: list(one["inputs"]["required"]) for one in start["input"]["required"]["mode"][1]["options"]}
    assert modes == {
        "simple": ["num_iterations"],
        "For": ["start_iteration_index", "max_iteration", "step"],
        "List": ["list"],
    }
    assert start["output_name"] == ["iteration_index", "is_first", "is_last", "list_item", "current_iteration_value"]
    assert start["output_matchtypes"] == [None, None, None, "list_item", "carried_value"]
    assert list(end["input"]["optional"]) == ["output_value", "next_iteration_value"]
    assert (end["output_name"], end["output_is_list"]) == (["outputs"], [True])
    assert end["input"]["required"]["terminations"][1]["template"]["prefix"] == "termination"
