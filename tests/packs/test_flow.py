"""Lazy inputs, expansion, loops, nodes that wait beside each other."""

import time

import pytest

from execution.events import Executed, Executing, ExecutionCached, ExecutionInterrupted, NodeTiming, ProgressState


@pytest.fixture
def switch(node):
    return lambda on, kind="ClassicSwitch": {
        "1": node("ClassicNumber", value=1),
        "2": node("ClassicNumber", value=2),
        "yes": node("ClassicAdd", a=["1", 0], b=["1", 0]),
        "no": node("ClassicAdd", a=["2", 0], b=["2", 0]),
        "switch": node(kind, on=on, yes=["yes", 0], no=["no", 0]),
        "show": node("ClassicShow", value=["switch", 0]),
    }


@pytest.mark.parametrize(("on", "shown", "idle"), [(True, "2", {"2", "no"}), (False, "4", {"1", "yes"})])
def test_only_the_branch_that_is_asked_for_runs(run, switch, on, shown, idle):
    ran = run(switch(on))
    assert ran.texts == [shown]
    assert {event.node for event in ran.of(Executing)} == {"1", "2", "yes", "no", "switch", "show", None} - idle


def test_the_other_branch_runs_when_it_is_asked_for_later(run, switch, calls):
    run(switch(True))
    calls.clear()
    assert run(switch(False)).texts == ["4"]
    assert calls == ["ask", "ClassicNumber", "ClassicAdd", "ask", "ClassicShow"]


def test_lazy_inputs_of_a_class_that_asks_for_nothing_are_all_computed(run, switch):
    assert run(switch(True, "ClassicLazyWithoutQuestion")).texts == ["2"]


def test_asking_for_what_cannot_be_computed_is_an_error(run, switch):
    error = run(switch(True, "ClassicGreedyLazy")).error
    assert error.exception_type == "execution.invocation.NodeInputError"
    assert error.exception_message == "node switch (ClassicGreedyLazy) asked for input 'somewhere', which is not linked"


def test_a_node_may_stand_for_others(run, node, calls):
    prompt = {
        "1": node("ClassicNumber", value=4),
        "2": node("ClassicDouble", value=["1", 0]),
        "3": node("ClassicShow", value=["2", 0]),
    }
    ran = run(prompt)
    assert ran.texts == ["8", "8"]
    assert {"note": ["doubled"]} in ran.shown
    inner = [event for event in ran.of(Executed) if event.node not in prompt]
    assert [(event.node, event.display_node) for event in inner] == [("2.0.0.2", "2")]
    assert (inner[0].parent_node, inner[0].real_node_id) == ("2", "2")
    state = next(event.nodes["2.0.0.1"] for event in ran.of(ProgressState) if "2.0.0.1" in event.nodes)
    assert (state.display_node_id, state.parent_node_id, state.real_node_id) == ("2", "2", "2")
    calls.clear()
    again = run(prompt)
    assert (again.texts, calls) == (["8"], [])
    assert again.of(ExecutionCached)[0].nodes == ["1", "2", "3"]


def test_nodes_inside_an_expansion_are_cached_like_others(run, node, calls):
    run({"1": node("ClassicNumber", value=4), "2": node("ClassicDouble", value=["1", 0])}, outputs=["2"])
    calls.clear()
    run({"1": node("ClassicNumber", value=4), "9": node("ClassicAdd", a=["1", 0], b=["1", 0])}, outputs=["9"])
    assert calls == []


def test_a_loop_is_a_node_that_expands_to_itself(run, node):
    prompt = {
        "1": node("ClassicNumber", value=0),
        "2": node("ClassicCountDown", left=150, total=["1", 0]),
        "3": node("ClassicShow", value=["2", 0]),
    }
    ran = run(prompt)
    assert ran.texts == ["150"]
    assert {event.display_node for event in ran.of(Executing)} == {"1", "2", "3", None}


def test_expansions_of_each_item_give_their_lists_one_after_the_other(run, node):
    prompt = {
        "1": node("ClassicMany", count=4),
        "2": node("ClassicForEach", value=["1", 0]),
        "3": node("ClassicShowAll", value=["2", 0]),
    }
    assert run(prompt).texts == ["[0, 0, 1, 0, 1, 2]"]


