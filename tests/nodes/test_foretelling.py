"""Which nodes may stand for others, as far as it can be told before they run."""

import functools
import importlib
import itertools
import sys
from pathlib import Path

import pytest

from execution.load_nodes import load_nodes
from nodes.foretelling import seems_to_expand


def by_hand(value):
    return {"result": (value,), "expand": {"a": {"class_type": "B", "inputs": {}}}}


def by_way_of_another(value):
    return by_hand(value)


def sometimes(value):
    def graph():
        return dict(result=(value,), expand={})  # noqa: C408

    return graph() if value else (value,)


class Late:
    def run(self, value):
        return by_way_of_another(value)


def decorated(function):
    @functools.wraps(function)
    def call(*arguments):
        return function(*arguments)

    return call


class Decorated:
    @decorated
    def run(self, value):
        return by_hand(value)

    @classmethod
    @decorated
    def of_the_class(cls, value):
        return by_hand(value)

    @staticmethod
    def of_none(value):
        return by_hand(value)


def to_size(image):
    return image.rotate(3, expand=True)


METHODS = Decorated.run, Decorated.of_the_class, Decorated.of_none


def recursive(value):
    return recursive(value)


def test_what_writes_a_result_and_a_graph_seems_to_expand_and_so_does_what_calls_it():
    assert all(map(seems_to_expand, (by_hand, by_way_of_another, sometimes, Late.run, *METHODS)))
    assert not any(map(seems_to_expand, (to_size, recursive, print, itertools.count, 5)))


def test_our_own_nodes_that_expand_say_so():
    nodes = load_nodes()
    expanding = {
        "EaselForEnd",
        "EaselWhileEnd",
        "EndLoop",
        "EaselLoopRounds",
        "EaselGrid",
        "EaselRetry",
        "EaselRetryRound",
    }
    assert {name for name, one in nodes.items() if seems_to_expand(one.function)} == expanding
    assert {name for name, one in nodes.items() if one.schema.may_expand} == expanding


HELPERS = """
import functools

def build(value):
    return {"result": (value,), "expand": {}}

def expanded(function):
    @functools.wraps(function)
    def call(*arguments):
        return build(function(*arguments))
    return call

class Builder:
    def report(self):
        return build(self)

class Base:
    def run(self, value):
        return self.report(value)

    def report(self, value):
        return build(value)

def size(image):
    return {"result": image.expand(3)}
"""
BESIDE = """
def build_beside(value):
    return {"result": (value,), "expand": {}}
"""
HELPER = "from .deep import helpers"


def node(above: str, run: str) -> str:
    return f"{above}\nclass Node:\n    def run(self, value):\n        {run}\n"


CALLS = {
    "by name": node("from .deep.helpers import build", "return build(value)"),
    "of a module": node(HELPER, "return helpers.build(value)"),
    "of a package": node("from . import deep", "return deep.helpers.build(value)"),
    "imported late": node("", "from .deep.helpers import build; return build(value)"),
    "in a function": node(HELPER, "return (lambda: helpers.build(value))()"),
    "by a class": node("from .deep.helpers import Builder", "return Builder().report()"),
    "by an object": node(f"{HELPER}\nONE = helpers.Builder()", "return ONE.report()"),
    "by way of a method": node(HELPER, "return self.go(value)\n    def go(self, value): return helpers.build(value)"),
    "inherited": f"{HELPER}\nclass Node(helpers.Base): pass",
    "by super": f"{HELPER}\nclass Node(helpers.Base):\n    def run(self, value): return super().run(value)",
    "decorated": f"{HELPER}\nclass Node:\n    @helpers.expanded\n    def run(self, value): return value",
    "partial": node(
        "import functools\nfrom .deep import helpers\nbuild = functools.partial(helpers.build)", "build(value)"
    ),
    "beside the pack": node("import build_beside", "return build_beside.build_beside(value)"),
}
SLY = """
class Sly:
    __class__ = property(lambda self: 1 / 0)

    def __getattr__(self, name):
        raise RuntimeError(name)

SLY = Sly()
"""
ORDINARY = {
    "another of the module": node(HELPER, "return helpers.size(value)"),
    "imported, not named": node("from .deep.helpers import build", "return {'result': value}"),
    "of libraries": node(
        "import json, numpy, PIL.Image", "return json.loads(value), numpy.array(value), PIL.Image.open(value)"
    ),
    "of what raises when it is looked at": node(SLY, "return SLY.x"),
}


@pytest.fixture
def node_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The node class of a pack with this code; what expands is in a module of a package inside the pack, or beside."""

    def node_of(code: str) -> type:
        (tmp_path / "a_pack" / "deep").mkdir(parents=True)
        (tmp_path / "a_pack" / "__init__.py").write_text(f"from .deep import helpers\n{code}\n")
        (tmp_path / "a_pack" / "deep" / "__init__.py").write_text("from . import helpers\n")
        (tmp_path / "a_pack" / "deep" / "helpers.py").write_text(HELPERS)
        (tmp_path / "build_beside.py").write_text(BESIDE)
        return importlib.import_module("a_pack").Node

    monkeypatch.syspath_prepend(tmp_path)
    yield node_of
    for name in [one for one in sys.modules if one.split(".")[0] in ("a_pack", "build_beside")]:
        del sys.modules[name]


@pytest.mark.parametrize("code", CALLS.values(), ids=CALLS.keys())
def test_so_does_what_calls_it_in_another_module(node_of, code: str):
    node = node_of(code)
    assert seems_to_expand(node.run, node)


@pytest.mark.parametrize("code", ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_nodes_do_not_beside_code_that_expands(node_of, code: str):
    node = node_of(code)
    assert not seems_to_expand(node.run, node)
