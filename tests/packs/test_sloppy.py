"""Nodes that return, say and raise odd things end at worst their own prompt, which says why."""

import asyncio

import msgspec
import pytest

from execution import loop
from execution.events import Executed, ExecutionInterrupted, NodeMessage, NodeText, Progress
from execution.worker import WorkerSettings
from execution.workers import messages
from execution.workers.core import WorkerCore, prepare
from nodes import registry


def test_progress_is_told_in_numbers_whatever_a_node_counts_with(run, node):
    counting = ["numbers of arrays", "double precision", "texts"]
    for saying in [f"counts {'in' if one.startswith('double') else 'with'} {one}" for one in counting]:
        (told,) = run({"1": node("ClassicSays", saying=saying)}).of(Progress)
        assert (told.node, told.value, told.max) == ("1", 1.5, 4.0)
    for saying in ("counts for a node by number", "tells the state by number"):
        (told,) = run({"1": node("ClassicSays", saying=saying)}).of(Progress)
        assert (told.node, told.value, told.max) == ("1", 1.5, 4.0)


@pytest.mark.parametrize(("saying", "told"), [("a number as text", "1.5"), ("half a character", "\ufffd")])
def test_a_line_under_a_node_is_text(run, node, saying, told):
    (event,) = run({"1": node("ClassicSays", saying=saying)}).of(NodeText)
    assert (event.node, event.text) == ("1", told)


@pytest.mark.parametrize(
    ("saying", "kind", "data"),
    [
        ("odd data", "1", {"a": [1, 1.5, "<class 'object'>"]}),
        ("half a character in data", "\ufffd", ["\U0001f600", "\ufffd"]),
    ],
)
def test_messages_of_a_node_arrive_as_plain_data(run, node, saying, kind, data):
    (event,) = run({"1": node("ClassicSays", saying=saying)}).of(NodeMessage)
    assert (event.kind, event.data) == (kind, data)


@pytest.mark.parametrize("kind", ["ClassicFails", "ClassicFailsLater"])
@pytest.mark.parametrize(
    ("how", "type", "said"),
    [
        ("half a character", "custom_nodes.classic.sloppy.HalfMessage", "half a character: \ufffd"),
        (
            "no message",
            "custom_nodes.classic.sloppy.NoMessage",
            "node 1 ({kind}) failed with custom_nodes.classic.sloppy.NoMessage and gave no reason.",
        ),
        ("an iterator that ran out", "StopIteration", "node 1 ({kind}) failed with StopIteration and gave no reason."),
    ],
)
def test_a_failure_is_told_as_what_it_is(run, node, kind, how, type, said):
    error = run({"1": node(kind, how=how)}).error
    assert (error.exception_type, error.exception_message) == (type, said.format(kind=kind))
    assert any("classic/sloppy.py" in line for line in error.traceback)


def test_what_is_told_of_a_failure_is_bounded(run, node):
    deep = run({"1": node("ClassicFails", how="without end")}).error
    assert (deep.exception_type, len(deep.traceback)) == ("RecursionError", 101)
    assert "in recurse" in deep.traceback[1]
    assert "in recurse" in deep.traceback[-1]
    long = run({"1": node("ClassicFails", how="at length")}).error.exception_message
    assert (len(long), long[-5:]) == (10_001, "long…")


@pytest.mark.parametrize(("what", "kind"), [("a list", "list"), ("a text", "str"), ("a number", "int")])
def test_a_ui_that_is_no_dictionary_is_refused(run, node, what, kind):
    error = run({"1": node("ClassicShows", what=what)}).error
    assert error.exception_message == f"ClassicShows returned a {kind} as ui; it is a dictionary of lists"


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("nothing", []),
        ("an empty dictionary", []),
        ("numbers", [{"x": [1, 1.5, 2, True], "y": ["z"]}]),
        ("half a character", [{"x": ["\ufffd"]}]),
        ("a word", [{"text": ["word"], "none": []}]),
    ],
)
def test_what_is_shown_are_lists_of_plain_data(run, node, what, shown):
    ran = run({"1": node("ClassicShows", what=what)})
    assert [event.output for event in ran.of(Executed)] == shown


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("the builder", "{title} expands to a GraphBuilder; GraphBuilder.finalize() gives a graph"),
        ("no class", "{title} expands to 'a': {{'inputs': {{}}}}; a graph has nodes by id"),
        ("numbers for ids", "{title} expands to 1: "),
        ("inputs in a list", "{title} expands to 'a': "),
        ("nowhere", "{title} expands, and its result is linked to no node 'nowhere'"),
        ("another output", "the result is linked to output 7 of node 1.0.0.1, which there is not"),
    ],
)
def test_a_graph_that_is_none_is_refused_with_the_reason(run, node, to, said):
    error = run({"1": node("ClassicExpands", to=to), "2": node("ClassicShow", value=["1", 0])}).error
    assert error.node_id == "1"
    assert error.exception_message.startswith(said.format(title="node 1 (ClassicExpands)"))


