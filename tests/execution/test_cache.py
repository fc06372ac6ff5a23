"""What is kept, and what leaves when there is no room."""

import numpy as np
import pytest

from execution.cache import MODEL_BYTES, OBJECT_BYTES, OutputCache, Result, size_of


def result(megabytes):
    return Result((np.zeros(megabytes << 20, np.uint8),))


def test_the_least_recently_used_leaves_first():
    cache = OutputCache(budget=(3 << 20) + 10_000)
    first, second, third = result(1), result(1), result(1)
    for name, one in {"a": first, "b": second, "c": third}.items():
        cache.put(name, one)
    assert cache.get("a") is first
    cache.put("d", result(1))
    assert cache.get("b") is None
    assert [cache.get(name) is not None for name in "acd"] == [True, True, True]
    assert cache.bytes <= cache.budget


def test_what_alone_exceeds_the_budget_drives_nothing_out():
    cache = OutputCache(budget=2 << 20)
    cache.put("small", result(1))
    cache.put("huge", result(3))
    assert cache.get("huge") is None
    assert cache.get("small") is not None


def test_replacing_an_entry_counts_it_once():
    cache = OutputCache(budget=10 << 20)
    cache.put("a", result(4))
    cache.put("a", result(1))
    assert len(cache) == 1
    assert 1 << 20 <= cache.bytes < 2 << 20


def test_nothing_is_kept_without_a_signature():
    cache = OutputCache(budget=1 << 20)
    cache.put(None, result(0))
    assert (cache.get(None), len(cache)) == (None, 0)


def test_clearing_gives_everything_back():
    cache = OutputCache(budget=10 << 20)
    cache.put("a", result(1))
    cache.clear()
    assert (cache.get("a"), cache.bytes) == (None, 0)


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (np.zeros((2, 3), np.float32), 24),
        ([[np.zeros(100, np.uint8), {"pooled": np.zeros(50, np.uint8)}]], 150),
        (b"12345", 5),
    ],
)
def test_a_size_is_what_arrays_and_containers_hold(thing, expected):
    assert expected <= size_of(thing) <= expected + 8 * OBJECT_BYTES


def test_the_same_array_twice_counts_once():
    array = np.zeros(1 << 20, np.uint8)
    assert size_of([array, array]) < 1.1 * (1 << 20)


def test_an_object_counts_what_it_holds_and_a_model_counts_little():
    class Video:
        def __init__(self):
            self.frames = np.zeros(1 << 20, np.uint8)

    class Model(Video):
        def state_dict(self):
            return {"frames": self.frames}

    assert size_of(Video()) > 1 << 20
    assert size_of(Model()) == MODEL_BYTES


def test_a_container_that_holds_itself_has_a_size():
    circle = []
    circle.append(circle)
    assert size_of(circle) == OBJECT_BYTES
