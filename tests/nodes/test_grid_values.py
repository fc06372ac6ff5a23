"""The values of a grid's axis, as A1111's users write them."""

import pytest

from nodes.grid_values import listed, numbers, replaced, truths


@pytest.mark.parametrize(
    ("text", "whole", "values"),
    [
        ("1, 2, 5-7", True, [1, 2, 5, 6, 7]),
        ("1-5", True, [1, 2, 3, 4, 5]),
        ("1-10 (+2)", True, [1, 3, 5, 7, 9]),
        ("10-5 (-3)", True, [10, 7]),
        ("1-10 [5]", True, [1, 3, 5, 7, 10]),
        ("3-1", True, [3, 2, 1]),
        ("-3--1", True, [-3, -2, -1]),
        ("0.5\n1", False, [0.5, 1]),
        ("0-1 (+0.25)", False, [0, 0.25, 0.5, 0.75, 1]),
        ("0.0-1.0 [6]", False, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ("7 [1], 1-2 [1]", True, None),
        ("1-2 [1]", True, [1]),
        (" ", True, []),
        ("1e3", True, [1000]),
    ],
)
def test_numbers(text, whole, values):
    if values is None:
        with pytest.raises(ValueError, match="neither a number nor a range"):
            numbers(text, whole)
    else:
        assert numbers(text, whole) == values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a", "'a' is neither a number nor a range"),
        ("1.5", "whole numbers"),
        ("1-5 (-1)", "never reaches its end"),
        ("1-5 (0)", "never reaches its end"),
        ("1-9999999", "values; 10,000 are the most"),
        ("1-2 [99999]", "10,000 are the most"),
        ("nan", "no number to count with"),
        ("inf", "no number to count with"),
        ("__import__('os')", "neither a number nor a range"),
    ],
)
def test_what_is_no_number_is_told(text, said):
    with pytest.raises(ValueError, match=said):
        numbers(text, whole=True)


def test_words_and_quotes():
    assert listed('a, "b, c"\n d ,,') == ["a", "b, c", "d"]


def test_truths():
    assert truths("true, no, ON") == [True, False, True]
    with pytest.raises(ValueError, match="'maybe' is neither"):
        truths("maybe")


def test_search_and_replace_keeps_the_first():
    assert replaced("a red apple", "red, blue") == ["a red apple", "a blue apple"]
    for words in ("green, blue", ""):
        with pytest.raises(ValueError, match="the text does not have it"):
            replaced("a red apple", words)
