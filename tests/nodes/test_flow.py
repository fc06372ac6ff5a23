"""Branches and loops."""

import json
from pathlib import Path

import pytest

from execution.cache.memory import RamCache
from execution.events import Executed, Executing, ExecutionError
from execution.executor import Executor
from execution.load_nodes import load_nodes
from execution.worker import Job
from nodes import flow
from nodes.schema import Node, object_info

PACKS = Path(__file__).parents[1] / "execution" / "packs"
FLOW = {one.schema.id: one for one in vars(flow).values() if isinstance(one, Node)}


@pytest.fixture
def run():
    """Run a prompt; the texts shown, and the ids at which nodes were shown at work."""
    executor = Executor(load_nodes((), PACKS) | FLOW, RamCache(1 << 20))

    def run(prompt):
        events = []
        outputs = [one for one, raw in prompt.items() if executor.nodes[raw["class_type"]].schema.is_output]
        executor.run(Job(prompt_id="p", prompt=prompt, outputs=outputs), events.append)
        assert not [event for event in events if isinstance(event, ExecutionError)]
        texts = [text for event in events if isinstance(event, Executed) for text in event.output["text"]]
        return texts, [event.display_node for event in events if isinstance(event, Executing)]

    return run


def node(class_type, /, **inputs):
    return {"class_type": class_type, "inputs": inputs}


def test_the_switch_looks_as_the_ecosystem_knows_it():
    info = object_info(FLOW["ComfySwitchNode"].schema, lambda folder: [])
    lazy = {"lazy": True, "template": {"template_id": "switch", "allowed_types": "*"}}
    required = info["input"]["required"]
    without_tooltips = {
        name: [kind, {key: value for key, value in options.items() if key not in ("tooltip", "default")}]
        for name, (kind, options) in required.items()
    }
    assert without_tooltips == {
        "switch": ["BOOLEAN", {}],
        "on_false": ["COMFY_MATCHTYPE_V3", lazy],
        "on_true": ["COMFY_MATCHTYPE_V3", lazy],
    }
    assert (info["output"], info["output_matchtypes"]) == (["COMFY_MATCHTYPE_V3"], ["switch"])


@pytest.mark.parametrize(("which", "shown"), [(True, "1"), (False, "2")])
def test_a_switch_computes_only_what_it_passes_on(run, which, shown):
    prompt = {
        "1": node("FakeNumber", value=1),
        "2": node("FakeNumber", value=2),
        "s": node("ComfySwitchNode", switch=which, on_true=["1", 0], on_false=["2", 0]),
        "show": node("FakeShowAny", value=["s", 0]),
    }
    texts, at_work = run(prompt)
    assert texts == [shown]
    assert at_work == ["s", shown, "s", "show", None]


def test_logic_takes_as_many_values_as_one_likes(run):
    prompt = {
        "0": node("FakeNumber", value=0),
        "1": node("FakeNumber", value=1),
        "and": node("ComfyAndNode", **{"values.value0": ["1", 0], "values.value1": ["0", 0]}),
        "or": node("ComfyOrNode", **{"values.value0": ["1", 0], "values.value1": ["0", 0]}),
        "not": node("ComfyNotNode", value=["and", 0]),
        "a": node("FakeShowAny", value=["and", 0]),
        "b": node("FakeShowAny", value=["or", 0]),
        "c": node("FakeShowAny", value=["not", 0]),
    }
    assert run(prompt)[0] == ["False", "True", "True"]


def test_a_list_is_made_of_values_and_gone_through(run):
    prompt = {
        "1": node("FakeNumber", value=1),
        "2": node("FakeNumber", value=2),
        "list": node("CreateList", **{"inputs.input0": ["1", 0], "inputs.input1": ["2", 0]}),
        "show": node("FakeShowAny", value=["list", 0]),
    }
    assert run(prompt)[0] == ["1", "2"]


def counting(end):
    """A loop that adds 2 in each round, and the index to a second sum."""
    return {
        "zero": node("FakeNumber", value=0),
        "two": node("FakeNumber", value=2),
        "start": node("EaselLoopStart", value1=["zero", 0], value2=["zero", 0]),
        "add": node("FakeAdd", a=["start", 2], b=["two", 0]),
        "sum": node("FakeAdd", a=["start", 3], b=["start", 1]),
        "end": end,
        "show 1": node("FakeShowAny", value=["end", 0]),
        "show 2": node("FakeShowAny", value=["end", 1]),
    }


@pytest.mark.parametrize(("count", "shown"), [(0, ["2", "0"]), (1, ["2", "0"]), (5, ["10", "10"]), (40, ["80", "780"])])
def test_a_for_loop_hands_values_from_round_to_round(run, count, shown):
    prompt = counting(node("EaselForEnd", loop=["start", 0], count=count, value1=["add", 0], value2=["sum", 0]))
    texts, at_work = run(prompt)
    assert texts == shown
    assert set(at_work) == {*prompt, None}


def test_a_while_loop_runs_as_long_as_its_condition_holds(run):
    prompt = counting(node("EaselWhileEnd", loop=["start", 0], again=["more", 0], value1=["add", 0]))
    del prompt["show 2"], prompt["sum"]
    prompt["more"] = node("FakeLess", a=["add", 0], b=9)
    assert run(prompt)[0] == ["10"]


def test_loops_nest(run):
    outer = node("EaselForEnd", loop=["start", 0], count=3, value1=["inner end", 0])
    prompt = counting(outer) | {
        "inner": node("EaselLoopStart", value1=["start", 2]),
        "one more": node("FakeAdd", a=["inner", 2], b=["two", 0]),
        "inner end": node("EaselForEnd", loop=["inner", 0], count=4, value1=["one more", 0]),
    }
    del prompt["show 2"], prompt["sum"], prompt["add"]
    assert run(prompt)[0] == ["24"]


def test_a_list_is_carried_as_a_whole_however_many_rounds(run):
    prompt = counting(node("EaselForEnd", loop=["start", 0], count=6, value1=["add", 0]))
    prompt["list"] = node("CreateList", **{"inputs.input0": ["zero", 0], "inputs.input1": ["two", 0]})
    prompt["start"] = node("EaselLoopStart", value1=["list", 0])
    del prompt["show 2"], prompt["sum"]
    assert run(prompt)[0] == ["12", "14"]


def test_nodes_of_the_flow_are_plain_functions_too():
    assert flow.switch(True, on_false=1, on_true=2) == 2
    assert flow.create_list({"input0": [1], "input1": [2, 3]}) == [1, 2, 3]
    assert json.dumps(flow.logical_not(0)) == "true"
