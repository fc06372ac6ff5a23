"""A prompt of AUTOMATIC1111's web UI through the text encoders of any CLIP.

Each chunk is encoded without weights; then every word's vector is multiplied by its weight, and the chunk by what
restores the mean it had.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from comfy_core import folders
from comfy_core.conditioning import Conditioning
from comfy_core.text.a1111.composition import composed
from comfy_core.text.a1111.editing import prompts_by_step, stretches
from comfy_core.text.a1111.layout import Weighted, laid_out
from comfy_core.text.a1111.weights import weighted_chunks
from comfy_core.text.clip import CLIP
from comfy_core.text.embeddings import find_embedding
from comfy_core.text.prompt import Token
from comfy_core.text.tokenizer import clip_tokens

ENCODERS = ("l", "h", "g")
"""The text encoders with CLIP's tokens, in the order in which their vectors lie side by side."""


def encode_a1111(clip: CLIP, text: str, steps: int = 20, before: int = 0) -> Conditioning:
    """A CONDITIONING with an entry for every text that the prompt, or each that AND joins, reads as in the course of
    `steps` steps, which follow on `before` of a first pass, if any.

    Raises:
        ValueError: the CLIP has other text encoders than CLIP's (T5 …), a weight is infinite, or weights add up to 0.
    """
    parts = composed(text)
    if len(parts) == 1:
        return _entries(clip, text, steps, before)
    whole = sum(weight for _, weight in parts)
    return [
        [cond, {**extra, "strength": weight, "guidance_weight": whole}]
        for part, weight in parts
        for cond, extra in _entries(clip, part, steps, before)
    ]


def _entries(clip: CLIP, text: str, steps: int, before: int) -> Conditioning:
    """An entry for every text that one prompt reads as."""
    entries = []
    for said, runs in stretches(prompts_by_step(text, steps, before)).items():
        cond, pooled = _encoded(clip, said)
        when = (
            {}
            if len(runs) == 1 and runs[0] == (0, steps)
            else {"step_ranges": [(a / steps, b / steps) for a, b in runs]}
        )
        entries.append([cond, {"pooled_output": pooled, **when}])
    return entries


def _encoded(clip: CLIP, text: str) -> tuple[Tensor, Tensor]:
    """The text [1, N, width] and the pooled vector [1, width] of a prompt that does not change."""
    empty = clip.tokenize("")
    if not set(empty) <= set(ENCODERS):
        raise ValueError(
            f"AUTOMATIC1111's prompts are for CLIP text encoders; this model's are: {', '.join(empty)}. Use the node "
            "CLIP Text Encode (Prompt)."
        )
    parts = weighted_chunks(re.sub(r"\bembedding:(?=\S)", "", text))
    names = _embedding_names()
    rows: dict[str, list[list[Weighted]]] = {}
    for encoder in (name for name in ENCODERS if name in empty):
        start, end, *_, pad = (token for token, _ in empty[encoder][0])
        length = len(empty[encoder][0])
        laid = laid_out(
            parts,
            room=length - 2,
            tokens=clip_tokens,
            comma=clip_tokens(",")[0],
            embedding=partial(_embedding_at, names, f"clip_{encoder}", _width(clip, encoder)),
        )
        rows[encoder] = [_framed(row, start, end, pad, length) for row in laid]
    tokens = {encoder: [[[token, 1.0] for token, _ in row] for row in framed] for encoder, framed in rows.items()}
    cond, pooled = clip.encode_from_tokens(tokens, return_pooled=True)
    parts_of_cond = cond.split([_width(clip, encoder) for encoder in rows], dim=-1)
    weighed = [_weighed(part, framed) for part, framed in zip(parts_of_cond, rows.values(), strict=True)]
    return torch.cat(weighed, dim=-1), pooled


def _weighed(encoded: Tensor, rows: Sequence[Sequence[Weighted]]) -> Tensor:
    """What one encoder made of these rows, [1, chunks * length, width], with each word times its weight and each
    chunk's mean restored."""
    weights = torch.tensor([[weight for _, weight in row] for row in rows])
    if not weights.isfinite().all():
        raise ValueError("a weight in this prompt is infinite; write a smaller one")
    chunks = encoded.unflatten(1, (-1, weights.shape[1]))[0]
    weighed = chunks * weights[: len(chunks), :, None]
    before, after = (one.mean((1, 2), keepdim=True) for one in (chunks, weighed))
    return (weighed * torch.where(after == 0, 1.0, before / after)).flatten(0, 1)[None]


def _framed(row: Sequence[Weighted], start: Token, end: Token, pad: Token, length: int) -> list[Weighted]:
    framed = [(start, 1.0), *row, (end, 1.0)]
    return framed + [(pad, 1.0)] * (length - len(framed))


def _width(clip: CLIP, encoder: str) -> int:
    return getattr(clip.cond_stage_model, f"clip_{encoder}").dims.width


Names = dict[int, list[tuple[list[int], str]]]
"""Embeddings by the first token of their names: all tokens and the name, the longest first."""


def _embedding_names() -> Names:
    """Where a prompt says one of these names, the embedding is meant."""
    stems = {Path(name).stem for name in folders.current().files("embeddings")}
    names: Names = {}
    for tokens, stem in sorted(((clip_tokens(stem), stem) for stem in stems), key=lambda one: (-len(one[0]), one[1])):
        if tokens:
            names.setdefault(tokens[0], []).append((tokens, stem))
    return names


def _embedding_at(
    names: Names, encoder: str, width: int, tokens: Sequence[int], place: int
) -> tuple[Tensor, int] | None:
    for name, stem in names.get(tokens[place], ()):
        if list(tokens[place : place + len(name)]) == name:
            vectors, _ = find_embedding(stem, encoder, width)
            if vectors is not None:
                return vectors, len(name)
    return None
