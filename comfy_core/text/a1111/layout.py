"""How AUTOMATIC1111's web UI lays a prompt's tokens out in chunks: a chunk that is full ends at the last comma before,
if that is not far, and an embedding is not cut in two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from comfy_core.text.a1111.weights import Part
from comfy_core.text.prompt import Token

BACKTRACK = 20
"""How many tokens after a comma may move to the next chunk."""

Weighted = tuple[Token, float]
Embedding = Callable[[Sequence[int], int], tuple[Tensor, int] | None]
"""Takes tokens and a place in them; gives the vectors [n, width] of the embedding whose name begins there, and how many
tokens the name takes, or None."""


@dataclass
class _Layout:
    """Full chunks, and the one that is being filled; `comma` is how long it was when its last comma came."""

    room: int
    full: list[list[Weighted]] = field(default_factory=list)
    tokens: list[Weighted] = field(default_factory=list)
    comma: int | None = None

    def end_chunk(self, moved: int = 0) -> None:
        """Begin a new chunk, with the last `moved` tokens of this one."""
        kept = len(self.tokens) - moved
        self.full.append(self.tokens[:kept])
        self.tokens, self.comma = self.tokens[kept:], None


def laid_out(
    parts: Sequence[Sequence[Part]],
    room: int,
    tokens: Callable[[str], list[int]],
    comma: int,
    embedding: Embedding = lambda tokens, place: None,
) -> list[list[Weighted]]:
    """The chunks of a prompt, each of at most `room` weighted tokens; no text is one empty chunk.

    `parts` are the weighted stretches between BREAKs, `tokens` numbers a stretch, and `comma` is the number of one.
    """
    layout = _Layout(room)
    for number, stretches in enumerate(parts):
        if number:
            layout.end_chunk()
        for text, weight in stretches:
            _add(layout, tokens(text), weight, comma, embedding)
    if layout.tokens or not layout.full:
        layout.end_chunk()
    return layout.full


def _add(layout: _Layout, tokens: list[int], weight: float, comma: int, embedding: Embedding) -> None:
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token == comma:
            layout.comma = len(layout.tokens)
        elif len(layout.tokens) == layout.room and layout.comma is not None:
            since = len(layout.tokens) - layout.comma
            if since <= BACKTRACK:
                layout.end_chunk(moved=since - 1)
        if len(layout.tokens) >= layout.room:
            layout.end_chunk()
        found = embedding(tokens, place)
        if found is None:
            layout.tokens.append((token, weight))
            place += 1
            continue
        vectors, taken = found
        if len(layout.tokens) + len(vectors) > layout.room:
            layout.end_chunk()
        layout.tokens += [(vector, weight) for vector in vectors[: layout.room]]
        place += taken
