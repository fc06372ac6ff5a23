"""What each policy spares when a person goes back and forth between workflows."""

import pytest

from execution.cache import CacheSettings, Result, make_cache
from execution.executor import Executor
from execution.worker import Job

A = {
    "1": {"class_type": "FakeNumber", "inputs": {"value": 1}},
    "2": {"class_type": "FakePass", "inputs": {"value": ["1", 0]}},
    "3": {"class_type": "FakeShow", "inputs": {"value": ["2", 0]}},
}
B = {"7": {"class_type": "FakeNumber", "inputs": {"value": 2}}, "8": A["3"] | {"inputs": {"value": ["7", 0]}}}


@pytest.fixture
def ran(nodes, calls):
    """Run prompts one after the other with a cache; how many nodes each of them ran."""

    def ran(settings, *prompts):
        executor = Executor(nodes, make_cache(settings))
        counts = []
        for number, prompt in enumerate(prompts):
            calls.clear()
            outputs = [one for one, raw in prompt.items() if raw["class_type"] == "FakeShow"]
            executor.run(Job(prompt_id=str(number), prompt=prompt, outputs=outputs), lambda event: None)
            counts.append(len(calls))
        return counts

    return ran


def test_ram_keeps_the_workflow_before(ran):
    assert ran(CacheSettings(), A, A, B, A, B) == [3, 0, 2, 0, 0]


def test_classic_keeps_the_last_workflow_only(ran):
    assert ran(CacheSettings(mode="classic"), A, A, B, A, A) == [3, 0, 2, 3, 0]


def test_lru_keeps_a_number_of_results(ran):
    assert ran(CacheSettings(mode="lru", results=5), A, B, A) == [3, 2, 0]
    # of five results the newest four are left; the output is the one that counts, and is there
    assert ran(CacheSettings(mode="lru", results=4), A, B, A) == [3, 2, 0]
    assert ran(CacheSettings(mode="lru", results=2), A, B, A) == [3, 2, 3]


def test_none_runs_everything_every_time(ran):
    assert ran(CacheSettings(mode="none"), A, A) == [3, 3]


def test_none_lets_go_of_a_result_when_its_last_consumer_has_it(nodes):
    """Seen by a node at the end of a chain: of all before it only what it takes is alive."""
    import gc
    import weakref

    from nodes.schema import Input as In
    from nodes.schema import Node, NodeSchema, Output

    class Big:
        pass

    alive, seen = [], []

    def step(value=None):
        gc.collect()
        seen.append(sum(one() is not None for one in alive))
        big = Big()
        alive.append(weakref.ref(big))
        return big

    schema = NodeSchema(
        id="Step",
        title="Step",
        category="",
        inputs=(In(name="value", type="BIG", section="optional"),),
        outputs=(Output(type="BIG", name="BIG"),),
        is_output=True,
    )
    prompt = {"0": {"class_type": "Step", "inputs": {}}}
    prompt |= {str(i): {"class_type": "Step", "inputs": {"value": [str(i - 1), 0]}} for i in range(1, 6)}
    executor = Executor({"Step": Node(schema, step)}, make_cache(CacheSettings(mode="none")))
    executor.run(Job(prompt_id="p", prompt=prompt, outputs=["5"]), lambda event: None)
    assert seen == [0, 1, 1, 1, 1, 1]


def test_after_a_restart_a_changed_node_runs_alone_with_the_models_it_needs(ran, calls, tmp_path):
    def workflow(seed, shown=0):
        return {
            "m": {"class_type": "FakeModel", "inputs": {}},
            "n": {"class_type": "FakeNumber", "inputs": {"value": 1}},
            "1": {"class_type": "FakeSample", "inputs": {"model": ["m", 0], "value": ["n", 0], "seed": seed}},
            "2": {"class_type": "FakeAdd", "inputs": {"a": ["1", 0], "b": ["n", 0]}},
            "3": {"class_type": "FakeShow", "inputs": {"value": ["2" if shown == 0 else "1", 0]}},
        }

    settings = CacheSettings(disk=str(tmp_path))
    assert ran(settings, workflow(1)) == [5]
    assert ran(settings, workflow(1)) == [0]
    # what is asked for is another node's stored result: the model is not even loaded
    assert ran(settings, workflow(1, shown=1)) == [1]
    assert ran(settings, workflow(2)) == [4]
    assert sorted(calls) == ["FakeAdd", "FakeModel", "FakeSample", "FakeShow"]


@pytest.mark.parametrize("mode", ["ram", "classic", "lru"])
def test_what_outlives_the_beginning_of_a_run_is_known_beforehand(mode):
    cache = make_cache(CacheSettings(mode=mode, results=5))
    own, others = dict.fromkeys("ab"), dict.fromkeys("b")
    cache.begin(own)
    for signature in ("a", "b", "of an expansion"):
        cache.put(signature, Result(([1],)))
    foretold = {one: cache.outlives(one, others) for one in ("a", "b", "of an expansion", "nothing")}
    cache.begin(others)
    assert {one: one in cache for one in foretold} == foretold
    assert foretold["a"] == (mode != "classic")
