"""The one attention of the house; every network calls it, so that a better kernel serves them all."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int, mask: Tensor | None = None) -> Tensor:
    """Multi-head scaled dot-product attention (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762).

    `q` [B, N, heads * d], `k` and `v` [B, M, heads * d]; `mask`, broadcastable to [B, heads, N, M], is added to the
    scores (or, if boolean, says where to look). Returns [B, N, heads * d].
    """
    q, k, v = (one.unflatten(-1, (heads, -1)).transpose(1, 2) for one in (q, k, v))
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return out.transpose(1, 2).flatten(2)
