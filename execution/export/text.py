"""Python as text: literals and calls, each argument on a line of its own where one line is too long."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 110
INDENT = "    "


@dataclass(frozen=True)
class Code:
    """A piece of Python that stands for a value."""

    text: str


def call(head: str, arguments: Mapping[str, Any], first: str = "") -> list[str]:
    """The lines of a call. `arguments` are `Code`, or dictionaries of it; `head` is what comes before the bracket, and
    `first` what comes before the arguments."""
    plain = {name: _text(value) for name, value in arguments.items() if _is_word(name)}
    odd = {name: value for name, value in arguments.items() if not _is_word(name)}
    words = [f"{name}={text}" for name, text in plain.items()] + ([f"**{_text(odd)}"] if odd else [])
    words = ([first] if first else []) + words
    line = f"{head}({', '.join(words)})"
    if len(INDENT + line) <= WIDTH:
        return [line]
    return [f"{head}(", *(f"{INDENT}{word}," for word in words), ")"]


def _is_word(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _text(value: Any) -> str:
    if isinstance(value, Code):
        return value.text
    return "{" + ", ".join(f"{literal(name)}: {_text(one)}" for name, one in value.items()) + "}"


def literal(value: Any) -> str:
    """A JSON value as Python writes it, texts in double quotes where that needs no escaping."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, float) and value - value != 0:  # infinite, or no number
        return f'float("{value}")'
    text = repr(value)
    return f'"{text[1:-1]}"' if isinstance(value, str) and text[0] == "'" and '"' not in text else text
