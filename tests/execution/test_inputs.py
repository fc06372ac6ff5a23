"""What is wrong with a value or a link, in the words of the contract, and which types fit."""

import json

import pytest

from execution.inputs import types_match
from execution.validate import validate
from nodes.schema import Input, NodeSchema, Output

GOOD = {"i": 1, "f": 0.5, "s": "text", "b": True, "c": "a"}


@pytest.fixture
def problem(check, node):
    """The one problem of a FakeTypes node with one input set to a value."""

    def problem(**changed):
        inputs = {name: value for name, value in (GOOD | changed).items() if value is not ...}
        result = check({"1": node("FakeTypes", **inputs), "n": node("FakePair")})
        assert result.error["type"] == "prompt_outputs_failed_validation"
        (only,) = result.node_errors["1"]["errors"]
        json.dumps(result.node_errors, allow_nan=False)
        return only

    return problem


def test_a_missing_input(problem):
    assert problem(i=...) == {
        "type": "required_input_missing",
        "message": "Required input is missing",
        "details": "i",
        "extra_info": {"input_name": "i"},
    }


def test_a_value_below_the_range(problem):
    assert problem(i=-1) == {
        "type": "value_smaller_than_min",
        "message": "Value -1 smaller than min of 0",
        "details": "i",
        "extra_info": {
            "input_name": "i",
            "input_config": ["INT", {"default": 1, "min": 0, "max": 10}],
            "received_value": -1,
        },
    }


def test_a_value_above_the_range(problem):
    found = problem(i=11)
    assert (found["type"], found["message"]) == ("value_bigger_than_max", "Value 11 bigger than max of 10")


def test_a_value_that_is_not_in_the_list(problem):
    assert problem(c="zzz") == {
        "type": "value_not_in_list",
        "message": "Value not in list",
        "details": "c: 'zzz' not in ['a', 'b']",
        "extra_info": {"input_name": "c", "input_config": [["a", "b"], {}], "received_value": "zzz"},
    }


def test_a_long_list_is_not_spelled_out(check, node):
    (found,) = check({"1": node("FakeChoice", c="x")}).node_errors["1"]["errors"]
    assert found["details"] == "c: 'x' not in (list of length 30)"
    assert found["extra_info"]["input_config"] is None


def test_a_value_that_cannot_be_converted(problem):
    found = problem(i="abc")
    assert found["type"] == "invalid_input_type"
    assert found["message"] == "Failed to convert an input value to a INT value"
    assert found["details"].startswith("i, abc, invalid literal for int()")
    assert found["extra_info"]["received_value"] == "abc"
    assert found["extra_info"]["exception_message"].startswith("invalid literal")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, {}, {"__value__": []}, "1" * 5000])
def test_no_whole_number(problem, value):
    assert problem(i=value)["type"] == "invalid_input_type"


@pytest.mark.parametrize("value", [float("nan"), "nan", None, 10**400, "x"])
def test_no_real_number(problem, value):
    assert problem(f=value)["type"] == "invalid_input_type"


@pytest.mark.parametrize("value", [["n"], ["n", "0"], [5, 0], ["n", 0, 0], [], ["n", float("nan")]])
def test_a_list_that_is_no_link(problem, value):
    found = problem(i=value)
    assert found["type"] == "bad_linked_input"
    assert found["message"] == "Bad linked input, must be a length-2 list of [node_id, slot_index]"
    assert found["details"] == "i"


def test_a_literal_where_only_a_link_can_be(folders):
    schema = NodeSchema(
        id="Save", title="Save", category="", inputs=(Input(name="images", type="IMAGE"),), is_output=True
    )
    result = validate({"1": {"class_type": "Save", "inputs": {"images": "cat"}}}, {"Save": schema}, folders)
    assert result.node_errors["1"]["errors"][0]["type"] == "bad_linked_input"


def test_a_link_of_the_wrong_type(problem):
    assert problem(i=["n", 1]) == {
        "type": "return_type_mismatch",
        "message": "Return type mismatch between linked nodes",
        "details": "i, received_type(TEXT) mismatch input_type(INT)",
        "extra_info": {
            "input_name": "i",
            "input_config": ["INT", {"default": 1, "min": 0, "max": 10}],
            "received_type": "TEXT",
            "linked_node": ["n", 1],
        },
    }


