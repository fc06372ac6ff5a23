"""What is foretold of a prompt is what happens."""

import random
from pathlib import Path

import pytest

from comfy_core import folders
from execution.cache import CacheSettings, make_cache
from execution.cache.memory import RamCache
from execution.events import Executing, ExecutionError
from execution.executor import Executor
from execution.explain import explain
from execution.validate import Validation, validate
from execution.worker import Job
from nodes import flow, loops
from nodes.schema import Node

GRAPHS = 1000
LOOPS = 40
NO_FILES = folders.Folders(base=Path("/nowhere"))


@pytest.fixture(name="nodes")
def nodes_with_loops(nodes):
    return nodes | {
        one.schema.id: one for module in (flow, loops) for one in vars(module).values() if isinstance(one, Node)
    }


@pytest.fixture
def schemas(nodes):
    return {name: node.schema for name, node in nodes.items()}


@pytest.fixture
def foresee(nodes, schemas):
    """The forecast of a prompt, by an executor."""

    def foresee(executor, prompt):
        return explain(executor, schemas, prompt, validate(prompt, schemas, NO_FILES, None, nodes))

    return foresee


def all_ran(executor, prompt, outputs=None):
    """The nodes that run, also those that others stand for."""
    events = []
    outputs = outputs or [one for one, raw in prompt.items() if executor.nodes[raw["class_type"]].schema.is_output]
    executor.run(Job(prompt_id="run", prompt=prompt, outputs=outputs), events.append)
    assert not [event for event in events if isinstance(event, ExecutionError)]
    return {event.node for event in events if isinstance(event, Executing) and event.node is not None}


def ran(executor, prompt):
    """The prompt's own nodes that run."""
    return all_ran(executor, prompt) & prompt.keys()


def random_prompt(chance):
    """Nodes linked to earlier ones, some of them shown; few different values, so that much is alike."""
    prompt = {"0": {"class_type": "ClassicNumber", "inputs": {"value": chance.randint(0, 2)}}}
    for number in range(1, chance.randint(3, 14)):

        def source(number=number):
            return [str(chance.randrange(number)), 0]

        kinds = {
            "Number": {"value": chance.randint(0, 2)},
            "Add": {"a": source(), "b": source()},
            "Sum": {"values": source(), "times": chance.randint(0, 2)},
            "Switch": {"on": chance.random() < 0.5, "yes": source(), "no": source()},
            "LazyWithoutQuestion": {"on": chance.random() < 0.5, "yes": source(), "no": source()},
            "CountDown": {"left": chance.randint(0, 2), "total": source()},
        }
        kind = chance.choice(sorted(kinds))
        prompt[str(number)] = {"class_type": f"Classic{kind}", "inputs": kinds[kind]}
    for one in chance.sample(sorted(prompt), 2):
        prompt[f"show {one}"] = {"class_type": "ClassicShowAll", "inputs": {"value": [one, 0]}}
    return prompt


def changed(chance, prompt):
    """The prompt with another value somewhere."""
    number = chance.choice([one for one, raw in prompt.items() if raw["class_type"] == "ClassicNumber"])
    return prompt | {number: {"class_type": "ClassicNumber", "inputs": {"value": chance.randint(3, 9)}}}


