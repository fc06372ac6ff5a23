"""What a graph costs grows with its nodes and links, no faster: counted in calls and bytes, not in time."""

import gc
import itertools
import sys

import msgspec
import pytest

from execution.cache.memory import RamCache
from execution.events import Executed, Executing, ExecutionSuccess
from execution.executor import Executor
from execution.graph import parse
from execution.signature import signatures
from execution.validate import validate
from execution.worker import Job
from nodes import flow
from nodes.schema import Node

SMALL, LARGE = 100, 400
MOST = 1.1 * LARGE / SMALL
FLOW = {one.schema.id: one for one in vars(flow).values() if isinstance(one, Node)}


def chain(node, size):
    nodes = {str(i): node("FakePass", value=[str(i - 1), 0]) for i in range(1, size)}
    return {"0": node("FakeNumber", value=1)} | nodes | {"show": node("FakeShow", value=[str(size - 1), 0])}


def fan(node, size):
    nodes = {str(i): node("FakeNumber", value=i) for i in range(size // 2)}
    return nodes | {f"show {i}": node("FakeShow", value=[str(i), 0]) for i in range(size // 2)}


def ladder(node, size):
    """Each node is linked twice to the one before."""
    nodes = {str(i): node("FakeAdd", a=[str(i - 1), 0], b=[str(i - 1), 0]) for i in range(1, size)}
    return {"0": node("FakeNumber", value=0)} | nodes | {"show": node("FakeShow", value=[str(size - 1), 0])}


def loop(node, rounds):
    return {
        "one": node("FakeNumber", value=1),
        "zero": node("FakeNumber", value=0),
        "start": node("EaselLoopStart", value1=["zero", 0]),
        "add": node("FakeAdd", a=["start", 2], b=["one", 0]),
        "end": node("EaselForEnd", loop=["start", 0], count=rounds, value1=["add", 0]),
        "show": node("FakeShow", value=["end", 0]),
    }


def calls_in(work):
    """How many Python functions are called."""
    count = itertools.count()

    def note(frame, event, argument):
        if event == "call":
            next(count)

    gc.disable()  # what other tests have left to be collected is not counted
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return next(count)


def ran(executor, prompt):
    events = []
    outputs = [one for one in prompt if one.startswith("show")]
    executor.run(Job(prompt_id="p", prompt=prompt, outputs=outputs), events.append)
    assert any(isinstance(event, ExecutionSuccess) for event in events)
    return events


@pytest.mark.parametrize("graph", [chain, fan, ladder])
def test_checking_and_signing_a_graph(graph, node, schemas, folders):
    def check(size):
        prompt = graph(node, size)
        return calls_in(lambda: validate(prompt, schemas, folders))

    def sign(size):
        parsed = parse(graph(node, size), schemas.__getitem__)
        return calls_in(lambda: signatures(parsed, parsed.order(parsed.nodes), {}))

    assert check(LARGE) <= MOST * check(SMALL)
    assert sign(LARGE) <= MOST * sign(SMALL)


@pytest.mark.parametrize("graph", [chain, fan, ladder, loop])
def test_running_a_graph_for_the_first_time_and_out_of_the_cache(graph, node, nodes):
    def run(size):
        executor, prompt = Executor(nodes | FLOW, RamCache(1 << 30)), graph(node, size)
        return calls_in(lambda: ran(executor, prompt)), calls_in(lambda: ran(executor, prompt))

    (first, cached), (first_of_large, cached_of_large) = run(SMALL), run(LARGE)
    assert first_of_large <= MOST * first
    assert cached_of_large <= MOST * cached


@pytest.mark.parametrize("graph", [chain, fan])
def test_one_more_node_is_a_matter_of_few_calls(graph, node, nodes):
    """Much fewer where its result is at hand. The bounds leave room for half as many again as there are today."""

    def run(size):
        executor, prompt = Executor(nodes, RamCache(1 << 30)), graph(node, size)
        return calls_in(lambda: ran(executor, prompt)), calls_in(lambda: ran(executor, prompt))

    (first, cached), (first_of_large, cached_of_large) = run(SMALL), run(LARGE)
    assert first_of_large - first <= 240 * (LARGE - SMALL)
    assert cached_of_large - cached <= 30 * (LARGE - SMALL)


@pytest.mark.parametrize("graph", [chain, fan, loop])
def test_telling_of_it(graph, node, nodes):
    def told(size):
        return sum(
            len(msgspec.json.encode(event)) for event in ran(Executor(nodes | FLOW, RamCache(0)), graph(node, size))
        )

    assert told(LARGE) <= 1.2 * LARGE / SMALL * told(SMALL)


def test_a_thousand_rounds_of_a_loop_run_each_node_once_in_each(node, nodes):
    events = ran(Executor(nodes | FLOW, RamCache(1 << 20)), loop(node, 1_000))
    assert [event.output["text"] for event in events if isinstance(event, Executed)] == [["1000"]]
    # Start, sum and end in each round, and the three nodes around the loop.
    assert len({event.node for event in events if isinstance(event, Executing) and event.node}) == 3 * 1_000 + 3


def test_a_condition_asked_a_thousand_times(node, nodes):
    prompt = loop(node, 0)
    prompt["end"] = node("EaselWhileEnd", loop=["start", 0], again=["more", 0], value1=["add", 0])
    prompt["more"] = node("FakeLess", a=["add", 0], b=1_000)
    events = ran(Executor(nodes | FLOW, RamCache(1 << 20)), prompt)
    assert [event.output["text"] for event in events if isinstance(event, Executed)] == [["1000"]]
