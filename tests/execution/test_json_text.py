"""JSON texts are read as Python's own reader does, and written for it, also where they hold what others refuse."""

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
    for text in (json.dumps(value), json_text.write(value)):
        assert json_text.read(text) == json_text.read(text.encode()) == value
        assert repr(json_text.read(text)) == repr(value)
        assert repr(json.loads(text)) == repr(value), "the migrations read it so"


def test_nan_is_nan():
    assert repr(json_text.read("[NaN, 1e999]")) == "[nan, inf]"
    assert repr(json_text.read(json_text.write([float("nan"), None, "null"]))) == "[nan, None, 'null']"


def test_what_is_no_json_is_not_written():
    with pytest.raises(TypeError):
        json_text.write([object()])


def test_what_is_no_json_is_a_value_error():
    with pytest.raises(ValueError, match="Expecting value"):
        json_text.read("half a")
