"""Schema style nodes (io.Schema, io.ComfyNode)."""

import pytest

from execution.events import ExecutionBlocked, Progress


def shown(node, **inputs):
    class_type = inputs.pop("class_type")
    return {"1": node(class_type, **inputs), "2": node("SchemaShow", value=["1", 0])}


PROBE = {"i": 3, "f": 0.5, "s": "text", "b": True, "c": "a"}


def test_dynamic_inputs_come_nested(run, check, node):
    prompt = {
        "2": node("ClassicTakesAll"),
        "1": node("ProbeV3", **PROBE, dc="two", **{"dc.q": 0.25, "ag.img0": ["2", 0]}),
    }
    assert check(prompt).error is None
    assert run(prompt).texts == [
        repr({"i": 3, "ag": {"img0": []}, "dc": {"dc": "two", "q": 0.25}, "mt": None, "id": "1"})
    ]


def test_a_growing_list_without_entries_is_an_empty_dictionary(run, node):
    (text,) = run({"1": node("ProbeV3", **PROBE, dc="one", **{"dc.p": 1})}).texts
    assert "'ag': {}" in text


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"dc": "two"}, ("required_input_missing", "q")),
        ({"dc": "three"}, ("value_not_in_list", "dc: 'three' not in ['one', 'two']")),
        ({"dc": "one", "dc.p": "x"}, ("invalid_input_type", None)),
    ],
)
def test_what_a_choice_brings_along_is_checked(check, node, changed, found):
    (error,) = check({"1": node("ProbeV3", **PROBE, **changed)}).node_errors["1"]["errors"]
    assert error["type"] == found[0]
    assert found[1] is None or error["details"] == found[1]


def test_combos_nest(run, node):
    size = shown(node, class_type="SchemaResize", how="size", **{"how.by": "width", "how.by.width": 5})
    assert run(size).texts == [repr({"how": "size", "by": {"by": "width", "width": 5}})]
    nothing = shown(node, class_type="SchemaResize", how="size", **{"how.by": "nothing"})
    assert run(nothing).texts == [repr({"how": "size", "by": {"by": "nothing"}})]


def test_of_choices_with_one_key_the_first_counts(run, check, node):
    twice = shown(node, class_type="SchemaTwice", how="same", **{"how.first": 1})
    assert check(twice).error is None
    assert run(twice).texts == [repr({"how": "same", "first": 1})]
    (error,) = check(shown(node, class_type="SchemaTwice", how="same", **{"how.second": 1})).node_errors["1"]["errors"]
    assert (error["type"], error["details"]) == ("required_input_missing", "first")


def test_a_slot_brings_inputs_along(run, check, node):
    prompt = shown(node, class_type="SchemaSlot", base=["n", 0], **{"base.strength": 0.5})
    prompt["n"] = node("SchemaNumber", value=7)
    assert check(prompt).error is None
    assert run(prompt).texts == [repr({"base": 7, "strength": 0.5})]
    assert check(shown(node, class_type="SchemaSlot")).error is None


def test_the_first_entries_of_a_growing_list_are_required(check, node):
    prompt = shown(node, class_type="SchemaChoice", which=0)
    (error,) = check(prompt).node_errors["1"]["errors"]
    assert (error["type"], error["details"], error["extra_info"]["input_name"]) == (
        "required_input_missing",
        "a",
        "cases.a",
    )


def test_lazy_inputs_inside_a_growing_list_are_asked_for_by_their_dotted_names(run, node):
    prompt = shown(node, class_type="SchemaChoice", which=1, **{"cases.a": ["bad", 0], "cases.b": ["good", 0]})
    prompt |= {"bad": node("ClassicBroken"), "good": node("SchemaNumber", value=8)}
    assert run(prompt).texts == ["8"]


def test_a_node_checks_its_inputs(check, node):
    assert check({"1": node("SchemaChecked", value=12)}).error is None
    (error,) = check({"1": node("SchemaChecked", value=13)}).node_errors["1"]["errors"]
    assert error["details"] == "value - unlucky"


def test_expansion_must_be_announced(run, node):
    assert run(shown(node, class_type="SchemaExpanding", value=4)).texts == ["4"]
    error = run(shown(node, class_type="SchemaSecretlyExpanding", value=4)).error
    assert "enable_expand=True" in error.exception_message


def test_a_node_may_block(run, node):
    ran = run(shown(node, class_type="SchemaBlocking"))
    assert (ran.of(ExecutionBlocked)[0].exception_message, ran.succeeded) == ("Execution Blocked: closed", True)


def test_a_node_keeps_no_state(run, node):
    error = run(shown(node, class_type="SchemaStateful")).error
    assert error.exception_type == "AttributeError"


def test_a_node_may_take_inputs_of_any_name_and_report_progress(run, node):
    ran = run(shown(node, class_type="SchemaTakesAll", x=1, y="z"))
    assert ran.texts == ["[('x', 1), ('y', 'z')]"]
    assert (ran.of(Progress)[0].node, ran.of(Progress)[0].max) == ("1", 2)


@pytest.mark.parametrize(("kind", "given"), [("SchemaPrompt", "'cat'"), ("SchemaPromptList", "['cat']")])
def test_an_input_may_be_called_as_a_hidden_one_is(run, check, node, kind, given):
    prompt = {"1": node(kind, prompt="cat")}
    assert check(prompt).error is None
    assert run(prompt, extra_pnginfo={"w": 1}).texts == [given, "1", ["1"], {"w": 1}]
    (error,) = check({"1": node(kind, prompt="none")}).node_errors["1"]["errors"]
    assert error["details"] == "prompt - node 1 wants a prompt"
