"""Which nodes may stand for others, as far as it can be told before they run."""

import functools
import itertools

from execution.load_nodes import load_nodes
from nodes.expansion import seems_to_expand


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
