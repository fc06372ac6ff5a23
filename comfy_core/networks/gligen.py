"""GLIGEN: things in boxes, by gated self-attention between a U-Net's self- and cross-attention.

Li et al. 2023, https://arxiv.org/abs/2301.07093, section 3; names as in its release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from comfy_core.networks.spatial_transformer import CrossAttention, FeedForward

FREQUENCIES = 8
TEMPERATURE = 100
HIDDEN = 512
MOST_BOXES = 30

TextBox = tuple[Tensor, int, int, int, int]
"""A pooled text [1, width], and its box in latent cells: height, width, y, x."""


@dataclass(frozen=True)
class GligenDims:
    """The widths of the transformers in the U-Net, in the order in which they are called, and their heads; `text` is
    the width of a pooled prompt, `things` that of what stands for a thing."""

    transformers: tuple[int, ...]
    heads: tuple[int, ...]
    text: int = 768
    things: int = 768


class GatedSelfAttention(nn.Module):
    """Attention of pixels to pixels and things, and a feed-forward layer, each let in by a trained gate."""

    def __init__(self, dim: int, things: int, heads: int) -> None:
        super().__init__()
        self.linear = nn.Linear(things, dim)
        self.attn = CrossAttention(dim, dim, heads)
        self.ff = FeedForward(dim)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.alpha_attn = nn.Parameter(torch.empty(()))
        self.alpha_dense = nn.Parameter(torch.empty(()))

    def forward(self, x: Tensor, things: Tensor) -> Tensor:
        both = self.norm1(torch.cat([x, self.linear(things)], dim=1))
        x = x + self.alpha_attn.tanh() * self.attn(both, both)[:, : x.shape[1]]
        return x + self.alpha_dense.tanh() * self.ff(self.norm2(x))


class PositionNet(nn.Module):
    """A thing from what it is and where: a pooled text and sinusoids of its corners."""

    def __init__(self, text: int, things: int) -> None:
        super().__init__()
        position = FREQUENCIES * 2 * 4
        self.linears = nn.Sequential(
            nn.Linear(text + position, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, things),
        )
        self.null_positive_feature = nn.Parameter(torch.empty(text))
        self.null_position_feature = nn.Parameter(torch.empty(position))

    def forward(self, boxes: Tensor, present: Tensor, texts: Tensor) -> Tensor:
        """Things [B, N, things] from corners x1, y1, x2, y2 in 0..1 [B, N, 4], whether there is one [B, N], and what it
        is [B, N, text]."""
        there = present[:, :, None]
        places = there * corner_sinusoids(boxes) + (1 - there) * self.null_position_feature
        texts = there * texts + (1 - there) * self.null_positive_feature
        return self.linears(torch.cat([texts, places], dim=-1))


class Gligen(nn.Module):
    def __init__(self, dims: GligenDims) -> None:
        super().__init__()
        self.dims = dims
        self.position_net = PositionNet(dims.text, dims.things)
        self.fusers = nn.ModuleList(
            GatedSelfAttention(width, dims.things, heads)
            for width, heads in zip(dims.transformers, dims.heads, strict=True)
        )

    def set_position(
        self, shape: Sequence[int], boxes: Sequence[TextBox], device: torch.device
    ) -> Callable[[Tensor, Any], Tensor]:
        """A patch for the U-Net's transformers that puts at most 30 texts into their boxes of a latent [B, C, h, w]."""
        height, width = shape[-2:]
        dtype = self.position_net.null_positive_feature.dtype
        corners = torch.zeros(1, MOST_BOXES, 4, device=device, dtype=dtype)
        present = torch.zeros(1, MOST_BOXES, device=device, dtype=dtype)
        texts = torch.zeros(1, MOST_BOXES, self.dims.text, device=device, dtype=dtype)
        for place, (text, h, w, y, x) in enumerate(boxes[:MOST_BOXES]):
            corners[0, place] = torch.tensor([x / width, y / height, (x + w) / width, (y + h) / height])
            present[0, place] = 1
            texts[0, place] = text.to(texts)[0]
        things = self.position_net(corners, present, texts)

        def patch(x: Tensor, options: Any) -> Tensor:
            return self.fusers[options["transformer_index"]](x, things.to(x.dtype).expand(len(x), -1, -1))

        return patch


def corner_sinusoids(boxes: Tensor) -> Tensor:
    """sin and cos of corners [..., 4] at eight frequencies from 1 to 100, as [..., 64]."""
    frequencies = TEMPERATURE ** (torch.arange(FREQUENCIES, device=boxes.device, dtype=boxes.dtype) / FREQUENCIES)
    angles = boxes[..., None, :] * frequencies[:, None]
    return torch.stack([angles.sin(), angles.cos()], dim=-2).flatten(-3)
