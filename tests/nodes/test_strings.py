"""Nodes on text."""

from __future__ import annotations

import time

import pytest

from nodes import patterns, strings


def test_texts_are_joined_cut_and_measured():
    assert strings.string_concatenate("a", "b", ", ") == "a, b"
    assert strings.string_substring("picture", 1, -2) == "ictu"
    assert strings.string_substring("picture", 5, 99) == "re"
    assert strings.string_length("naïve 猫") == 7
    assert strings.string_replace("a cat, a hat", "a ", "the ") == "the cat, the hat"


@pytest.mark.parametrize(
    ("mode", "out"), [("UPPERCASE", "A CAT"), ("lowercase", "a cat"), ("Capitalize", "A cat"), ("Title Case", "A Cat")]
)
def test_cases(mode: str, out: str):
    assert strings.case_converter("a cAt", mode) == out


@pytest.mark.parametrize(("mode", "out"), [("Both", "a"), ("Left", "a \n"), ("Right", " a")])
def test_ends_are_trimmed(mode: str, out: str):
    assert strings.string_trim(" a \n", mode) == out


def test_texts_are_compared():
    assert strings.string_contains("A Cat", "cat", False)
    assert not strings.string_contains("A Cat", "cat", True)
    assert strings.string_compare("A Cat", "a", "Starts With", False)
    assert strings.string_compare("A Cat", "Cat", "Ends With", True)
    assert not strings.string_compare("A Cat", "a cat", "Equal", True)


def test_values_are_put_into_a_text():
    assert strings.string_format({"a": 1.5, "b": "x"}, "{a:.2f} {b}{{}}") == "1.50 x{}"
    assert strings.string_format({}, "plain") == "plain"


@pytest.mark.parametrize(
    "template",
    [
        "{b}",
        "{a.__class__}",
        "{a[0]}",
        "{a!r}",
        "{a:1000000000}",
        "{a:.999999999f}",
        "{a:{a}}",
        "{",
        "{a:q}",
        "{}",
    ],
)
def test_a_template_reaches_nothing_but_its_values(template: str):
    with pytest.raises(ValueError, match="f_string cannot be filled in"):
        strings.string_format({"a": 1}, template)


@pytest.mark.parametrize(
    ("text", "out"), [('{"k": "v"}', "v"), ('{"k": 1}', "1"), ('{"k": null}', ""), ("[]", ""), ("{", ""), ("{}", "")]
)
def test_the_value_of_a_key(text: str, out: str):
    assert strings.json_extract_string(text, "k") == out


def test_values_become_json():
    assert strings.convert_array_to_string([1, "ä"], 0) == '[1, "ä"]'
    assert strings.convert_dictionary_to_string({"a": [1]}, 1) == '{\n "a": [\n  1\n ]\n}'


TEXT = "cat 12\nCat 345"


@pytest.mark.parametrize(
    ("mode", "pattern", "group", "out"),
    [
        ("First Match", r"cat (\d)(\d)", 1, "cat 12"),
        ("All Matches", r"cat (\d)(\d)", 1, "cat 12\nCat 34"),
        ("First Group", r"cat (\d)(\d)", 2, "2"),
        ("All Groups", r"cat (\d)(\d)", 1, "1\n3"),
        ("All Groups", r"cat", 1, ""),
        ("First Match", r"dog", 1, ""),
        ("First Group", r"(dog)?cat", 1, ""),
    ],
)
def test_parts_that_fit_a_pattern(mode: str, pattern: str, group: int, out: str):
    assert patterns.regex_extract(TEXT, pattern, mode, True, False, False, group) == out


def test_flags_count():
    assert not patterns.regex_match(TEXT, "^Cat", False, False, False)
    assert patterns.regex_match(TEXT, "^Cat", False, True, False)
    assert patterns.regex_match(TEXT, "12.Cat", False, False, True)


def test_what_fits_is_replaced():
    assert patterns.regex_replace(TEXT, r"cat (\d)", r"dog \1") == "dog 12\ndog 345"
    assert patterns.regex_replace(TEXT, r"cat", "dog", count=1) == "dog 12\nCat 345"


@pytest.mark.parametrize("pattern", ["(", "*", "[z-a]", "x" * 20_000, r"(?P<a>x)(?P<a"])
def test_a_pattern_that_is_none_is_named(pattern: str):
    with pytest.raises(ValueError, match=r"is not a regular expression|is too long"):
        patterns.regex_match("x", pattern, True, False, False)
    with pytest.raises(ValueError, match="does not fit the pattern"):
        patterns.regex_replace("x", "x", r"\7")


@pytest.mark.parametrize(
    "search",
    [
        lambda text, pattern: patterns.regex_match(text, pattern, True, False, False),
        lambda text, pattern: patterns.regex_extract(text, pattern, "All Matches", True, False, False, 0),
        lambda text, pattern: patterns.regex_replace(text, pattern, ""),
    ],
)
def test_a_pattern_that_takes_for_ever_is_stopped(search, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patterns, "SECONDS", 0.1)
    start = time.monotonic()
    with pytest.raises(ValueError, match=r"took longer than 0\.1 s on this text; make it more definite"):
        search("a" * 60 + "!", r"^(\w|\w\w|\w+)+$")
    assert time.monotonic() - start < 60
