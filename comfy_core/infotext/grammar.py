"""The grammar of an infotext: the prompt, what follows `Negative prompt:`, and at the end `Key: value, Key: value`.

A value with a comma, a colon or a line break is written as a JSON string; extensions also write JSON objects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

NEGATIVE = "Negative prompt:"
KEY = re.compile(r"\s*(\w[\w \-/.+()]{0,80}?)\s{0,4}:\s*")  # bounded, so that no text takes long to read
SETTINGS = re.compile(r"\s*Steps\s*:\s*\d+\s*(,|$)")
SEPARATOR = re.compile(r"[,\n]\s*")
FEWEST_PAIRS = 3
"""As many pairs make the last line one of settings, even without its usual beginning."""
JSON_OPENS = ('"', "{", "[")


@dataclass(frozen=True)
class Infotext:
    """A prompt, what it should not show, and the settings in the order in which they were written."""

    prompt: str = ""
    negative: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> Infotext:
    """Read an infotext. Raises ValueError when it has no line of settings."""
    lines = text.replace("\r\n", "\n").strip().split("\n")
    begin = _first_of_settings(lines)
    if begin is None:
        raise ValueError(
            "this text has no line of settings such as 'Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1'; paste all "
            "that the web UI shows under the picture"
        )
    said, settings = lines[:begin], "\n".join(lines[begin:])
    negative_from = next((place for place, line in enumerate(said) if line.startswith(NEGATIVE)), len(said))
    negative = "\n".join(said[negative_from:]).removeprefix(NEGATIVE)
    return Infotext("\n".join(said[:negative_from]).strip(), negative.strip(), dict(_pairs(settings)))


def write(infotext: Infotext) -> str:
    """The text of an infotext, as `parse` reads it."""
    settings = ", ".join(f"{key}: {_quoted(value)}" for key, value in infotext.fields.items())
    negative = f"{NEGATIVE} {infotext.negative}" if infotext.negative else ""
    return "\n".join(part for part in (infotext.prompt, negative, settings) if part)


def pairs_of(text: str) -> dict[str, str]:
    """`Key: value, Key: value` as it also stands inside a value: `Lora hashes: "a: 1234, b: 5678"`."""
    return dict(_pairs(text))


def _first_of_settings(lines: list[str]) -> int | None:
    """Where the settings begin: at the last line with a number of steps, else at a last line of several pairs."""
    for place in reversed(range(len(lines))):
        if SETTINGS.match(lines[place]):
            return place
    last = len(lines) - 1
    return last if len(dict(_pairs(lines[last]))) >= FEWEST_PAIRS and not lines[last].startswith(NEGATIVE) else None


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        key = KEY.match(text, place)
        if key is None:
            place = _after_comma(text, place)
            continue
        value, place = _value(text, key.end())
        yield key[1], value


def _value(text: str, place: int) -> tuple[str, int]:
    """The value that begins at `place`, and where the next pair begins."""
    if text.startswith(JSON_OPENS, place):
        try:
            value, end = json.JSONDecoder(strict=False).raw_decode(text, place)
        except (ValueError, RecursionError):
            pass
        else:
            return (value if isinstance(value, str) else text[place:end]), _after_comma(text, end)
    end = _after_comma(text, place)
    return text[place:end].rstrip().removesuffix(",").strip(), end


def _after_comma(text: str, place: int) -> int:
    """Behind the next comma or line break, and the blanks that follow it."""
    found = SEPARATOR.search(text, place)
    return found.end() if found else len(text)


def _quoted(value: str) -> str:
    plain = not any(mark in value for mark in ",:\n") and not value.startswith(JSON_OPENS) and value == value.strip()
    return value if plain else json.dumps(value, ensure_ascii=False)
