r"""The weights of AUTOMATIC1111's grammar: `(a)` is 1.1, `[a]` is 1 / 1.1, `(a:1.5)` is 1.5, and nested ones multiply.

`\(` is a bracket, BREAK begins a new chunk wherever it stands, and a bracket that is never closed counts to the end.
"""

from __future__ import annotations

import math
import re

import numpy as np

MORE = 1.1
LESS = 1 / 1.1
BREAK = re.compile(r"\s*\bBREAK\b\s*")
PIECE = re.compile(
    r"""
    \\(?P<escaped>[()\[\]\\])
    | :\s*(?P<weight>[+-]?[.\d]+)\s*\)
    | (?P<mark>[()\[\]])
    | (?P<text>[^\\()\[\]:]+|[\\:])
    """,
    re.VERBOSE,
)

Part = tuple[str, float]


def weighted_chunks(text: str) -> list[list[Part]]:
    """The prompt's stretches of one weight, in the parts that BREAK splits it into.

    Linear in the prompt's length but for brackets in brackets, where it is one multiplication of an array a bracket.
    """
    texts, breaks, brackets = _pieces(text)
    weights = np.ones(len(texts))
    with np.errstate(over="ignore"):
        for start, end, factor in brackets:
            weights[start:end] *= factor
    chunks: list[list[Part]] = [[]]
    for place, (piece, weight) in enumerate(zip(texts, weights.tolist(), strict=True)):
        if place in breaks:
            chunks.append([])
        if chunks[-1] and chunks[-1][-1][1] == weight:
            chunks[-1][-1] = (chunks[-1][-1][0] + piece, weight)
        else:
            chunks[-1].append((piece, weight))
    return [[part for part in chunk if part[0]] for chunk in chunks]


def _pieces(text: str) -> tuple[list[str], set[int], list[tuple[int, int, float]]]:
    """The text's pieces, the numbers of those that follow a BREAK, and what each pair of brackets multiplies."""
    texts: list[str] = []
    breaks: set[int] = set()
    brackets: list[tuple[int, int, float]] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}
    for match in PIECE.finditer(text):
        mark, weight = match["mark"], _number(match["weight"])
        if weight is not None and opened["("]:
            brackets.append((opened["("].pop(), len(texts), weight))
        elif mark in opened:
            opened[mark].append(len(texts))
        elif mark == ")" and opened["("]:
            brackets.append((opened["("].pop(), len(texts), MORE))
        elif mark == "]" and opened["["]:
            brackets.append((opened["["].pop(), len(texts), LESS))
        else:
            first, *after = BREAK.split(match["escaped"] or match[0].removeprefix("\\"))
            texts.append(first)
            for piece in after:
                breaks.add(len(texts))
                texts.append(piece)
    brackets += [(start, len(texts), MORE) for start in opened["("]]
    brackets += [(start, len(texts), LESS) for start in opened["["]]
    return texts, breaks, brackets


def _number(text: str | None) -> float | None:
    try:
        number = math.nan if text is None else float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
