"""How much a value holds."""

import sys

import numpy as np
import pytest

from execution.cache.sizes import MODEL_BYTES, OBJECT_BYTES, size_of


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


class Hidden:
    """Whoever looks at it gets an error."""

    def __getattr__(self, name):
        raise RuntimeError(name)


def test_what_cannot_be_looked_at_counts_as_an_object_and_nothing_in_a_module_is_looked_at():
    assert size_of([Hidden(), sys]) == 3 * OBJECT_BYTES


def test_a_container_that_holds_itself_has_a_size():
    circle = []
    circle.append(circle)
    assert size_of(circle) == OBJECT_BYTES