@pytest.mark.parametrize(("to", "shown"), [("no inputs", "1"), ("nothing", "5"), ("a number to be shown at", "3")])
def test_a_graph_with_little_in_it_is_enough(run, node, to, shown):
    assert run({"1": node("ClassicExpands", to=to), "2": node("ClassicShow", value=["1", 0])}).texts == [shown]


def test_a_node_has_as_many_outputs_as_its_types_have_numbers(run, check, nodes, node):
    schema = nodes["ClassicSplits"].schema
    assert [one.type for one in schema.outputs] == ["LETTER"]
    letters = {f"show {slot}": node("ClassicTypes", i=1, c="a", n=["1", slot]) for slot in (0, 3)}
    assert check({"1": node("ClassicSplits", text="abcd")} | letters).error is None
    shows = {f"show {slot}": node("ClassicShow", value=["1", slot]) for slot in (0, 3)}
    assert run({"1": node("ClassicSplits", text="abcd")} | shows).texts == ["a", "d"]


@pytest.mark.parametrize("slot", [-1, 1_000, 10**18])
def test_no_node_has_outputs_below_none_or_beyond_reason(check, node, slot):
    prompt = {"1": node("ClassicSplits", text="abcd"), "2": node("ClassicShow", value=["1", slot])}
    (error,) = check(prompt).node_errors["2"]["errors"]
    assert error["type"] == "linked_slot_missing"


def test_one_that_returned_too_few_is_named_and_one_that_is_blocked_blocks_them_all(run, node):
    shows = {"show": node("ClassicShow", value=["1", 3])}
    few = run({"1": node("ClassicSplits", text="abc")} | shows).error
    assert few.exception_message == "node show (ClassicShow), input 'value': node 1 returned nothing for its output 3"
    blocked = run({"1": node("ClassicSplits", text="abcd", value=["0", 0]), "0": node("ClassicStops")} | shows)
    assert blocked.succeeded
    assert blocked.texts == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, ["nobody's", "7"]),
        ({"mine": "yours", "limit": 3, "me": "x"}, ["yours", "3"]),
    ],
)
def test_hidden_inputs_of_a_packs_own_are_what_the_prompt_gives_and_else_left_out(run, check, node, given, shown):
    prompt = {"1": node("ClassicHides", even=2, low=1, **given)}
    assert check(prompt).error is None
    assert run(prompt).texts == shown


def test_a_check_gets_the_hidden_inputs_that_it_wants(check, node):
    (error,) = check({"1": node("ClassicHides", even=3, low=1)}).node_errors["1"]["errors"]
    assert error["details"] == "even - node 1 takes even numbers"


@pytest.mark.parametrize(
    ("even", "low", "found"),
    [(3, 9, ["value_bigger_than_max", "custom_validation_failed"]), ("x", 1, ["invalid_input_type"])],
)
def test_a_check_judges_beside_other_problems_unless_they_are_of_what_it_looks_at(check, node, even, low, found):
    errors = check({"1": node("ClassicHides", even=even, low=low)}).node_errors["1"]["errors"]
    assert [one["type"] for one in errors] == found


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("a bare name", "4"),
        ("a set", "4"),
        ("what is there", "4"),
        ("yes", "None"),
        ("a number", "None"),
        ("nothing", "None"),
    ],
)
def test_what_a_node_says_it_needs_is_taken_as_it_is_meant(run, node, answer, shown):
    prompt = {"n": node("ClassicNumber", value=4), "1": node("ClassicAsks", answer=answer, instance=["n", 0])}
    assert run(prompt | {"2": node("ClassicShow", value=["1", 0])}).texts == [shown]


def test_a_thread_that_a_node_started_is_heard_as_the_node_and_hears_interrupts(run, node, executor):
    ran = run({"1": node("ClassicThreads")}, client_id="me")
    assert [(told.node, told.value) for told in ran.of(Progress)] == [("1", 1.5)]
    assert [(told.node, told.text) for told in ran.of(NodeText)] == [("1", "working")]
    assert ran.texts == ["1", "me"]
    executor.cache.clear()
    asked = iter([False])
    assert run({"1": node("ClassicThreads")}, interrupted=lambda: next(asked, True)).of(ExecutionInterrupted)


