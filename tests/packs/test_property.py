"""Whatever the graph: the engine gives what a naive recursive reading of it gives, cached or not."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from execution.cache.memory import RamCache
from execution.events import Executed, ExecutionSuccess
from execution.executor import Executor
from execution.worker import Job

KINDS = ("Number", "Many", "Add", "Sum", "Switch", "Double", "CountDown")


@st.composite
def prompts(draw):
    """A random graph, each node linked to earlier ones, and some of its nodes shown."""
    prompt = {"0": {"class_type": "ClassicNumber", "inputs": {"value": draw(st.integers(0, 3))}}}
    for number in range(1, draw(st.integers(2, 12))):
        kind = draw(st.sampled_from(KINDS))
        source = st.integers(0, number - 1).map(lambda one: [str(one), 0])
        small = st.integers(0, 3)
        inputs = {
            "Number": {"value": small},
            "Many": {"count": small},
            "Add": {"a": source, "b": source},
            "Sum": {"values": source, "times": small},
            "Switch": {"on": st.booleans(), "yes": source, "no": source},
            "Double": {"value": source},
            "CountDown": {"left": small, "total": source},
        }[kind]
        drawn = {name: draw(values) for name, values in inputs.items()}
        prompt[str(number)] = {"class_type": f"Classic{kind}", "inputs": drawn}
    shown = draw(st.sets(st.sampled_from(sorted(prompt)), min_size=1, max_size=3))
    shows = {f"show {one}": {"class_type": "ClassicShowAll", "inputs": {"value": [one, 0]}} for one in sorted(shown)}
    return prompt | shows


def values_of(prompt, node_id):
    """The list of values that a node gives, computed without any cleverness."""
    kind, inputs = prompt[node_id]["class_type"].removeprefix("Classic"), prompt[node_id]["inputs"]

    def linked(name):
        return values_of(prompt, inputs[name][0])

    if kind == "Number":
        return [inputs["value"]]
    if kind == "Many":
        return list(range(inputs["count"]))
    if kind == "Add":
        a, b = linked("a"), linked("b")
        if not a or not b:
            return []
        return [a[min(i, len(a) - 1)] + b[min(i, len(b) - 1)] for i in range(max(len(a), len(b)))]
    if kind == "Sum":
        return [sum(linked("values")) * inputs["times"]]
    if kind == "Switch":
        return linked("yes" if inputs["on"] else "no")
    if kind == "Double":
        return [2 * one for one in linked("value")]
    return [one + inputs["left"] for one in linked("total")]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(prompts(), min_size=1, max_size=3), st.sampled_from([0, 1 << 20]))
def test_random_graphs_give_what_a_naive_reading_gives(nodes, several, budget):
    executor = Executor(nodes, RamCache(budget))
    for number, prompt in enumerate(itertools.chain(several, several)):
        outputs = [one for one in prompt if one.startswith("show")]
        events = []
        executor.run(Job(prompt_id=f"run {number}", prompt=prompt, outputs=outputs), events.append)
        assert any(isinstance(event, ExecutionSuccess) for event in events)
        shown = {one.node: one.output.get("text") for one in events if isinstance(one, Executed) and one.output}
        expected = {one: [repr(values_of(prompt, prompt[one]["inputs"]["value"][0]))] for one in outputs}
        assert {one: shown[one] for one in outputs} == expected
