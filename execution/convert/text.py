"""Text that changes on its way into a prompt: comments and choices in prompts, tokens in file names."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from execution.convert.sheet import UiNode

Draw = Callable[[list[str]], str]

COMMENTS = re.compile(r"/\*[\s\S]*?\*/|//.*")
SPECIAL = re.compile(r"(\\[{}|]|[{}|])")
TOKEN = re.compile(r"%([^%]+)%")
UNSAFE_IN_FILE_NAMES = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
DATE_PART = re.compile(r"yyyy|yy|d{1,2}|M{1,2}|h{1,2}|m{1,2}|s{1,2}")


def dynamic_prompt(text: str, draw: Draw = random.choice) -> str:
    """Cut comments and draw one of each `{a|b|{c|d}}`; `\\{`, `\\}` and `\\|` stay as `{`, `}` and `|`."""
    groups: list[list[str]] = [[""]]
    for piece in SPECIAL.split(COMMENTS.sub("", text)):
        if piece == "{":
            groups.append([""])
        elif piece == "|" and len(groups) > 1:
            groups[-1].append("")
        elif piece == "}" and len(groups) > 1:
            chosen = draw(groups.pop())
            groups[-1][-1] += chosen
        else:
            groups[-1][-1] += piece[1:] if SPECIAL.fullmatch(piece) and len(piece) == 2 else piece
    while len(groups) > 1:  # a brace that was never closed
        chosen = draw(groups.pop())
        groups[-1][-1] += chosen
    return groups[0][0]


def replace_tokens(
    text: str, nodes: Iterable[UiNode], value_of: Callable[[UiNode, str], Any], now: datetime | None = None
) -> str:
    """Fill in `%date:yyyy-MM-dd%` (local time) and `%Node.widget%`; tokens that mean nothing stay as they are.

    A node is found by its property "Node name for S&R", then by its title; `value_of(node, widget)` is None where
    there is no such widget.
    """

    everyone = list(nodes)

    def one(match: re.Match[str]) -> str:
        words = match[1].split(".")
        if len(words) != 2:
            return _date(match[1][5:], now) if match[1].startswith("date:") else match[0]
        node = _find(words[0], everyone)
        value = value_of(node, words[1]) if node else None
        return match[0] if value is None else UNSAFE_IN_FILE_NAMES.sub("_", str(value))

    return TOKEN.sub(one, text)


def _find(name: str, nodes: list[UiNode]) -> UiNode | None:
    by_property = (node for node in nodes if node.properties.get("Node name for S&R") == name)
    by_title = (node for node in nodes if node.title == name)
    return next(by_property, None) or next(by_title, None)


def _date(pattern: str, now: datetime | None) -> str:
    now = now or datetime.now()
    parts = {"d": now.day, "M": now.month, "h": now.hour, "m": now.minute, "s": now.second}

    def one(match: re.Match[str]) -> str:
        word = match[0]
        if word in ("yyyy", "yy"):
            return str(now.year)[-len(word) :]
        return str(parts[word[0]]).zfill(len(word))

    return DATE_PART.sub(one, pattern)
