"""What makes two nodes equal."""

import hashlib

import msgspec
import numpy as np
import pytest

from execution.graph import parse
from execution.signature import signatures


@pytest.fixture
def sign(schemas):
    def sign(prompt, fingerprints=None, schemas=schemas):
        graph = parse(prompt, schemas.__getitem__)
        return signatures(graph, graph.order(list(prompt)), fingerprints or {})

    return sign


def test_equal_subgraphs_share_whatever_their_ids_and_the_order_of_their_inputs(sign, node):
    prompt = {
        "1": node("FakeNumber", value=3),
        "2": node("FakeAdd", a=["1", 0], b=["1", 0]),
        "x:7": node("FakeNumber", value=3),
        "y": {"inputs": {"b": ["x:7", 0], "a": ["1", 0]}, "class_type": "FakeAdd"},
    }
    signed = sign(prompt)
    assert signed["1"] == signed["x:7"]
    assert signed["2"] == signed["y"]
    assert signed["1"] != signed["2"]


def test_undeclared_inputs_and_titles_do_not_matter(sign, node):
    plain = node("FakeNumber", value=3)
    dressed = node("FakeNumber", value=3, unknown=5) | {"_meta": {"title": "mine"}}
    assert len(set(sign({"1": plain, "2": dressed}).values())) == 1


def test_every_literal_link_and_slot_matters(sign, node):
    prompt = {
        "pair": node("FakePair"),
        "n1": node("FakeNumber", value=1),
        "n2": node("FakeNumber", value=2),
        "f": node("FakeNumber", value=1.0),
        "b": node("FakeNumber", value=True),
        "s": node("FakeNumber", value="1"),
        "absent": node("FakeNumber"),
        "null": node("FakeNumber", value=None),
        "p1": node("FakePass", value=["n1", 0]),
        "p2": node("FakePass", value=["n2", 0]),
        "slot 0": node("FakeShowAny", value=["pair", 0]),
        "slot 1": node("FakeShowAny", value=["pair", 1]),
        "a": node("FakeAdd", a=["n1", 0], b=["n2", 0]),
        "swapped": node("FakeAdd", a=["n2", 0], b=["n1", 0]),
    }
    assert len(set(sign(prompt).values())) == len(prompt)


def test_changed_code_is_another_node(sign, schemas, node):
    prompt = {"1": node("FakeNumber", value=1), "2": node("FakePass", value=["1", 0])}
    changed = schemas | {"FakeNumber": msgspec.structs.replace(schemas["FakeNumber"], version="new")}
    before, after = sign(prompt), sign(prompt, schemas=changed)
    assert before["1"] != after["1"]
    assert before["2"] != after["2"]


def test_the_fingerprint_matters_here_and_downstream(sign, node):
    prompt = {"1": node("FakeNumber", value=1), "2": node("FakePass", value=["1", 0])}
    assert sign(prompt, {"1": "a"})["2"] == sign(prompt, {"1": "a"})["2"] != sign(prompt, {"1": "b"})["2"]


def test_nan_equals_nothing_and_neither_does_what_depends_on_it(sign, node):
    prompt = {
        "1": node("FakeNumber", value=1),
        "2": node("FakePass", value=["1", 0]),
        "3": node("FakeNumber", value=1),
        "4": node("FakeNumber", value={"deep": [float("nan")]}),
    }
    signed = sign(prompt, {"1": float("nan")})
    assert (signed["1"], signed["2"], signed["4"]) == (None, None, None)
    assert signed["3"] is not None


def test_digests_are_fingerprints(sign, node):
    prompt = {"1": node("FakeNumber", value=1)}
    first, same, other = (sign(prompt, {"1": [digest]})["1"] for digest in (b"ab", b"ab", b"ac"))
    assert first == same != other


def test_objects_as_fingerprints_equal_nothing(sign, node):
    """Long arrays are written alike that are not, and so are objects at the place of one that is gone."""
    prompt = {"1": node("FakeNumber", value=1), "2": node("FakePass", value=["1", 0])}
    for fingerprint in (np.zeros(5000), object(), {"a": [{1, 2}]}, np.float32(1)):
        assert sign(prompt, {"1": fingerprint}) == {"1": None, "2": None}


def test_an_object_among_the_literals_equals_nothing(sign, node):
    """A node that expands may put one there; that two are written alike says nothing."""
    assert sign({"1": node("FakePass", value=object()), "2": node("FakePass", value=["1", 0])}) == {
        "1": None,
        "2": None,
    }


def test_nodes_that_are_individuals_share_nothing(sign, node):
    prompt = {
        "1": node("FakeRandom"),
        "2": node("FakeRandom"),
        "3": node("FakeUnique", value=1),
        "4": node("FakeUnique", value=1),
    }
    assert len(set(sign(prompt).values())) == 4


def test_each_node_is_hashed_once(sign, node, monkeypatch):
    hashed = []
    real = hashlib.blake2b
    monkeypatch.setattr(hashlib, "blake2b", lambda text, **options: hashed.append(text) or real(text, **options))
    prompt = {"0": node("FakeNumber", value=1)}
    for i in range(1, 300):
        prompt[str(i)] = node("FakeAdd", a=[str(i - 1), 0], b=[str(i - 1), 0])
    sign(prompt)
    assert len(hashed) == len(prompt)
    assert max(map(len, hashed)) < 500
