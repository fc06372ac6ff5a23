"""Nodes that hold a value, and those that find a size."""

from __future__ import annotations

import pytest

from nodes import primitives


def test_values_go_on_as_they_are():
    assert primitives.primitive_int(2**62) == 2**62
    assert primitives.primitive_float(0.5) == 0.5
    assert primitives.primitive_boolean(True) is True
    assert primitives.primitive_string("a") == primitives.primitive_string_multiline("a") == "a"
    assert primitives.primitive_bounding_box(1, 2, 3, 4) == {"x": 1, "y": 2, "width": 3, "height": 4}


def test_a_word_of_a_list_of_ones_own_has_its_place():
    assert primitives.custom_combo("b", index=1, option1="a", option2="b", option3="") == ("b", 1)
    assert primitives.custom_combo("b") == ("b", 0)


@pytest.mark.parametrize(
    ("ratio", "megapixels", "size"),
    [("1:1 (Square)", 1.0, (1024, 1024)), ("16:9 (Widescreen)", 1.0, (1368, 768)), ("1:1 (Square)", 0.1, (320, 320))],
)
def test_a_ratio_and_a_number_of_pixels_make_a_size(ratio: str, megapixels: float, size: tuple[int, int]):
    assert primitives.resolution_selector(ratio, megapixels, 8) == size
    assert all(side % 64 == 0 for side in primitives.resolution_selector(ratio, megapixels, 64))


@pytest.mark.parametrize(
    ("value", "fraction", "whole"),
    [
        (3, 3.0, 3),
        (2.9, 2.9, 2),
        (-2.9, -2.9, -2),
        (" 1e2 ", 100.0, 100),
        (True, 1.0, 1),
        (2**60 + 1, 2.0**60, 2**60 + 1),
    ],
)
def test_a_number_of_any_kind_is_a_fraction_and_a_whole_number(value: object, fraction: float, whole: int):
    assert primitives.number_convert(value) == (fraction, whole)
    assert primitives.seed_node(7) == 7


@pytest.mark.parametrize("value", ["", "seven", "nan", "inf", "__import__('os')"])
def test_what_is_no_number_is_refused(value: str):
    with pytest.raises(ValueError, match="which is no number"):
        primitives.number_convert(value)
