"""Nodes that find and replace text by regular expressions.

A pattern such as `(a+)+$` may take ages on a short text. The library `regex` takes the patterns of Python's own `re`
and stops a search after a time that is given; the standard library cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import regex

from nodes.schema import Boolean, Combo, Int, String, node
from nodes.strings import CATEGORY, MODULE, Result, Text, Yes

SECONDS = 2.0
LONGEST_PATTERN = 10_000
T = TypeVar("T")

Pattern = Annotated[str, String(multiline=True, tooltip="A regular expression, as Python writes them.")]
CaseInsensitive = Annotated[bool, Boolean(default=True, advanced=True, tooltip="Are a and A the same letter?")]
Multiline = Annotated[bool, Boolean(advanced=True, tooltip="Do ^ and $ stand for the ends of each line?")]
DotAll = Annotated[bool, Boolean(advanced=True, tooltip="Does . stand for the end of a line, too?")]


@node(
    "RegexMatch",
    title="Match Text",
    category=CATEGORY,
    outputs=("matches",),
    python_module=MODULE,
    search_aliases=("regex match", "regex", "pattern match", "text contains", "string match"),
)
def regex_match(
    string: Text,
    regex_pattern: Pattern,
    case_insensitive: CaseInsensitive,
    multiline: Multiline,
    dotall: DotAll,
) -> Yes:
    """Is there a place in a text that fits a pattern?"""
    pattern = compiled(regex_pattern, case_insensitive, multiline, dotall)
    return in_time(lambda: pattern.search(string, timeout=SECONDS) is not None)


@node(
    "RegexExtract",
    title="Extract Text",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("regex extract", "regex", "pattern extract", "text parser", "parse text"),
)
def regex_extract(
    string: Text,
    regex_pattern: Pattern,
    mode: Annotated[
        str,
        Combo(
            ("First Match", "All Matches", "First Group", "All Groups"),
            tooltip="The first place or all, and of it everything or one group in parentheses.",
        ),
    ],
    case_insensitive: CaseInsensitive,
    multiline: Multiline,
    dotall: DotAll,
    group_index: Annotated[int, Int(default=1, min=0, max=100, advanced=True, tooltip="Which group; 0 is everything.")],
) -> Result:
    """The parts of a text that fit a pattern, each on a line; empty when there are none."""
    pattern = compiled(regex_pattern, case_insensitive, multiline, dotall)
    group = group_index if mode.endswith(("Group", "Groups")) else 0
    if group > pattern.groups:
        return ""
    if mode.startswith("First"):
        first = in_time(lambda: pattern.search(string, timeout=SECONDS))
        return (first[group] or "") if first else ""
    found = in_time(lambda: [match[group] or "" for match in pattern.finditer(string, timeout=SECONDS)])
    return "\n".join(found)


@node(
    "RegexReplace",
    title="Replace Text (Regex)",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("regex replace", "regex", "pattern replace", "substitution"),
)
def regex_replace(
    string: Text,
    regex_pattern: Pattern,
    replace: Annotated[str, String(multiline=True, tooltip=r"What takes its place; \1 is the first group.")],
    case_insensitive: CaseInsensitive | None = True,
    multiline: Multiline | None = False,
    dotall: DotAll | None = False,
    count: Annotated[int, Int(default=0, min=0, max=100, advanced=True, tooltip="How often at most; 0 is always.")]
    | None = 0,
) -> Result:
    """Put a text in place of what fits a pattern."""
    pattern = compiled(regex_pattern, bool(case_insensitive), bool(multiline), bool(dotall))
    try:
        return in_time(lambda: pattern.sub(replace, string, count=count or 0, timeout=SECONDS))
    except (regex.error, IndexError) as error:
        raise ValueError(f"the replacement {replace!r} does not fit the pattern: {error}") from error


def compiled(pattern: str, case_insensitive: bool, multiline: bool, dotall: bool) -> regex.Pattern[str]:
    """Raises ValueError when it is not a pattern."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a pattern of {len(pattern)} characters is too long; it may have {LONGEST_PATTERN}")
    flags = (regex.I if case_insensitive else 0) | (regex.M if multiline else 0) | (regex.S if dotall else 0)
    try:
        return regex.compile(pattern, flags)
    except (regex.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{pattern[:80]!r} is not a regular expression: {error}") from error


def in_time(search: Callable[[], T]) -> T:
    """What a search with a time limit finds. Raises ValueError when it takes too long."""
    try:
        return search()
    except TimeoutError:
        raise ValueError(f"the pattern took longer than {SECONDS:g} s on this text; make it more definite") from None
