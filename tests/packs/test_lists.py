"""Values travel as lists."""

from execution.events import ExecutionBlocked, ExecutionError


def test_a_node_is_called_for_each_item_and_shorter_lists_repeat_their_last(run, node):
    prompt = {
        "3": node("ClassicMany", count=3),
        "2": node("ClassicMany", count=2),
        "join": node("ClassicJoin", a=["3", 0], b=["2", 0]),
        "show": node("ClassicShow", value=["join", 0]),
    }
    assert run(prompt).shown == [{"text": ["0/0", "1/1", "2/1"]}]


def test_a_node_that_takes_lists_is_called_once(run, node):
    prompt = {
        "many": node("ClassicMany", count=4),
        "sum": node("ClassicSum", values=["many", 0], times=10),
        "show": node("ClassicShow", value=["sum", 0]),
    }
    assert run(prompt).texts == ["60"]


def test_an_empty_list_means_no_call_at_all(run, node, calls):
    prompt = {
        "none": node("ClassicMany", count=0),
        "show": node("ClassicShow", value=["none", 0]),
        "join": node("ClassicJoin", a=["none", 0], b=["none", 0]),
        "all": node("ClassicShowAll", value=["join", 0]),
    }
    ran = run(prompt)
    assert (ran.texts, calls, ran.succeeded) == (["[]"], [], True)


def test_a_blocker_stops_only_its_item(run, node):
    prompt = {
        "many": node("ClassicMany", count=4),
        "block": node("ClassicBlock", value=["many", 0], from_value=2, message=""),
        "show": node("ClassicShow", value=["block", 0]),
    }
    ran = run(prompt)
    assert (ran.texts, ran.succeeded, ran.of(ExecutionBlocked)) == (["0", "1"], True, [])


def test_a_blocker_with_a_message_is_told_once_and_the_run_goes_on(run, node):
    prompt = {
        "1": node("ClassicNumber", value=5),
        "block": node("ClassicBlock", value=["1", 0], from_value=2, message="not today"),
        "first": node("ClassicJoin", a=["block", 0], b=["1", 0]),
        "then": node("ClassicShow", value=["first", 0]),
        "other": node("ClassicShow", value=["1", 0]),
    }
    ran = run(prompt)
    (told,) = ran.of(ExecutionBlocked)
    assert (told.node_id, told.exception_message) == ("first", "Execution Blocked: not today")
    assert (ran.texts, ran.succeeded, ran.of(ExecutionError)) == (["5"], True, [])


def test_a_bare_blocker_blocks_every_output(run, node):
    prompt = {
        "1": node("ClassicBlockAll"),
        "a": node("ClassicShow", value=["1", 0]),
        "b": node("ClassicShow", value=["1", 1]),
        "c": node("ClassicSum", values=["1", 1], times=1),
        "d": node("ClassicShow", value=["c", 0]),
    }
    ran = run(prompt)
    assert (ran.shown, ran.succeeded) == ([], True)
