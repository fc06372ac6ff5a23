"""T2I-Adapter's style model: a picture that CLIP saw, as a few words more in the prompt.

Mou et al. 2023, https://arxiv.org/abs/2302.08453; names as in its release (`t2iadapter_style_sd14v1`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from comfy_core.memory.attention import attention
from comfy_core.networks.clip_text import quick_gelu


@dataclass(frozen=True)
class StyleDims:
    """`width` is that of the vision encoder's tokens, `context` that of the prompt's; `words` are added to it."""

    width: int = 1024
    context: int = 768
    layers: int = 3
    heads: int = 8
    words: int = 8


class PackedAttention(nn.Module):
    """Self-attention with queries, keys and values in one matrix."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = nn.functional.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        return self.out_proj(attention(q, k, v, self.heads))


class MLP(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(quick_gelu(self.c_fc(x)))


class Layer(nn.Module):
    def __init__(self, dims: StyleDims) -> None:
        super().__init__()
        self.attn = PackedAttention(dims.width, dims.heads)
        self.ln_1 = nn.LayerNorm(dims.width)
        self.mlp = MLP(dims.width)
        self.ln_2 = nn.LayerNorm(dims.width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class StyleAdapter(nn.Module):
    def __init__(self, dims: StyleDims) -> None:
        super().__init__()
        self.dims = dims
        self.transformer_layes = nn.Sequential(*(Layer(dims) for _ in range(dims.layers)))
        self.style_embedding = nn.Parameter(torch.empty(1, dims.words, dims.width))
        self.ln_post = nn.LayerNorm(dims.width)
        self.ln_pre = nn.LayerNorm(dims.width)
        self.proj = nn.Parameter(torch.empty(dims.width, dims.context))

    def forward(self, seen: Tensor) -> Tensor:
        """Words [B, words, context] from all that a vision encoder saw [B, places, width]."""
        words = self.style_embedding.expand(len(seen), -1, -1)
        x = self.transformer_layes(self.ln_pre(torch.cat([seen, words], dim=1)))
        return self.ln_post(x[:, -self.dims.words :]) @ self.proj


class ReduxEncoder(nn.Module):
    """FLUX.1 Redux (Black Forest Labs 2024, https://github.com/black-forest-labs/flux): SigLIP's tokens as T5's."""

    def __init__(self, width: int, hidden: int, context: int) -> None:
        super().__init__()
        self.redux_up = nn.Linear(width, hidden)
        self.redux_down = nn.Linear(hidden, context)

    def forward(self, seen: Tensor) -> Tensor:
        """Words [B, places, context] from all that a vision encoder saw [B, places, width]."""
        return self.redux_down(nn.functional.silu(self.redux_up(seen)))
