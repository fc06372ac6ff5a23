"""Nodes that compute numbers."""

from __future__ import annotations

import pytest

from nodes.expressions import math_expression


def test_a_result_is_a_number_of_every_kind():
    assert math_expression("a / 2", {"a": 5}) == (2.5, 2, True)
    assert math_expression("a > 7", {"a": 5}) == (0.0, 0, False)


def test_an_import_is_named():
    with pytest.raises(ValueError, match="there is no function '__import__'"):
        math_expression("__import__('os')", {"a": 1})
