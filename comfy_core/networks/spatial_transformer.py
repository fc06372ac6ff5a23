"""Transformer blocks over the pixels of a feature map (Rombach et al. 2022, https://arxiv.org/abs/2112.10752), with the
key names of the LDM release. Patches take part in their attentions: see `transformer_options`.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.memory.attention import attention
from comfy_core.networks.convolution import Conv2d
from comfy_core.networks.transformer_options import Options, patched, patches, replacement


class CrossAttention(nn.Module):
    def __init__(self, dim: int, context_dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(context_dim, dim, bias=False)
        self.to_v = nn.Linear(context_dim, dim, bias=False)
        self.to_out = nn.Sequential(nn.Linear(dim, dim), nn.Dropout(0.0))

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        return self.to_out(attention(self.to_q(x), self.to_k(context), self.to_v(context), self.heads))


class GEGLU(nn.Module):
    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(dim, inner * 2)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, dim: int, mult: int = 4) -> None:
        super().__init__()
        self.net = nn.Sequential(GEGLU(dim, dim * mult), nn.Dropout(0.0), nn.Linear(dim * mult, dim))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class TransformerBlock(nn.Module):
    """Self-attention, cross-attention to the text, feed-forward; each on a normalised residual branch."""

    def __init__(self, dim: int, context_dim: int, heads: int) -> None:
        super().__init__()
        self.attn1 = CrossAttention(dim, dim, heads)
        self.ff = FeedForward(dim)
        self.attn2 = CrossAttention(dim, context_dim, heads)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.norm3 = nn.LayerNorm(dim)

    def forward(self, x: Tensor, context: Tensor, options: Options) -> Tensor:
        n = self.norm1(x)
        x = x + attended(self.attn1, "attn1", n, n, options)
        x = patched(x, options, "middle_patch")
        x = x + attended(self.attn2, "attn2", self.norm2(x), context, options)
        return x + self.ff(self.norm3(x))


def attended(layer: CrossAttention, name: str, x: Tensor, context: Tensor, options: Options) -> Tensor:
    """What an attention, with the patches of its `name`, adds to `x` [B, N, dim].

    `{name}_patch` are functions `(x, context, value, options)` that return new ones of the three, a replacement is
    `(q, k, v, options)`, and `{name}_output_patch` are `(out, options)`.
    """
    if not options.get("patches") and not options.get("patches_replace"):
        return layer(x, context)
    options = {**options, "n_heads": layer.heads, "dim_head": x.shape[-1] // layer.heads}
    value = context
    for patch in patches(options, f"{name}_patch"):
        x, context, value = patch(x, context, value, options)
    q, k, v = layer.to_q(x), layer.to_k(context), layer.to_v(value)
    instead = replacement(options, name)
    out = attention(q, k, v, layer.heads) if instead is None else instead(q, k, v, options)
    return patched(layer.to_out(out), options, f"{name}_output_patch")


class SpatialTransformer(nn.Module):
    """Transformer blocks over the pixels of a feature map [B, C, H, W]. `index` counts those of a network."""

    def __init__(
        self, channels: int, depth: int, context_dim: int, heads: int, linear_projections: bool, norm_groups: int
    ) -> None:
        super().__init__()
        self.index = 0
        self.linear = linear_projections
        self.norm = nn.GroupNorm(norm_groups, channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels) if self.linear else Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList(TransformerBlock(channels, context_dim, heads) for _ in range(depth))
        self.proj_out = nn.Linear(channels, channels) if self.linear else Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, context: Tensor, options: Options) -> Tensor:
        height, width = x.shape[-2:]
        h = self.norm(x)
        if not self.linear:
            h = self.proj_in(h)
        h = h.flatten(2).transpose(1, 2)
        if self.linear:
            h = self.proj_in(h)
        here = {**options, "transformer_index": self.index, "activations_shape": list(x.shape)}
        for number, block in enumerate(self.transformer_blocks):
            h = block(h, context, {**here, "block_index": number})
        if self.linear:
            h = self.proj_out(h)
        h = h.transpose(1, 2).unflatten(2, (height, width))
        if not self.linear:
            h = self.proj_out(h)
        return x + h
