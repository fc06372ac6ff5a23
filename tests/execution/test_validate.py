"""What is wrong with a prompt, in the words of the contract."""

import json

import pytest

from execution.validate import FEW_NODES, is_quick, validate
from nodes.schema import Input, NodeSchema


def test_a_good_prompt_runs_all_its_outputs_in_the_order_of_the_prompt(check, node):
    prompt = {
        "b": node("FakeShow", value=["n", 0]),
        "n": node("FakeNumber", value=1),
        "a": node("FakeShow", value=["n", 0]),
    }
    result = check(prompt)
    assert (result.outputs, result.error, result.node_errors) == (["b", "a"], None, {})


def test_literals_are_coerced_in_the_prompt_that_runs_and_not_in_the_one_given(check, node):
    prompt = {"1": node("FakeTypes", i="3", f=2, s=5, b="False", c="a")}
    result = check(prompt)
    assert result.prompt["1"]["inputs"] == {"i": 3, "f": 2.0, "s": "5", "b": True, "c": "a"}
    assert prompt["1"]["inputs"]["i"] == "3"


def test_a_wrapped_list_stays_wrapped_in_the_stored_prompt(check, node):
    prompt = {"1": node("FakeShowAny", value={"__value__": ["2", 0]})}
    assert check(prompt).prompt == prompt


# --- the prompt as a whole ---


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (None, "expected an object of nodes by id, got NoneType"),
        ([], "got list"),
        ({"1": float("nan")}, "node '1' must be an object"),
        ({"1": None}, "node '1' must be an object"),
        ({"1": {"class_type": "FakeShow", "inputs": []}}, "inputs of node '1' must be an object, got list"),
    ],
)
def test_what_is_not_a_prompt_is_refused_with_the_place(check, prompt, said):
    error = check(prompt).error
    assert error["type"] == "invalid_prompt"
    assert said in error["details"]


def test_an_unknown_class_is_named_with_its_title(check):
    prompt = {"9": {"class_type": "Nope", "inputs": {}, "_meta": {"title": "Ttl"}}}
    assert check(prompt).error == {
        "type": "missing_node_type",
        "message": "Node 'Ttl' not found. The custom node may not be installed.",
        "details": "Node ID '#9'",
        "extra_info": {"node_id": "9", "class_type": "Nope", "node_title": "Ttl"},
    }


@pytest.mark.parametrize("meta", [{"title": ""}, {"title": 5}, {}, "Ttl"])
def test_an_unknown_class_without_a_title_is_named_itself(check, meta):
    error = check({"9": {"class_type": "Nope", "inputs": {}, "_meta": meta}}).error
    assert error["message"] == "Node 'Nope' not found. The custom node may not be installed."
    assert error["extra_info"]["node_title"] == "Nope"


@pytest.mark.parametrize("class_type", [None, 3, ["FakeShow"], {}])
def test_a_class_that_is_no_name_is_a_missing_node_type(check, class_type):
    assert check({"9": {"class_type": class_type, "inputs": {}}}).error["type"] == "missing_node_type"


@pytest.mark.parametrize("targets", [None, [], ["n"], ["other"]])
def test_a_prompt_in_which_no_output_is_asked_for_has_no_outputs(check, node, targets):
    prompt = {"n": node("FakeNumber", value=1)}
    error = {"type": "prompt_no_outputs", "message": "Prompt has no outputs", "details": "", "extra_info": {}}
    assert check(prompt, targets).error == error


def test_partial_execution_runs_and_checks_only_the_targets(check, node):
    prompt = {
        "n": node("FakeNumber", value=1),
        "a": node("FakeShow", value=["n", 0]),
        "bad": node("FakeShow", value=["gone", 0]),
    }
    result = check(prompt, ["a"])
    assert (result.outputs, result.node_errors) == (["a"], {})
    assert check(prompt, "a").error["type"] == "invalid_prompt"


def test_valid_outputs_run_and_the_others_are_reported(check, node):
    prompt = {
        "n": node("FakeNumber", value=99),
        "bad": node("FakeShow", value=["n", 0]),
        "worse": node("FakeShow", value=["n", 0]),
        "pair": node("FakePair"),
        "good": node("FakeShow", value=["pair", 0]),
    }
    result = check(prompt)
    assert result.outputs == ["good"]
    assert result.error is None
    assert list(result.node_errors) == ["n"]
    assert result.node_errors["n"]["dependent_outputs"] == ["bad", "worse"]
    assert result.node_errors["n"]["class_type"] == "FakeNumber"


def test_the_error_of_the_whole_has_the_lines_of_the_outputs_own_problems(check, node):
    own = check({"1": node("FakeTypes", i=-1, f=0.5, s="text", b=True, c="z")})
    assert own.error["details"] == "Value -1 smaller than min of 0: i\nValue not in list: c: 'z' not in ['a', 'b']"
    upstream = check({"n": node("FakeNumber", value=-1), "1": node("FakeShow", value=["n", 0])})
    assert upstream.error["details"] == ""
    assert list(upstream.node_errors) == ["n"]


def test_the_same_prompt_gives_the_same_errors_in_the_same_order(check, node):
    prompt = {str(i): node("FakeTypes", i=-1, c="z") for i in range(20)}
    first = json.dumps(check(prompt).node_errors)
    assert first == json.dumps(check(prompt).node_errors)
    assert list(json.loads(first)) == [str(i) for i in range(20)]


# --- size ---


def chain(length, node):
    prompt = {"0": node("FakeNumber", value=1)}
    for i in range(1, length):
        prompt[str(i)] = node("FakePass", value=[str(i - 1), 0])
    return prompt | {"end": node("FakeShow", value=[str(length - 1), 0])}


def test_a_chain_of_ten_thousand_nodes_is_valid(check, node):
    assert check(chain(10_000, node)).outputs == ["end"]


def test_each_node_is_looked_at_once_however_often_it_is_used(schemas, folders, node):
    looked_up = []

    class Counting(dict):
        def __getitem__(self, name):
            looked_up.append(name)
            return super().__getitem__(name)

    prompt = {"0": node("FakeNumber", value=1)}
    for i in range(1, 200):  # 2**200 paths lead through this ladder
        prompt[str(i)] = node("FakeAdd", a=[str(i - 1), 0], b=[str(i - 1), 0])
    prompt["end"] = node("FakeShow", value=["199", 0])
    assert validate(prompt, Counting(schemas), folders).outputs == ["end"]
    assert len(looked_up) <= len(prompt)


def test_a_check_is_quick_for_a_few_nodes_that_take_no_file_from_a_folder(schemas, node):
    few = {str(i): node("FakeNumber", value=i) for i in range(FEW_NODES)}
    file = Input(name="file", type="COMBO", folder="checkpoints")
    from_a_folder = NodeSchema(id="Load", title="", category="", inputs=(file,))
    assert is_quick(few, schemas)
    assert not is_quick(few | {"one more": node("FakeNumber", value=1)}, schemas)
    assert not is_quick({"1": node("FakeNumber", value=1), "2": node("Load")}, schemas | {"Load": from_a_folder})
    assert not is_quick([], schemas)
    assert is_quick({"1": "no node", "2": node("Unheard")}, schemas)
