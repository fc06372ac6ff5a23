"""Why nodes run again, as the events say it."""

import weakref
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from execution import why
from execution.cache.memory import ClassicCache
from execution.events import NodeTiming
from execution.executor import Executor
from execution.graph import parse
from execution.why import Past
from execution.worker import Job


def prompt_of(value=1, **more):
    return {
        "1": {"class_type": "FakeNumber", "inputs": {"value": value}},
        "2": {"class_type": "FakePass", "inputs": {"value": ["1", 0]}},
        "3": {"class_type": "FakeAdd", "inputs": {"a": ["2", 0], "b": ["1", 0]}},
        "4": {"class_type": "FakeShow", "inputs": {"value": ["3", 0]}},
        **more,
    }


@pytest.fixture
def reasons(nodes):
    """Run prompts one after the other; for each `{node: why}` of those that ran."""

    def reasons(prompts, nodes=nodes, past=None):
        executor = Executor(nodes, ClassicCache(), past=past)
        found = []
        for number, prompt in enumerate(prompts):
            events = []
            outputs = [one for one, raw in prompt.items() if raw["class_type"] == "FakeShow"]
            executor.run(Job(prompt_id=str(number), prompt=prompt, outputs=outputs), events.append)
            found.append({one.node: one.why for one in events if isinstance(one, NodeTiming)})
        return found

    return reasons


def test_the_first_run_and_one_in_which_nothing_changed(reasons):
    assert reasons([prompt_of(), prompt_of()]) == [dict.fromkeys("1234", "it has not run before"), {}]


def test_a_changed_input_is_named_and_those_below_name_the_node(reasons):
    changed = {"1": "its input value changed"} | dict.fromkeys("234", "node 1 changed")
    assert reasons([prompt_of(1), prompt_of(2)])[1] == changed


def test_a_link_to_another_node_is_a_changed_input(reasons):
    other = {"9": {"class_type": "FakeNumber", "inputs": {"value": 5}}}
    rewired = prompt_of(**{"3": {"class_type": "FakeAdd", "inputs": {"a": ["2", 0], "b": ["9", 0]}}}, **other)
    assert reasons([prompt_of(), rewired])[1] == {
        "9": "it has not run before",
        "3": "its input b changed",
        "4": "node 3 changed",
    }


def test_a_node_that_always_runs_and_those_below_it(reasons):
    prompt = prompt_of(**{"1": {"class_type": "FakeClock", "inputs": {}}})
    assert reasons([prompt, prompt])[1] == {"1": "it always runs"} | dict.fromkeys("234", "node 1 always runs")


def test_a_file_that_was_written_anew(reasons, tmp_path):
    file = tmp_path / "number"
    file.write_text("1")
    prompt = prompt_of(**{"1": {"class_type": "FakeWatch", "inputs": {"path": str(file)}}})

    def prompts():
        yield prompt
        file.write_text("2")
        yield prompt

    assert reasons(prompts())[1] == {"1": "what it reads changed"} | dict.fromkeys("234", "node 1 changed")


def test_a_result_that_left_the_cache(reasons):
    first, other = (
        prompt_of(1),
        {"7": prompt_of(3)["1"], "8": {"class_type": "FakeShow", "inputs": {"value": ["7", 0]}}},
    )
    assert reasons([first, other, first])[2] == dict.fromkeys("1234", "its result is no longer kept")


def test_changed_code(reasons, nodes):
    class Changing(dict):
        def __getitem__(self, name):
            node = super().__getitem__(name)
            version = "new" if name == "FakePass" and self.is_new else node.schema.version
            return replace(node, schema=msgspec.structs.replace(node.schema, version=version))

    changing = Changing(nodes)
    changing.is_new = False

    def prompts():
        yield prompt_of()
        changing.is_new = True
        yield prompt_of()

    found = reasons(prompts(), nodes=changing)
    assert found[1] == {"2": "its code changed", "3": "node 2 changed", "4": "node 2 changed"}


def test_what_is_remembered_is_bounded(nodes, monkeypatch):
    monkeypatch.setattr(why, "MOST_NODES", 3)
    monkeypatch.setattr(why, "MOST_SIGNATURES", 3)
    past = Past()
    graph = parse(prompt_of(), lambda name: nodes[name].schema)
    signed = {one: f"signature {one}" for one in graph.nodes}
    past.note(graph.nodes.values(), signed, {})
    past.save()
    kinds = {one: found.kind for one, found in past.reasons(graph, "1234", signed, {}).items()}
    assert kinds == {"1": "first_run", "2": "evicted", "3": "evicted", "4": "evicted"}


def test_a_restart_forgets_nothing(reasons, tmp_path):
    path = tmp_path / "user" / "past.json"
    before = Past(path)
    reasons([prompt_of(1)], past=before)
    before.save(now=True)
    assert set(reasons([prompt_of(1)], past=Past(path))[0].values()) == {"its result is no longer kept"}
    changed = {"1": "its input value changed"} | dict.fromkeys("234", "node 1 changed")
    assert reasons([prompt_of(2)], past=Past(path)) == [changed]
    rewired = prompt_of(2, **{"3": {"class_type": "FakeAdd", "inputs": {"a": ["1", 0], "b": ["1", 0]}}})
    assert reasons([rewired], past=Past(path))[0]["3"] == "its input a changed"


def test_what_another_worker_did_is_known_here_too(reasons, tmp_path):
    mine, theirs = Past(tmp_path / "past.json"), Past(tmp_path / "past.json")
    reasons([prompt_of(1)], past=mine)
    reasons([prompt_of(1), prompt_of(2)], past=theirs)
    for past in (mine, theirs, mine):
        past.save(now=True)
    assert set(reasons([prompt_of(1)], past=mine)[0].values()) == {"its result is no longer kept"}
    assert set(reasons([prompt_of(2)], past=mine)[0].values()) == {"its result is no longer kept"}


def test_what_is_kept_over_a_restart_is_bounded_and_newest(reasons, tmp_path, monkeypatch):
    monkeypatch.setattr(why, "MOST_KEPT", 2)
    past = Past(tmp_path / "past.json")
    reasons([prompt_of(1)], past=past)
    past.save(now=True)
    assert set(msgspec.json.decode((tmp_path / "past.json").read_bytes())) == {"3", "4"}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"1": 5}'])
def test_a_damaged_record_is_as_good_as_none(reasons, tmp_path, content):
    (tmp_path / "past.json").write_bytes(content)
    assert set(reasons([prompt_of(1)], past=Past(tmp_path / "past.json"))[0].values()) == {"it has not run before"}


def test_objects_that_an_expansion_puts_into_nodes_are_neither_kept_nor_compared(schemas):
    raw = {"class_type": "FakePass", "inputs": {"value": np.zeros(3)}}
    graph, past, gone = parse({"1.0.0.1": raw}, schemas.__getitem__), Past(), weakref.ref(raw["inputs"]["value"])
    past.note(graph.nodes.values(), {"1.0.0.1": None}, {"1.0.0.1": np.zeros(3)})
    del raw, graph
    assert gone() is None
    graph = parse({"1.0.0.1": {"class_type": "FakePass", "inputs": {"value": 5}}}, schemas.__getitem__)
    assert str(past.reasons(graph, ["1.0.0.1"], {"1.0.0.1": "x"}, {})["1.0.0.1"]) == "its input value changed"
