"""One attention for every network."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int, mask: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention (arXiv:1706.03762).

    q is [B, N, heads*d], k and v are [B, M, heads*d]; the result is [B, N, heads*d]. `mask` broadcasts to
    [B, heads, N, M] and is added to the logits (boolean: False hides).
    """
    q, k, v = (rearrange(x, "b n (h d) -> b h n d", h=heads) for x in (q, k, v))
    out = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return rearrange(out, "b h n d -> b n (h d)")
