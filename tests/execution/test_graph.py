"""What a prompt is as a graph."""

from execution.graph import Link, as_link, parse


def graph_of(prompt, schemas):
    return parse(prompt, schemas.__getitem__)


def test_a_node_knows_its_literals_and_links_and_not_what_its_class_does_not_declare(schemas, node):
    prompt = {"1": node("FakeNumber", value=3), "2": node("FakeAdd", a=["1", 0], b=4, unknown=["9", 0])}
    added = graph_of(prompt, schemas).nodes["2"]
    assert added.links == {"a": Link("1", 0)}
    assert added.literals == {"b": 4}


def test_only_a_pair_of_text_and_whole_number_is_a_link():
    assert as_link(["1", 0]) == as_link(["1", 0.0]) == ("1", 0)
    literals = [["1"], ["1", "0"], [1, 0], ["1", 0, 0], ["1", True], ["1", 0.5], ["1", float("nan")], "1", None]
    assert [as_link(value) for value in literals] == [None] * len(literals)


def test_a_wrapped_list_is_a_literal(schemas, node):
    prompt = {"1": node("FakeShowAny", value={"__value__": ["2", 0]})}
    assert graph_of(prompt, schemas).nodes["1"].literals == {"value": ["2", 0]}


def test_the_order_puts_sources_first_and_leaves_out_what_no_output_needs(schemas, node):
    prompt = {
        "show": node("FakeShow", value=["sum", 0]),
        "idle": node("FakeNumber", value=1),
        "sum": node("FakeAdd", a=["x", 0], b=["y", 0]),
        "y": node("FakeNumber", value=1),
        "x": node("FakeNumber", value=2),
    }
    assert graph_of(prompt, schemas).order(["show"]) == ["x", "y", "sum", "show"]


def test_cycles_are_spelled_out_only_where_an_output_reaches_them(schemas, node):
    prompt = {
        "a": node("FakePass", value=["b", 0]),
        "b": node("FakePass", value=["a", 0]),
        "show": node("FakeShow", value=["a", 0]),
        "fine": node("FakeShow", value=["n", 0]),
        "n": node("FakeNumber", value=1),
    }
    graph = graph_of(prompt, schemas)
    assert graph.walk(["show"]).cycles == [["a", "b"]]
    assert graph.walk(["fine"]).cycles == []
