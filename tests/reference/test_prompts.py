"""Weighted prompts against transformers and the published formulas, token by token."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from comfy_core.text.a1111 import encode_a1111
from comfy_core.text.clip import CLIP
from comfy_core.text.tokenizer import clip_tokens
from tests.reference.conftest import Pair
from tests.reference.test_sd1 import END, START, assert_equal

Words = list[tuple[str, float]]
LONG = ", ".join(["a red cat on a table"] * 20)


def rows_of(words: Words) -> tuple[Tensor, Tensor]:
    """One chunk: tokens [1, 77] and weights [1, 77] of words that are written out by hand."""
    tokens = [START] + [token for word, _ in words for token in clip_tokens(word)] + [END]
    weights = [1.0] + [weight for word, weight in words for _ in clip_tokens(word)] + [1.0]
    pad = 77 - len(tokens)
    return torch.tensor([tokens + [END] * pad]), torch.tensor([weights + [1.0] * pad])


def encoded(pair: Pair, chunks: list[Words]) -> tuple[Tensor, Tensor]:
    """Each chunk's hidden states [n, 77, width] from transformers, and the weights [n, 77, 1]."""
    tokens, weights = zip(*(rows_of(chunk) for chunk in chunks), strict=True)
    return pair.text(torch.cat(tokens)).last_hidden_state, torch.cat(weights)[:, :, None]


def comfyui(pair: Pair, chunks: list[Words]) -> Tensor:
    """z_empty + w (z - z_empty) at every token."""
    z, weights = encoded(pair, chunks)
    empty, _ = encoded(pair, [[]])
    return (empty + weights * (z - empty)).flatten(0, 1)[None]


def a1111(pair: Pair, chunks: list[Words]) -> Tensor:
    """w z at every token, times the chunk's mean before by its mean after."""
    z, weights = encoded(pair, chunks)
    scaled = [one * w * (one.mean() / (one * w).mean()) for one, w in zip(z, weights, strict=True)]
    return torch.cat(scaled)[None]


def clip_of(pair: Pair) -> CLIP:
    return pair.ours.clip  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("a (red:1.3) cat", [[("a", 1), ("red", 1.3), ("cat", 1)]]),
        ("a ((red)) (blue (cat:1.5):0.8)", [[("a", 1), ("red", 1.21), ("blue", 0.8), ("cat", 1.5)]]),
        (r"\(red\) (cat:-1)", [[("(red)", 1), ("cat", -1)]]),
        (" ".join(["cat"] * 75) + " (dog:1.4)", [[("cat " * 75, 1)], [("dog", 1.4)]]),
    ],
)
def test_weights_of_comfyui(pair: Pair, text: str, chunks: list[Words]):
    assert_equal(clip_of(pair).encode(text), comfyui(pair, chunks), 1e-5)


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("a (red:1.3) cat", [[("a", 1), ("red", 1.3), ("cat", 1)]]),
        ("a ((red)) [blue (cat:1.5)]", [[("a", 1), ("red", 1.21), ("blue", 1 / 1.1), ("cat", 1.5 / 1.1)]]),
        ("(red:1.4) cat BREAK a [dog]", [[("red", 1.4), ("cat", 1)], [("a", 1), ("dog", 1 / 1.1)]]),
        (r"\(red\) (cat:0)", [[("(red)", 1), ("cat", 0)]]),
        (
            f"({'cat ' * 70}:1.2), {'dog ' * 10}",
            [[("cat " * 70, 1.2), (",", 1)], [("dog " * 10, 1)]],
        ),
    ],
)
def test_weights_of_a1111(pair: Pair, text: str, chunks: list[Words]):
    ((cond, extra),) = encode_a1111(clip_of(pair), text)
    assert_equal(cond, a1111(pair, chunks), 2e-5)
    pooled = pair.text(rows_of(chunks[0])[0]).pooler_output
    assert_equal(extra["pooled_output"], pooled, 1e-5)


def test_a_long_prompt_is_its_chunks(pair: Pair):
    tokens = clip_tokens(LONG)
    rows = [tokens[place : place + 75] for place in range(0, len(tokens), 75)]
    framed = torch.tensor([[START, *row, *[END] * (76 - len(row))] for row in rows])
    assert_equal(clip_of(pair).encode(LONG), pair.text(framed).last_hidden_state.flatten(0, 1)[None], 1e-5)
