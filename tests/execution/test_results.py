"""What functions may return."""

import numpy as np
import pytest

from execution.results import merge, plain, unpack
from nodes.schema import NodeSchema, Output


def schema(outputs):
    return NodeSchema(id="N", title="", category="", outputs=(Output(type="X", name="x"),) * outputs)


@pytest.mark.parametrize(
    ("returned", "outputs", "values", "ui"),
    [
        (5, 1, (5,), None),
        ((5,), 1, (5,), None),
        ((5, 6), 2, (5, 6), None),
        ([5, 6], 2, (5, 6), None),
        ([5, 6], 1, ([5, 6],), None),
        (None, 0, (), None),
        (None, 1, (None,), None),
        ({"samples": 5}, 1, ({"samples": 5},), None),
        ({}, 1, ({},), None),
        ({"ui": {"text": ("a",)}}, 0, (), {"text": ["a"]}),
        ({"ui": {"text": []}, "result": (1, 2)}, 2, (1, 2), {"text": []}),
        ({"ui": {"images": map(str, [1, 2])}}, 0, (), {"images": ["1", "2"]}),  # as comfy-image-saver shows files
        ({"result": (1,)}, 1, (1,), None),
        ((5,), 2, (5,), None),
    ],
)
def test_what_a_function_returns_becomes_values_and_ui(returned, outputs, values, ui):
    result = unpack(returned, schema(outputs))
    assert (result.values, result.ui) == (values, ui)


@pytest.mark.parametrize(
    ("returned", "outputs", "said"),
    [((1, 2), 1, "2 values, more than it has outputs: 1"), (5, 2, "one int, not a tuple for its 2 outputs")],
)
def test_a_wrong_number_of_values_is_refused(returned, outputs, said):
    with pytest.raises(ValueError, match=said):
        unpack(returned, schema(outputs))


def test_one_value_where_a_list_is_declared_is_refused_by_the_name_of_the_output():
    declared = NodeSchema(id="N", title="", category="", outputs=(Output(type="INT", name="counts", is_list=True),))
    with pytest.raises(TypeError, match="output 'counts' is declared as a list, but what came is one int"):
        merge([unpack((1,), declared)], declared, lambda value: None)


def test_plain_data_has_only_the_types_of_json():
    value = {1: (np.float32(0.5), np.arange(2), {"x"}), "big": 2**70, "path": object, "nothing": None}
    assert plain(value) == {"1": [0.5, [0, 1], ["x"]], "big": str(2**70), "path": "<class 'object'>", "nothing": None}
