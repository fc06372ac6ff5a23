"""Whatever the graph: the engine gives what a naive recursive reading of it gives, cached or not, each node once."""

import itertools
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from execution.cache.memory import RamCache
from execution.events import Executed, ExecutionSuccess, NodeTiming
from execution.executor import Executor
from execution.worker import Job
from nodes import flow, loops
from nodes.schema import Node

KINDS = ("Number", "Many", "Add", "Sum", "Switch", "Double", "CountDown", "Block", "ForEach", "Loop", "Rounds")
FLOW = {one.schema.id: one for module in (flow, loops) for one in vars(module).values() if isinstance(one, Node)}
BLOCKED = "blocked"


@st.composite
def prompts(draw):
    """A random graph, each node linked to earlier ones, and some of its nodes shown."""
    prompt = {"0": node("Number", value=draw(st.integers(0, 3)))}
    for number in range(1, draw(st.integers(2, 12))):
        kind = draw(st.sampled_from(KINDS))
        source = st.integers(0, number - 1).map(lambda one: [str(one), 0])
        single = st.sampled_from([one for one in prompt if prompt[one]["class_type"] == "ClassicNumber"])
        small = st.integers(0, 3)
        inputs = {
            "Number": {"value": small},
            "Many": {"count": small},
            "Add": {"a": source, "b": source},
            "Sum": {"values": source, "times": small},
            "Switch": {"on": st.booleans(), "yes": source, "no": source},
            "Double": {"value": source},
            "CountDown": {"left": small, "total": source},
            "Block": {"value": source, "from_value": small, "message": st.just("")},
            "ForEach": {"value": single.map(lambda one: [one, 0])},
            "Loop": {
                "first": single.map(lambda one: [one, 0]),
                "more": single.map(lambda one: [one, 0]),
                "count": small,
            },
            "Rounds": {"first": source, "more": source, "count": small, "all": st.booleans()},
        }[kind]
        drawn = {name: draw(values) for name, values in inputs.items()}
        made = {"Loop": loop, "Rounds": rounds}.get(kind)
        prompt |= made(str(number), **drawn) if made else {str(number): node(kind, **drawn)}
    shown = draw(st.sets(st.sampled_from(sorted(one for one in prompt if one.isdigit())), min_size=1, max_size=3))
    return prompt | {f"show {one}": node("ShowAll", value=[one, 0]) for one in sorted(shown)}


def node(kind, **inputs):
    return {"class_type": f"Classic{kind}", "inputs": inputs}


def loop(node_id, first, more, count):
    """Rounds that each add `more`; the node `node_id` is the end of the loop."""
    start, total = f"{node_id} start", f"{node_id} total"
    ends = {"loop": [start, 0], "value1": [total, 0], "count": count}
    return {
        start: {"class_type": "EaselLoopStart", "inputs": {"value1": first}},
        total: node("Add", a=[start, 2], b=more),
        node_id: {"class_type": "EaselForEnd", "inputs": ends},
    }


def rounds(node_id, first, more, count, all):
    """The same by a Start Loop and an End Loop, which may have no round, and carry lists."""
    start, total = f"{node_id} start", f"{node_id} total"
    counted = {"mode": "simple", "mode.num_iterations": count, "cache_iterations": count > 1}
    ends = {"output_value": [total, 0], "next_iteration_value": [total, 0], "accumulate": all}
    return {
        start: {"class_type": "StartLoop", "inputs": counted | {"initial_iteration_value": first}},
        total: node("Add", a=[start, 4], b=more),
        node_id: {"class_type": "EndLoop", "inputs": ends},
    }


def values_of(prompt, node_id):
    """The list of values that a node gives, computed without any cleverness."""
    kind, inputs = prompt[node_id]["class_type"].removeprefix("Classic"), prompt[node_id]["inputs"]

    def linked(name):
        return values_of(prompt, inputs[name][0])

    def mapped(function, *lists):
        if not all(lists):
            return []
        rows = [[one[min(i, len(one) - 1)] for one in lists] for i in range(max(map(len, lists)))]
        return [BLOCKED if BLOCKED in row else function(*row) for row in rows]

    if kind == "Number":
        return [inputs["value"]]
    if kind == "Many":
        return list(range(inputs["count"]))
    if kind == "Add":
        return mapped(lambda a, b: a + b, linked("a"), linked("b"))
    if kind == "Sum":
        values = linked("values")
        return [BLOCKED] if BLOCKED in values else [sum(values) * inputs["times"]]
    if kind == "Switch":
        return linked("yes" if inputs["on"] else "no")
    if kind == "Double":
        return mapped(lambda one: 2 * one, linked("value"))
    if kind == "Block":
        return mapped(lambda one: BLOCKED if one >= inputs["from_value"] else one, linked("value"))
    if kind == "ForEach":
        return [one for value in linked("value") for one in range(value)]
    if kind == "EaselForEnd":
        total = prompt[inputs["value1"][0]]["inputs"]
        (first,), (more,) = values_of(prompt, f"{node_id} start"), values_of(prompt, total["b"][0])
        return [first + max(1, inputs["count"]) * more]
    if kind == "EaselLoopStart":
        return linked("value1")
    if kind == "EndLoop":
        start, total = (prompt[one]["inputs"] for one in (f"{node_id} start", inputs["output_value"][0]))
        carried, more = (values_of(prompt, one[0]) for one in (start["initial_iteration_value"], total["b"]))
        given = []
        if BLOCKED in carried:  # what a node is given blocks it, with no round to run as well
            return [BLOCKED]
        for _ in range(start["mode.num_iterations"]):
            if BLOCKED in carried:
                return [BLOCKED]
            carried = mapped(lambda a, b: a + b, carried, more)
            given = given + carried if inputs["accumulate"] else carried
        return [BLOCKED] if BLOCKED in given else given
    return mapped(lambda one: one + inputs["left"], linked("total"))


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(prompts(), min_size=1, max_size=3), st.sampled_from([0, 1 << 20]))
def test_random_graphs_give_what_a_naive_reading_gives(nodes, several, budget):
    executor = Executor(nodes | FLOW, RamCache(budget))
    for number, prompt in enumerate(itertools.chain(several, several)):
        outputs = [one for one in prompt if one.startswith("show")]
        events = []
        executor.run(Job(prompt_id=f"run {number}", prompt=prompt, outputs=outputs), events.append)
        assert any(isinstance(event, ExecutionSuccess) for event in events)
        shown = {one.node: one.output.get("text") for one in events if isinstance(one, Executed) and one.output}
        expected = {one: values_of(prompt, prompt[one]["inputs"]["value"][0]) for one in outputs}
        assert {one: shown.get(one) for one in outputs} == {
            one: None if BLOCKED in values else [repr(values)] for one, values in expected.items()
        }
        runs = Counter(event.node for event in events if isinstance(event, NodeTiming))
        if budget:  # without a cache, a loop computes again what each of its rounds needs from outside
            assert set(runs.values()) <= {1}
            assert not runs or number < len(several)
