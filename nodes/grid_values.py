"""The values of a grid's axis, as A1111's web UI takes them: `1, 2, 5-7`, `1-10 (+2)`, `0-1 [5]`, `a, "b, c"`."""

from __future__ import annotations

import csv
import re
from typing import Any

NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
RANGE = re.compile(rf"\s*({NUMBER})\s*-\s*({NUMBER})\s*(?:\(\s*({NUMBER})\s*\)|\[\s*(\d+)\s*\])?\s*")
MOST_VALUES = 10_000
WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def listed(text: str) -> list[str]:
    """The words between commas and line breaks; those in quotes may hold commas."""
    rows = csv.reader(text.splitlines(), skipinitialspace=True)
    return [word.strip() for row in rows for word in row if word.strip()]


def numbers(text: str, whole: bool) -> list[Any]:
    """Numbers and ranges of them: `a-b` in steps of one, `a-b (+s)` in steps of s, `a-b [n]` as n numbers from a to b.

    Raises ValueError naming what is no number, or a range that has no end.
    """
    found: list[float] = []
    for word in listed(text):
        match = RANGE.fullmatch(word)
        if match is None:
            values = [_number(word)]
        elif match[4]:
            values = _spread(float(match[1]), float(match[2]), int(match[4]))
            values = [float(int(one)) for one in values] if whole else values
        else:
            values = _stepped(word, float(match[1]), float(match[2]), match[3])
        if whole and not all(one.is_integer() for one in values):
            raise ValueError(f"{word!r}: this input takes whole numbers")
        found += values
    return [int(one) for one in found] if whole else [round(one, 10) for one in found]


def truths(text: str) -> list[bool]:
    """`true` and `false`. Raises ValueError for other words."""
    words = listed(text)
    unknown = [word for word in words if word.lower() not in WORDS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is neither true nor false")
    return [WORDS[word.lower()] for word in words]


def replaced(text: str, words: str) -> list[str]:
    """The text as it is, and with its first word of the list replaced by each of the others.

    Raises ValueError when the text does not have the first word.
    """
    wanted = listed(words)
    if not wanted or wanted[0] not in text:
        first = wanted[0] if wanted else ""
        raise ValueError(f"the first value, {first!r}, is what the others replace, and the text does not have it")
    return [text.replace(wanted[0], word) for word in wanted]


def _number(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise ValueError(f"{word!r} is neither a number nor a range such as 1-10 (+2) or 1-10 [5]") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"{word!r} is no number to count with")
    return value


def _spread(start: float, end: float, count: int) -> list[float]:
    if count > MOST_VALUES:
        raise ValueError(f"a range of {count:,} values is too long; {MOST_VALUES:,} are the most")
    if count < 2:
        return [start] * count
    return [start + (end - start) * place / (count - 1) for place in range(count)]


def _stepped(word: str, start: float, end: float, step: str | None) -> list[float]:
    by = float(step) if step else (1.0 if end >= start else -1.0)
    if by == 0 or (end - start) * by < 0:
        raise ValueError(f"{word!r} never reaches its end with steps of {by:g}")
    count = int((end - start) / by + 1e-9) + 1
    if count > MOST_VALUES:
        raise ValueError(f"{word!r} has {count:,} values; {MOST_VALUES:,} are the most")
    return [start + by * place for place in range(count)]
