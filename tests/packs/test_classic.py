"""Node classes of the classic style."""

import os

import pytest

from execution.classic import adapt_class
from execution.events import ExecutionCached
from nodes.schema import object_info


def info(nodes, name):
    return object_info(nodes[name].current_schema(), lambda folder: [])


def test_the_catalogue_shows_a_class_as_the_ecosystem_does(nodes):
    assert info(nodes, "ClassicTypes") == {
        "input": {
            "required": {
                "i": ["INT", {"default": 1, "min": 0, "max": 10}],
                "c": [["a", "b"], {"default": "a"}],
                "n": ["NUMBER"],
            },
            "optional": {"combo": ["COMBO", {"options": [1, 2]}]},
            "hidden": {"me": "UNIQUE_ID", "info": "EXTRA_PNGINFO", "prompt": "PROMPT", "dyn": "DYNPROMPT"},
        },
        "input_order": {
            "required": ["i", "c", "n"],
            "optional": ["combo"],
            "hidden": ["me", "info", "prompt", "dyn"],
        },
        "is_input_list": False,
        "output": ["INT", ["x", "y"]],
        "output_is_list": [False, False],
        "output_name": ["number", "choice"],
        "output_tooltips": ["a number", "one of two"],
        "name": "ClassicTypes",
        "display_name": "Classic Types",
        "description": "All kinds of inputs.",
        "python_module": "custom_nodes.classic",
        "category": "classic",
        "output_node": True,
        "has_intermediate_output": False,
        "deprecated": True,
        "search_aliases": ["kinds"],
    }


def test_hidden_inputs_are_filled_in(run, node):
    ran = run(
        {"1": node("ClassicNumber", value=2), "7": node("ClassicTypes", i=1, c="a", n=["1", 0])}, extra_pnginfo={"w": 1}
    )
    assert ran.shown == [{"said": ["7", {"w": 1}, True, "ClassicTypes"]}]


def test_an_instance_stays_while_its_node_does(run, node):
    prompt = {"c": node("ClassicCounter"), "s": node("ClassicShow", value=["c", 0])}
    assert [run(prompt).texts for _ in range(3)] == [["1"], ["2"], ["3"]]
    run({"1": node("ClassicNumber", value=1), "s": node("ClassicShow", value=["1", 0])})
    assert run(prompt).texts == ["1"]


def test_an_instance_inside_an_expansion_stays_while_the_node_that_expands_does(run, node, executor):
    prompt = {"1": node("ClassicExpands", to="no inputs"), "2": node("ClassicShow", value=["1", 0])}
    for count in ("1", "2"):
        assert run(prompt).texts == [count]
        executor.cache.clear()
    run({"2": node("ClassicShow", value=5)})
    assert executor.instances.keys() == {("2", "2", "ClassicShow")}


def test_is_changed_sees_constants_only_and_decides_what_runs_again(run, node, classic, calls):
    prompt = {
        "1": node("ClassicNumber", value=1),
        "2": node("ClassicWatched", value=5, link=["1", 0]),
        "3": node("ClassicShow", value=["2", 0]),
    }
    run(prompt)
    assert classic.Watched.seen[-1] == (5, None)
    calls.clear()
    run(prompt)
    assert calls == []
    classic.Watched.state = "other"
    run(prompt)
    assert calls == ["ClassicWatched", "ClassicShow"]


def test_a_fingerprint_that_the_prompt_brings_along_is_used_as_it_is(run, node, classic):
    prompt = {
        "1": node("ClassicNumber", value=1),
        "2": node("ClassicWatched", value=6, link=["1", 0]) | {"is_changed": "known"},
        "3": node("ClassicShow", value=["2", 0]),
    }
    seen = len(classic.Watched.seen)
    run(prompt)
    assert len(classic.Watched.seen) == seen
    assert run(prompt).of(ExecutionCached)[0].nodes == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("value", "other", "found"),
    [
        (4, 4, []),
        (20, 4, []),  # out of its range, but the class checks that one itself
        (3, 4, [("custom_validation_failed", "value - it is odd")]),
        (4, 20, [("value_bigger_than_max", "other")]),
    ],
)
def test_what_a_class_checks_itself_is_checked_by_it_alone(check, node, value, other, found):
    result = check({"1": node("ClassicChecked", value=value, other=other)})
    errors = result.node_errors.get("1", {"errors": []})["errors"]
    assert [(one["type"], one["details"]) for one in errors] == found