def test_on_a_thousand_graphs_what_is_foretold_to_run_runs_and_nothing_else(nodes, foresee):
    chance = random.Random(3)
    settings = [CacheSettings(), CacheSettings(mode="classic"), CacheSettings(mode="none")]
    foretold_in_full = 0
    for number in range(GRAPHS // 4):
        executor = Executor(nodes, make_cache(settings[number % 3]))
        first, other = random_prompt(chance), random_prompt(chance)
        for prompt in (first, changed(chance, first), other, first):
            forecast = foresee(executor, prompt)
            assert forecast.perhaps == []
            assert set(forecast.runs) == ran(executor, prompt), (number, prompt)
            assert not set(forecast.cached) & set(forecast.runs)
            foretold_in_full += len(forecast.runs) < len(prompt)
    assert foretold_in_full > GRAPHS // 4


def with_loops(chance):
    """A random prompt, with a node that looks at its link before it follows it, and loops, one in another."""
    prompt = random_prompt(chance)

    def single():
        return [chance.choice([one for one, raw in prompt.items() if raw["class_type"] == "ClassicNumber"]), 0]

    def anything():
        return [chance.choice([one for one in prompt if one.isdigit()]), 0]

    kinds = chance.sample(["double", "for each", "while", "for", "rounds"], 2)
    if "double" in kinds:
        prompt["double"] = call("ClassicDouble", value=anything())
    if "for each" in kinds:
        prompt["for each"] = call("ClassicForEach", value=single())
    if "for" in kinds:
        prompt["for start"] = call("EaselLoopStart", value1=single())
        prompt["for sum"] = call("ClassicAdd", a=["for start", 2], b=anything())
        count = chance.randint(0, 3)
        prompt["for"] = call("EaselForEnd", loop=["for start", 0], count=count, value1=["for sum", 0])
    if "while" in kinds:
        prompt["while start"] = call("EaselLoopStart", value1=single())
        prompt["while sum"] = call("ClassicAdd", a=["while start", 2], b=["one", 0])
        prompt["one"] = call("ClassicNumber", value=chance.randint(1, 9))
        prompt["more"] = call("ClassicLess", a=["while sum", 0], b=9)
        ends = {"loop": ["while start", 0], "again": ["more", 0], "value1": ["while sum", 0]}
        prompt["while"] = call("EaselWhileEnd", **ends)
    if "rounds" in kinds:
        reuse = chance.random() < 0.5
        outer = {"mode": "simple", "mode.num_iterations": chance.randint(0, 2), "cache_iterations": reuse}
        inner = {"mode": "simple", "mode.num_iterations": ["outer", 0], "cache_iterations": reuse}
        prompt["outer"] = call("StartLoop", **outer, initial_iteration_value=anything())
        prompt["inner"] = call("StartLoop", **inner, parent_iteration=["outer", 0])
        prompt["round"] = call("ClassicJoin", a=["inner", 0], b=["outer", 4])
        prompt["inner end"] = call("EndLoop", accumulate=chance.random() < 0.5, output_value=["round", 0])
        ends = {"output_value": ["inner end", 0], "next_iteration_value": ["outer", 4]}
        prompt["rounds"] = call("EndLoop", accumulate=chance.random() < 0.5, **ends)
    return prompt | {f"show {one}": call("ClassicShowAll", value=[one, 0]) for one in kinds}


def call(class_type, /, **inputs):
    return {"class_type": class_type, "inputs": inputs}


def test_with_nodes_that_expand_nothing_runs_unforetold_and_what_was_seen_before_is_foretold_in_full(nodes, schemas):
    chance = random.Random(5)
    certain = 0
    for number in range(LOOPS):
        executor = Executor(nodes, make_cache([CacheSettings(), CacheSettings(mode="classic")][number % 2]))
        first, other = with_loops(chance), with_loops(chance)
        for prompt in (first, changed(chance, first), other, first):
            validation = validate(prompt, schemas, NO_FILES, None, nodes)
            forecast = explain(executor, schemas, prompt, validation)
            found = all_ran(executor, validation.prompt, validation.outputs)
            assert found & prompt.keys() <= {*forecast.runs, *forecast.perhaps}, (number, prompt)
            unforetold = found - prompt.keys() - set(forecast.expanded)
            announced = {one for one, told in forecast.nodes.items() if told.may_expand}
            assert {one.split(".")[0] for one in unforetold} <= announced, (number, prompt)
        executor.cache.clear()
        forecast = explain(executor, schemas, first, validation)
        found = all_ran(executor, validation.prompt, validation.outputs)
        if not any(one.may_expand for one in forecast.nodes.values()):
            certain += 1
            assert forecast.perhaps == []
            assert {*forecast.runs, *forecast.expanded} == found, (number, first)
    assert certain > LOOPS // 2


def test_nothing_runs_and_nothing_is_kept(nodes, foresee, calls, node):
    executor = Executor(nodes, RamCache(1 << 20))
    prompt = {"1": node("ClassicNumber", value=1), "2": node("ClassicShowAll", value=["1", 0])}
    assert foresee(executor, prompt).runs == ["1", "2"]
    assert (calls, len(executor.cache), executor.instances) == ([], 0, {})


def test_each_node_has_a_reason_and_what_it_took_before(nodes, foresee, node):
    executor = Executor(nodes, RamCache(1 << 20))
    prompt = {
        "1": node("ClassicNumber", value=1),
        "2": node("ClassicAdd", a=["1", 0], b=["1", 0]),
        "3": node("ClassicShowAll", value=["2", 0]),
        "4": node("ClassicNumber", value=9),
    }
    before = foresee(executor, prompt).nodes
    assert before["2"].because == "it has not run before"
    assert before["2"].seconds is None
    assert before["4"].status == "not_needed"
    ran(executor, prompt)
    prompt["1"] = node("ClassicNumber", value=2)
    after = foresee(executor, prompt)
    assert {one: found.because for one, found in after.nodes.items() if found.status == "runs"} == {
        "1": "its input value changed",
        "2": "node 1 changed",
        "3": "node 1 changed",
    }
    assert after.nodes["1"].why.since > 1.7e12
    assert after.seconds == pytest.approx(sum(after.nodes[one].seconds for one in "123"))
    assert after.seconds > 0


def test_what_depends_on_a_value_that_is_not_known_yet_is_perhaps(nodes, foresee, node):
    executor = Executor(nodes, RamCache(1 << 20))
    prompt = {
        "on": node("ClassicNumber", value=1),
        "yes": node("ClassicNumber", value=2),
        "no": node("ClassicNumber", value=3),
        "1": node("ClassicSwitch", on=["on", 0], yes=["yes", 0], no=["no", 0]),
        "2": node("ClassicShowAll", value=["1", 0]),
    }
    schemas = {name: one.current_schema() for name, one in nodes.items()}
    forecast = explain(executor, schemas, prompt, Validation(prompt=prompt, outputs=["2"]))
    assert (forecast.runs, sorted(forecast.perhaps)) == (["on", "1", "2"], ["no", "yes"])


def test_what_a_node_may_link_to_when_it_expands_is_perhaps(nodes, foresee, node):
    prompt = {
        "1": node("ClassicNumber", value=1),
        "2": node("ClassicDouble", value=["1", 0]),
        "3": node("ClassicShowAll", value=["2", 0]),
    }
    forecast = foresee(Executor(nodes, RamCache(1 << 20)), prompt)
    assert (forecast.runs, forecast.perhaps) == (["2", "3"], ["1"])


def test_what_is_missing_is_listed(nodes, foresee, node):
    prompt = {"1": node("NobodysNode"), "2": node("ClassicNumber", value=1), "3": {"inputs": {}}}
    forecast = foresee(Executor(nodes, RamCache(1 << 20)), prompt)
    assert [(one.node, one.class_type) for one in forecast.missing_nodes] == [("1", "NobodysNode"), ("3", None)]
    assert forecast.error["type"] == "missing_node_type"
    assert forecast.runs == []


@pytest.mark.parametrize("prompt", [None, [], "text", {}, {"1": 5}, {"1": {"class_type": 5}}, {"1": {"inputs": []}}])
def test_what_is_no_prompt_has_an_error(nodes, foresee, prompt):
    assert foresee(Executor(nodes, RamCache(1 << 20)), prompt).error is not None


@pytest.mark.parametrize("which", [0, 1])
def test_schema_style_nodes_too_with_lazy_inputs_in_a_growing_list(nodes, foresee, node, which):
    executor = Executor(nodes, RamCache(1 << 20))
    prompt = {
        "a": node("SchemaNumber", value=1),
        "b": node("SchemaNumber", value=2),
        "c": node("SchemaChoice", **{"which": which, "cases.a": ["a", 0], "cases.b": ["b", 0]}),
        "d": node("SchemaShow", value=["c", 0]),
    }
    forecast = foresee(executor, prompt)
    assert set(forecast.runs) == ran(executor, prompt) == {"ab"[which], "c", "d"}
    assert foresee(executor, prompt).runs == []
    prompt["d"] = node("SchemaShow", value=["ab"[1 - which], 0])
    again = foresee(executor, prompt)
    assert again.nodes["d"].because == "its input value changed"
    assert set(again.runs) == ran(executor, prompt) == {"ab"[1 - which], "d"}


@pytest.mark.parametrize(
    ("kind", "inputs", "may"),
    [
        ("ClassicForEach", {"value": 3}, True),
        ("SchemaExpanding", {"value": 3}, True),
        ("EndLoop", {"accumulate": False, "output_value": ["start", 0]}, True),
        ("ClassicMany", {"count": 3}, False),
        ("ClassicTypes", {"i": 1, "c": "a", "n": ["one", 0]}, False),
        ("SchemaNumber", {"value": 3}, False),
    ],
)
def test_that_a_node_may_stand_for_others_is_said_before_it_ever_ran(nodes, foresee, node, kind, inputs, may):
    prompt = {
        "one": node("ClassicNumber", value=1),
        "start": node("StartLoop", mode="simple", cache_iterations=True, **{"mode.num_iterations": 2}),
        "2": node(kind, **inputs),
        "3": node("ClassicShowAll", value=["2", 0]),
    }
    forecast = foresee(Executor(nodes, RamCache(1 << 20)), prompt)
    assert (forecast.error, forecast.nodes["2"].may_expand) == (None, may)
