"""Classes that are no more are done by those that stand in for them."""

import msgspec
import pytest

from execution.replacements import Replacement, register, with_replacements

NEW = Replacement(
    new_node_id="NewScale",
    old_node_id="OldScale",
    input_mapping=[
        {"new_id": "image", "old_id": "pixels"},
        {"new_id": "method", "set_value": "bicubic"},
        {"new_id": "size", "old_id": "size"},
    ],
    output_mapping=[{"old_idx": 0, "new_idx": 1}],
)
PROMPT = {
    "1": {"class_type": "Load", "inputs": {"name": "a.png"}},
    "2": {"class_type": "OldScale", "inputs": {"pixels": ["1", 0], "gone": 3}, "_meta": {"title": "Scale"}},
    "3": {"class_type": "Save", "inputs": {"images": ["2", 0], "mask": ["2", 1], "list": ["2"], "text": "2"}},
}


def test_inputs_and_links_are_carried_over() -> None:
    changed = with_replacements(PROMPT, {"Load", "Save", "NewScale"}, {"OldScale": [NEW]})
    assert changed["2"] == {
        "class_type": "NewScale",
        "inputs": {"image": ["1", 0], "method": "bicubic"},
        "_meta": {"title": "Scale"},
    }
    assert changed["3"]["inputs"] == {"images": ["2", 1], "mask": ["2", 1], "list": ["2"], "text": "2"}
    assert PROMPT["2"]["class_type"] == "OldScale"


def test_the_first_that_is_there_is_taken() -> None:
    absent = Replacement(new_node_id="NotHere", old_node_id="OldScale")
    plain = Replacement(new_node_id="Other", old_node_id="OldScale")
    changed = with_replacements(PROMPT, {"Load", "Save", "Other"}, {"OldScale": [absent, plain]})
    assert changed["2"]["class_type"] == "Other"
    assert changed["2"]["inputs"] == PROMPT["2"]["inputs"]
    assert changed["3"]["inputs"]["images"] == ["2", 0]


def test_a_class_that_is_known_stays() -> None:
    assert with_replacements(PROMPT, {"OldScale", "NewScale"}, {"OldScale": [NEW]}) is PROMPT
    assert with_replacements(PROMPT, {"Load"}, {"OldScale": [NEW]}) is PROMPT
    assert with_replacements(PROMPT, {"NewScale"}, {}) is PROMPT


def test_what_is_no_prompt_is_left_to_validation() -> None:
    for broken in (None, [], {"1": None}, {"1": {}}, {"1": {"class_type": 5}}):
        assert with_replacements(broken, {"NewScale"}, {"OldScale": [NEW]}) is broken
    without_inputs = with_replacements({"1": {"class_type": "OldScale"}}, {"NewScale"}, {"OldScale": [NEW]})
    assert without_inputs == {"1": {"class_type": "NewScale", "inputs": None}}


def test_one_that_the_server_would_not_understand_is_refused_where_it_is_registered() -> None:
    known: dict[str, list[Replacement]] = {}
    register(NEW, known)
    with pytest.raises(msgspec.ValidationError):
        register(Replacement(new_node_id="A", old_node_id="B", output_mapping=[{"new_idx": "0", "old_idx": 0}]), known)
    with pytest.raises(msgspec.ValidationError):
        register(Replacement(new_node_id=None, old_node_id="B"), known)
    assert known == {"OldScale": [NEW]}
