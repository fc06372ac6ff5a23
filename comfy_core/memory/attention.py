"""The one attention of the house; every network calls it, so that a better kernel serves them all.

Which way it is computed follows the flags: torch's kernel, or one of two that hold only a part of the scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.memory import devices

SCORES = 1 << 24
"""How many scores `split` and `quad` hold at a time."""
KEYS = 4096
"""How many keys `quad` looks at at a time."""


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int, mask: Tensor | None = None) -> Tensor:
    """Multi-head scaled dot-product attention (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762).

    `q` [B, N, heads * d], `k` and `v` [B, M, heads * d]; `mask`, broadcastable to [B, heads, N, M], is added to the
    scores (or, if boolean, says where to look). Returns [B, N, heads * d].
    """
    q, k, v = (one.unflatten(-1, (heads, -1)).transpose(1, 2) for one in (q, k, v))
    out = BACKENDS[devices.policy().attention](q, k, v, mask)
    return out.transpose(1, 2).flatten(2)


def sdpa(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """torch's own kernels; they hold no scores where the device has a fused one. All are [B, heads, ...]."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def math_(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """The formula, all scores at once: softmax(q k^T / sqrt(d) + mask) v."""
    return _scores(q, k, mask).softmax(-1) @ v


def split(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """The formula for some queries at a time."""
    rows = max(1, SCORES // (q.shape[0] * q.shape[1] * k.shape[2]))
    parts = [math_(part, k, v, _rows(mask, start, rows)) for start, part in _pieces(q, rows)]
    return torch.cat(parts, dim=2)


def quad(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Some queries and some keys at a time, with running sums: memory does not grow with their product.

    Rabe & Staats 2021, "Self-attention Does Not Need O(n^2) Memory", https://arxiv.org/abs/2112.05682.
    """
    rows = max(1, SCORES // (q.shape[0] * q.shape[1] * min(KEYS, k.shape[2])))
    parts = [_running(part, k, v, _rows(mask, start, rows)) for start, part in _pieces(q, rows)]
    return torch.cat(parts, dim=2)


BACKENDS: dict[str, Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]] = {
    "pytorch": sdpa,
    "split": split,
    "quad": quad,
    "math": math_,
}


def _running(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    highest = q.new_full((*q.shape[:-1], 1), -math.inf, dtype=torch.float32)
    total = torch.zeros_like(highest)
    out = q.new_zeros((*q.shape[:-1], v.shape[-1]), dtype=torch.float32)
    for start, keys in _pieces(k, KEYS):
        end = start + keys.shape[2]
        seen = mask if mask is None or mask.shape[-1] == 1 else mask[..., start:end]
        scores = _scores(q, keys, seen).float()
        higher = torch.maximum(highest, scores.amax(-1, keepdim=True))
        base = higher.clamp(min=torch.finfo(torch.float32).min)  # a row that has seen nothing yet stays zero
        weights, fade = (scores - base).exp(), (highest - base).exp()
        total = total * fade + weights.sum(-1, keepdim=True)
        out = out * fade + (weights.to(v.dtype) @ v[:, :, start:end]).float()
        highest = higher
    return (out / total).to(q.dtype)


def _scores(q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    scores = (q / math.sqrt(q.shape[-1])) @ k.mT
    if mask is None:
        return scores
    return scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask


def _pieces(x: Tensor, size: int) -> list[tuple[int, Tensor]]:
    return [(start, x[:, :, start : start + size]) for start in range(0, x.shape[2], size)]


def _rows(mask: Tensor | None, start: int, count: int) -> Tensor | None:
    """A mask for some of the queries."""
    if mask is None or mask.ndim < 2 or mask.shape[-2] == 1:
        return mask
    return mask[..., start : start + count, :]