def test_an_inner_node_may_be_shown_elsewhere_and_its_failure_is_its_parents(run, node):
    prompt = {"9": node("ClassicShown", display="panel", fails=False), "3": node("ClassicShow", value=["9", 0])}
    assert {"panel"} <= {event.display_node for event in run(prompt).of(Executing)}
    prompt["9"] = node("ClassicShown", display="panel", fails=True)
    error = run(prompt).error
    assert (error.node_id, error.node_type, error.exception_message) == ("9", "ClassicBroken", "no good")


def test_a_circle_made_by_expansion_ends_the_run(run, node):
    error = run({"1": node("ClassicCircle"), "2": node("ClassicShow", value=["1", 0])}).error
    assert (error.node_id, error.exception_type) == ("1", "graph.DependencyCycleError")
    assert error.exception_message == "Dependency cycle detected"


@pytest.mark.parametrize(
    ("class_type", "source", "said"),
    [("Nowhere", "2", "the class 'Nowhere', which is not loaded"), ("ClassicAdd", "77", "linked to no node '77'")],
)
def test_a_graph_that_cannot_run_is_refused_with_the_reason(run, node, class_type, source, said):
    prompt = {
        "1": node("ClassicWrongGraph", class_type=class_type, source=source),
        "2": node("ClassicShow", value=["1", 0]),
    }
    error = run(prompt).error
    assert error.node_id == "1"
    assert said in error.exception_message


def test_a_call_knows_where_it_is(run, node):
    prompt = {
        "1": node("ClassicMany", count=2),
        "2": node("ClassicWhere", value=["1", 0]),
        "3": node("ClassicShow", value=["2", 0]),
    }
    assert run(prompt).texts == ["('run 0', '2', 0)", "('run 0', '2', 1)"]


# --- async ---


def sleepers(node, *values, seconds=0.0, until=0):
    prompt = {f"wait {value}": node("ClassicLater", value=value, seconds=seconds, until=until) for value in values}
    return prompt | {f"show {value}": node("ClassicShow", value=[f"wait {value}", 0]) for value in values}


def test_nodes_that_wait_do_so_beside_each_other_and_others_go_on(run, node, calls):
    prompt = sleepers(node, 1, 2, 3, until=5) | {
        "n": node("ClassicNumber", value=1),
        "now": node("ClassicShow", value=["n", 0]),
    }
    ran = run(prompt)
    assert sorted(ran.texts) == ["1", "1", "2", "3"]
    assert calls[:5] == ["begin 1", "begin 2", "begin 3", "ClassicNumber", "ClassicShow"]


def test_a_node_that_waits_for_what_it_asked_for_is_not_at_work_meanwhile(run, node):
    prompt = sleepers(node, 1, seconds=0.5) | {
        "switch": node("ClassicSwitch", on=True, yes=["wait 1", 0], no=["wait 1", 0])
    }
    ran = run(prompt | {"show": node("ClassicShow", value=["switch", 0])})
    seconds = {event.node: event.seconds for event in ran.of(NodeTiming)}
    assert seconds["switch"] < 0.5 <= seconds["wait 1"]


def test_the_calls_for_a_list_wait_beside_each_other_too(run, node, calls):
    prompt = {
        "1": node("ClassicMany", count=3),
        "2": node("ClassicLater", value=["1", 0], seconds=0, until=3),
        "3": node("ClassicShow", value=["2", 0]),
    }
    assert run(prompt).texts == ["0", "1", "2"]
    assert calls[:3] == ["begin 0", "begin 1", "begin 2"]


def test_one_that_fails_ends_the_run_and_the_others_with_it(run, node, calls):
    prompt = sleepers(node, 5, seconds=30) | sleepers(node, -1, seconds=0.01)
    began = time.monotonic()
    ran = run(prompt)
    assert (ran.error.node_id, ran.error.exception_message) == ("wait -1", "negative")
    assert time.monotonic() - began < 20
    assert "end 5" not in calls


def test_an_interrupt_is_heard_while_all_wait(run, node):
    began = time.monotonic()
    ran = run(sleepers(node, 5, seconds=30), interrupted=lambda: time.monotonic() - began > 0.3)
    assert ran.of(ExecutionInterrupted)[0].node_id == "wait 5"
    assert time.monotonic() - began < 20


def test_only_the_outputs_that_are_asked_for_run(run, node, calls):
    prompt = {
        "1": node("ClassicNumber", value=1),
        "a": node("ClassicShow", value=["1", 0]),
        "2": node("ClassicNumber", value=2),
        "b": node("ClassicShow", value=["2", 0]),
    }
    assert run(prompt, outputs=["b"]).texts == ["2"]
    assert calls == ["ClassicNumber", "ClassicShow"]
