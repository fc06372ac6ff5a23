"""JSON texts are read as Python's own reader does, also where they hold what strict readers refuse."""

import json

import pytest

from execution import json_text


@pytest.mark.parametrize(
    "value",
    [
        {"1": {"inputs": {"seed": 2**64 - 1, "cfg": 0.1, "text": "é \ud800 \0", "link": ["4", 0], "none": None}}},
        [float("inf"), -float("inf"), 2**70, -(2**70), -0.0, 5e-324, True],
        "",
    ],
)
def test_what_was_written_is_read_as_it_was(value):
    text = json.dumps(value)
    assert json_text.read(text) == json_text.read(text.encode()) == value
    assert repr(json_text.read(text)) == repr(value)


def test_nan_is_read_as_nan():
    assert repr(json_text.read("[NaN, 1e999]")) == "[nan, inf]"


def test_what_is_no_json_is_a_value_error():
    with pytest.raises(ValueError, match="Expecting value"):
        json_text.read("half a")