WAYS = [
    "on a loop of its own",
    "on a loop that it leaves closed",
    "on the loop that is there",
    "on the loop that it closes",
    "in a task",
]


def test_functions_wait_for_async_ones_in_every_way_whatever_became_of_the_loop_before(run, node):
    ways = [*WAYS, "wherever it can"]
    prompt = {f"{one} {then}": node("ClassicWaits", how=how) for one in ways for then, how in enumerate((one, *ways))}
    assert [event.output for event in run(prompt).of(Executed)] == [{"text": ["answer"]}] * len(prompt)


def test_nodes_that_are_async_run_after_one_that_closed_the_loop(run, node):
    run({"1": node("ClassicWaits", how="on the loop that it closes")})
    prompt = {"1": node("ClassicLater", value=3, seconds=0, until=0), "2": node("ClassicShow", value=["1", 0])}
    assert run(prompt).texts == ["3"]


def test_a_task_that_a_node_leaves_behind_goes_on_while_others_wait(run, node, calls):
    prompt = {"1": node("ClassicBegins", seconds=0, value=3), "3": node("ClassicShow", value=["2", 0])}
    assert run(prompt | {"2": node("ClassicLater", value=["1", 0], seconds=0, until=3)}).texts == ["3"]
    assert calls == ["begins", "begin 3", "ends", "end 3", "ClassicShow"]


def test_what_is_left_of_it_at_the_end_of_the_prompt_is_cancelled(run, node, calls):
    assert run({"1": node("ClassicBegins", seconds=60, value=3)}).succeeded
    assert calls == ["begins", "is cancelled"]


def test_one_that_does_not_heed_that_holds_nobody_up(run, node, calls, monkeypatch):
    monkeypatch.setattr(loop, "SECONDS_TO_END", 0.01)
    prompt = {"1": node("ClassicClings")}
    for times in (1, 2, 3):
        assert run(prompt).succeeded
        assert calls == ["goes on"] * times


def test_no_loop_seems_to_run_where_no_prompt_does(run, node):
    run({way: node("ClassicWaits", how=way) for way in WAYS})
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


async def test_a_prompt_that_runs_in_a_loop_leaves_that_running(run, node):
    around = asyncio.get_running_loop()
    assert run({"1": node("ClassicNumber", value=3), "2": node("ClassicShow", value=["1", 0])}).texts == ["3"]
    assert asyncio.get_running_loop() is around


def test_an_async_node_is_told_that_its_loop_turns(run, node):
    error = run({"1": node("ClassicWaitsInside", how="on a loop of its own")}).error
    assert error.exception_message == "asyncio.run() cannot be called from a running event loop"


def test_what_a_pack_registers_in_a_hurry_reaches_the_server(tmp_path):
    (tmp_path / "custom_nodes").mkdir()
    code = "import nodes, pathlib\nnodes.EXTENSION_WEB_DIRS[5] = pathlib.Path('/web')\nNODE_CLASS_MAPPINGS = {}"
    (tmp_path / "custom_nodes" / "hurried.py").write_text(code)
    settings = WorkerSettings(base=str(tmp_path), packages=())
    prepare(settings)
    try:
        core = WorkerCore(settings)
        framed = messages.frame(messages.Ready(core.catalogue(), core.services))
        assert msgspec.msgpack.decode(framed[4:], type=messages.FromWorker).services.web["5"] == "/web"
    finally:
        registry.WEB_DIRECTORIES.pop(5, None)


def test_what_nobody_can_look_at_is_handed_on_and_is_an_input_of_an_error_report(run, node):
    prompt = {"1": node("ClassicHands"), "2": node("ClassicRefuses", value=["1", 0])}
    error = run(prompt).error
    assert (error.node_id, error.exception_message) == ("2", "not this")
    assert error.current_inputs == {"value": ["Unreadable"]}


def test_an_error_shows_the_inputs_that_the_function_has(run, node):
    assert run({"1": node("SchemaPrompt", prompt="fail")}).error.current_inputs == {"prompt": ["fail"]}
    classic = run({"1": node("ClassicSum", values="ab", times=1)}, outputs=["1"])
    assert classic.error.current_inputs == {"values": ["ab"], "times": [1], "me": ["1"]}