def test_a_class_may_check_the_types_of_links(check, node):
    right = {"1": node("ClassicJoin", a=["2", 0], b=["2", 0]), "2": node("ClassicNumber", value=1)}
    assert check(right | {"c": node("ClassicCheckedTypes", value=["1", 0])}).error is None
    wrong = check(right | {"c": node("ClassicCheckedTypes", value=["2", 0])})
    assert [one["details"] for one in wrong.node_errors["c"]["errors"]] == ["value"]


def test_a_check_of_everything_may_be_async_and_blames_every_input(check, node):
    assert check({"1": node("ClassicCheckedLater", value=4, other=5)}).error is None
    wrong = check({"1": node("ClassicCheckedLater", value=44, other=5)})
    assert [one["details"] for one in wrong.node_errors["1"]["errors"]] == ["value", "other"]


def test_a_check_that_fails_itself_is_told_without_paths_at_the_output_or_through_the_link(check, node):
    at_the_end = check({"1": node("ClassicCheckedBadlyAtTheEnd", value=1, other=1)})
    said = "no such file: tests/packs/custom_nodes/classic/plain.py.txt"
    assert at_the_end.node_errors["1"]["errors"] == [
        {
            "type": "exception_during_validation",
            "message": "Exception when validating node",
            "details": said,
            "extra_info": {"exception_type": "FileNotFoundError", "traceback": []},
        }
    ]
    inner = check({"1": node("ClassicCheckedBadly", value=1, other=1), "2": node("ClassicShow", value=["1", 0])})
    assert inner.node_errors == {
        "1": {
            "errors": [
                {
                    "type": "exception_during_inner_validation",
                    "message": "Exception when validating inner node",
                    "details": said,
                    "extra_info": {
                        "input_name": "value",
                        "input_config": ["*", {}],
                        "exception_message": said,
                        "exception_type": "FileNotFoundError",
                        "traceback": [],
                        "linked_node": ["1", 0],
                    },
                }
            ],
            "dependent_outputs": ["2"],
            "class_type": "ClassicCheckedBadly",
        }
    }


def test_inputs_that_change_are_read_anew(nodes, check, node, classic):
    prompt = {"1": node("ClassicNumber", value=2), "7": node("ClassicTypes", i=1, c="new", n=["1", 0])}
    assert check(prompt).node_errors["7"]["errors"][0]["type"] == "value_not_in_list"
    classic.options.append("new")
    try:
        assert check(prompt).error is None
    finally:
        classic.options.remove("new")


def test_a_text_that_equals_everything_is_a_type_that_fits_all(check, node):
    assert check({"1": node("ClassicNumber", value=2), "2": node("ClassicShow", value=["1", 0])}).error is None
    prompt = {
        "1": node("ClassicTakesAll"),
        "2": node("ClassicSum", values=["1", 0], times=1),
        "3": node("ClassicShow", value=["2", 0]),
    }
    assert check(prompt).error is None


def test_an_object_that_equals_everything_is_a_type_that_fits_all():
    """As cg-image-filter writes `PickFromList`."""

    class Everything:
        def __eq__(self, other):
            return True

        def __ne__(self, other):
            return False

    class Takes:
        RETURN_TYPES, FUNCTION = (Everything(),), "take"

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"anything": (Everything(),)}}

        def take(self, anything):
            return (anything,)

    schema = adapt_class("Takes", Takes).schema
    ends = [*schema.inputs, *schema.outputs]
    assert [(end.type, end.fits_all) for end in ends] == [("*", True)] * 2


def test_a_class_may_take_inputs_of_any_name(run, check, node):
    prompt = {
        "1": node("ClassicNumber", value=2),
        "2": node("ClassicTakesAll", some=["1", 0], other="text"),
        "3": node("ClassicShow", value=["2", 0]),
    }
    assert check(prompt).error is None
    assert run(prompt).texts == ["[('other', 'text'), ('some', 2)]"]


def test_a_list_for_a_tuple_and_too_many_values_are_forgiven(run, node):
    assert run({"1": node("ClassicSloppy"), "2": node("ClassicShow", value=["1", 0])}).texts == ["5"]


def test_nodes_that_are_not_idempotent_share_nothing(run, node, calls):
    prompt = {
        "1": node("ClassicIndividual"),
        "2": node("ClassicIndividual"),
        "3": node("ClassicShow", value=["1", 0]),
        "4": node("ClassicShow", value=["2", 0]),
    }
    run(prompt)
    assert calls.count("ClassicIndividual") == 2


def test_a_prestartup_script_ran(nodes):
    assert os.environ["EASEL_TEST_PRESTARTUP"] == "classic was here first"
