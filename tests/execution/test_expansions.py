"""What nodes expanded to is remembered as far as it is certain to be so again."""

import pytest

from execution import expansions
from execution.expansions import Expansions
from execution.graph import parse
from nodes.schema import Input, NodeSchema

SCHEMA = NodeSchema(id="Any", title="", category="", inputs=(Input(name="value", type="*"),))


def graph_of(**links):
    return parse(
        {one: {"class_type": "Any", "inputs": {"value": value}} for one, value in links.items()}, {"Any": SCHEMA}.get
    )


@pytest.fixture
def noted():
    """Note that node `parent` with this signature expanded to node `new`, linked to node `outer`."""

    def noted(known, signature="s", value=1, parent="parent"):
        graph = graph_of(**{parent: 1, "new": ["outer", 0], "outer": 5})
        inner = {"new": {"class_type": "Any", "inputs": {"value": ["outer", 0], "more": value}}}
        known.note(parent, [inner], ["new"], graph, {parent: signature, "outer": "o"})

    return noted


def test_it_is_recalled_while_the_node_and_all_around_are_the_same(noted):
    known = Expansions()
    noted(known)
    assert known.recall("parent", {"parent": "s", "outer": "o"}).behind == ["new"]
    assert known.recall("parent", {"parent": "other", "outer": "o"}) is None
    assert known.recall("parent", {"parent": "s", "outer": "other"}) is None
    assert known.recall("parent", {"parent": "s"}) is None


def test_without_a_signature_nothing_is_certain_but_that_the_class_expands(noted):
    known = Expansions()
    noted(known, signature=None)
    assert known.recall("parent", {"parent": None, "outer": "o"}) is None
    assert known.may_expand("Any")


def test_objects_that_a_pack_puts_into_a_graph_are_not_held(noted):
    known = Expansions()
    noted(known, value=bytearray(10))
    assert known.recall("parent", {"parent": "s", "outer": "o"}) is None


def test_the_oldest_are_forgotten_first(noted, monkeypatch):
    monkeypatch.setattr(expansions, "MOST_NODES", 4)  # each counts with the one that it expanded to
    known = Expansions()
    for parent in ("a", "b", "c"):
        noted(known, parent=parent)
    assert [known.recall(one, {one: "s", "outer": "o"}) is not None for one in "abc"] == [False, True, True]