def test_a_link_to_a_node_that_is_not_there_says_which_and_what_to_do(problem):
    found = problem(extra=["99", 0])
    assert found["type"] == "linked_node_missing"
    assert found["details"] == (
        "extra: node 1 (FakeTypes) is linked to node '99', which is not in the prompt; link it to a node that is there"
    )


@pytest.mark.parametrize("slot", [2, -1])
def test_a_link_to_an_output_that_is_not_there_says_which_there_are(problem, slot):
    found = problem(extra=["n", slot])
    assert found["type"] == "linked_slot_missing"
    assert found["details"] == (
        f"extra: node 1 (FakeTypes) is linked to output {slot} of node n (FakePair), which has: 0 (NUMBER), 1 (TEXT)"
    )


def test_a_file_is_one_of_the_folder_or_named_with_its_folder(check, node, folders):
    (folders.input / "cat.png").touch()
    folders.output.mkdir()
    (folders.output / "dog.png").touch()
    assert check({"1": node("FakeLoad", image="cat.png")}).error is None
    assert check({"1": node("FakeLoad", image="dog.png [output]")}).error is None
    for missing in ("dog.png", "../secret.png", "", "\0", "x" * 5000, 5):
        errors = check({"1": node("FakeLoad", image=missing)}).node_errors["1"]["errors"]
        assert errors[0]["type"] == "value_not_in_list"


def test_a_cycle_is_told_as_a_path(check, node):
    result = check({"1": node("FakeShow", value=["2", 0]), "2": node("FakePass", value=["2", 0])})
    assert result.node_errors["2"]["errors"] == [
        {
            "type": "dependency_cycle",
            "message": "Dependency cycle detected",
            "details": "2 (FakePass) -> 2 (FakePass)",
            "extra_info": {"node_id": "2", "cycle_nodes": ["2"]},
        }
    ]
    assert result.node_errors["2"]["dependent_outputs"] == ["1"]


def test_every_output_around_a_cycle_is_refused(check, node):
    prompt = {
        "o1": node("FakeShow", value=["a", 0]),
        "o2": node("FakeShow", value=["b", 0]),
        "a": node("FakePass", value=["b", 0]),
        "b": node("FakePass", value=["a", 0]),
    }
    result = check(prompt)
    assert result.outputs == []
    assert result.node_errors["a"]["dependent_outputs"] == ["o1", "o2"]


def test_an_output_that_is_itself_a_list_of_choices_feeds_a_combo(folders, schemas):
    chooser = NodeSchema(
        id="Chooser", title="", category="", outputs=(Output(type="COMBO", name="c", choices=("a", "b")),)
    )
    prompt = {
        "x": {"class_type": "Chooser", "inputs": {}},
        "1": {"class_type": "FakeTypes", "inputs": GOOD | {"c": ["x", 0]}},
    }
    assert validate(prompt, schemas | {"Chooser": chooser}, folders).error is None


# --- types ---


@pytest.mark.parametrize(
    ("received", "declared"),
    [
        ("IMAGE", "IMAGE"),
        ("*", "IMAGE"),
        ("IMAGE", "*"),
        ("COMFY_MATCHTYPE_V3", "IMAGE"),
        (["a", "b"], "COMBO"),
        (["a"], ["a"]),
        ("INT,FLOAT", "FLOAT"),
        ("INT", "STRING, INT"),
        ("LATENT", "IMAGE,*"),
    ],
)
def test_types_that_match(received, declared):
    assert types_match(received, declared)


@pytest.mark.parametrize(
    ("received", "declared"), [("IMAGE", "MASK"), (["a"], ["b"]), (["a"], "STRING"), ("STRING", "COMBO"), ("A,B", "C")]
)
def test_types_that_do_not_match(received, declared):
    assert not types_match(received, declared)


def test_the_any_type_trick_of_packs_is_honoured():
    class AnyType(str):
        def __ne__(self, other):
            return False

    assert types_match(AnyType("whatever"), "IMAGE")
