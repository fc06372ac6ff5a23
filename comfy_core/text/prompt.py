r"""The grammar of a prompt: `(a:1.2)` weighs, `(a)` is 1.1, brackets nest, `\(` is a bracket, `embedding:name` a file.

The rules are those of ComfyUI, because the same prompt must give the same picture.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

from comfy_core.text.tokenizer import END, START

BRACKET = 1.1
LONGEST_WORD = 8
ESCAPES = {r"\)": "\0\1", r"\(": "\0\2"}

Token = int | Tensor
"""A token number, or the vector [width] that stands in its place."""
WeightedToken = tuple[Token, float]
NumberedToken = tuple[Token, float, int]
"""A token, its weight, and the number of the group it came in; marks and filling are 0."""


@dataclass(frozen=True)
class Chunk:
    """How an encoder wants its tokens: `length` per chunk with `start` and `end` marks, filled up with `pad`."""

    length: int = 77
    start: int = START
    end: int = END
    pad: int = END


def weighted_parts(text: str) -> list[tuple[str, float]]:
    """Split a prompt into stretches of one weight.

    `(text:1.3)` sets the weight of its inside (an inner weight wins, it is not multiplied), `(text)` multiplies it by
    1.1. An unclosed bracket is text, and so is everything after it; a closing bracket with no partner is text and
    disarms the next opening one. Linear in the length of the text, however deep the brackets.
    """
    for written, mark in ESCAPES.items():
        text = text.replace(written, mark)
    closing = _closing_brackets(text)
    parts: list[tuple[str, float]] = []
    pending = [(0, len(text), 1.0)]
    while pending:
        start, end, weight = pending.pop()
        opening = next((place for place in _brackets(text, start, end) if place in closing), end)
        if opening > start:
            parts.append((_unescape(text[start:opening]), weight))
        if opening < end:
            pending.append((closing[opening] + 1, end, weight))
            pending.append(_inside(text, opening + 1, closing[opening], weight))
    return parts


def _closing_brackets(text: str) -> dict[int, int]:
    """Where each opening bracket that starts a weighted group is closed."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    stray = 0
    for place, character in enumerate(text):
        if character == "(" and stray:
            stray -= 1
        elif character == "(":
            opened.append(place)
        elif character == ")" and opened:
            closing[opened.pop()] = place
        elif character == ")":
            stray += 1
    if opened:
        closing = {start: end for start, end in closing.items() if start < opened[0]}
    return closing


def _brackets(text: str, start: int, end: int) -> Iterator[int]:
    place = text.find("(", start, end)
    while place >= 0:
        yield place
        place = text.find("(", place + 1, end)


def _inside(text: str, start: int, end: int, weight: float) -> tuple[int, int, float]:
    """The inside of a bracketed group without its `:weight`, and the weight it has."""
    colon = text.rfind(":", start + 1, end)
    if colon > 0:
        try:
            number = float(text[colon + 1 : end])
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return start, colon, number
    return start, end, weight * BRACKET


def _unescape(text: str) -> str:
    for written, mark in ESCAPES.items():
        text = text.replace(mark, written[1])
    return text


def words(
    text: str, tokens: Callable[[str], list[int]], embedding: Callable[[str], tuple[Tensor | None, str]]
) -> Iterator[list[WeightedToken]]:
    """A prompt's tokens with their weights, in the groups that chunks keep together.

    `tokens` numbers the tokens of plain text. `embedding` takes what follows `embedding:` up to the next blank and
    answers with the vectors [n, width] (None: there is no such file) and what of the text was not part of its name.
    """
    for part, weight in weighted_parts(text):
        for piece in re.split(r"[ \n](?=embedding:)", part):
            name, rest = _embedding_name(piece)
            if name:
                vectors, leftover = embedding(name)
                if vectors is not None:
                    yield [(vector, weight) for vector in vectors]
                piece = f"{leftover} {rest}".strip()
            if piece:
                yield [(token, weight) for token in tokens(piece)]


def _embedding_name(piece: str) -> tuple[str, str]:
    if not piece.startswith("embedding:"):
        return "", piece
    name, *rest = piece.removeprefix("embedding:").split(maxsplit=1) or [""]
    return name, rest[0] if rest else ""


def chunks(groups: Iterator[list[WeightedToken]], chunk: Chunk) -> list[list[NumberedToken]]:
    """Lay groups of tokens out in chunks of `chunk.length`, each with its start and end marks.

    A group of fewer than eight tokens (a weighted word, a small embedding) is not cut: it moves to the next chunk.
    A longer one fills the chunk to its last place and goes on in the next. No text at all is one empty chunk.
    """
    room = chunk.length - 2
    laid: list[list[NumberedToken]] = [[]]
    for number, group in enumerate(groups, start=1):
        tokens = [(token, weight, number) for token, weight in group]
        if len(tokens) < LONGEST_WORD and len(laid[-1]) + len(tokens) > room:
            laid.append([])
        while len(laid[-1]) + len(tokens) > room:
            space = room - len(laid[-1])
            laid[-1] += tokens[:space]
            tokens = tokens[space:]
            laid.append([])
        laid[-1] += tokens
    return [_framed(one, chunk) for one in laid]


def _framed(tokens: list[NumberedToken], chunk: Chunk) -> list[NumberedToken]:
    framed: list[NumberedToken] = [(chunk.start, 1.0, 0), *tokens, (chunk.end, 1.0, 0)]
    return framed + [(chunk.pad, 1.0, 0)] * (chunk.length - len(framed))
