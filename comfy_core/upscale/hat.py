"""HAT: SwinIR's layers with convolutions beside the attention, and windows that look beyond their edges.

Chen et al. 2023, https://arxiv.org/abs/2205.04437; names as in its release.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from comfy_core.families._ldm import build, count
from comfy_core.upscale._parts import Upscaler, conv
from comfy_core.upscale._restorer import Head, Restorer, read_head, residual, residual_convolutions
from comfy_core.upscale._windows import MLP, SwinAttention, attend, merged, partition, window_values
from comfy_core.upscale.swinir import Group, PatchNorm
from comfy_core.weights import Weights

NAME = "HAT"
CONVOLUTION_SCALE = 0.01
BLOCK = "layers.0.residual_group.blocks.0."
OVERLAP = "layers.{}.residual_group.overlap_attn."


@dataclass(frozen=True)
class Dims:
    """`seen` is the edge of what a window looks at in the last layer of a group; `narrow` and `squeezed` are the widths
    inside the convolutions and their channel attention."""

    in_channels: int
    width: int
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    window: int
    seen: int
    hidden: int
    last_hidden: int
    narrow: int
    squeezed: int
    convolutions: int
    head: Head
    patch_norm: bool = True


class ChannelAttention(nn.Module):
    """Channels weighed by what they are on the average of the picture."""

    def __init__(self, width: int, squeezed: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(width, squeezed, 1),
            nn.ReLU(),
            nn.Conv2d(squeezed, width, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.attention(x)


class Convolutions(nn.Module):
    def __init__(self, dims: Dims) -> None:
        super().__init__()
        self.cab = nn.Sequential(
            conv(dims.width, dims.narrow),
            nn.GELU(),
            conv(dims.narrow, dims.width),
            ChannelAttention(dims.width, dims.squeezed),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.cab(x.movedim(-1, 1)).movedim(1, -1)


class Layer(nn.Module):
    def __init__(self, dims: Dims, heads: int, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.norm1 = nn.LayerNorm(dims.width)
        self.attn = SwinAttention(dims.width, heads, dims.window)
        self.conv_block = Convolutions(dims)
        self.norm2 = nn.LayerNorm(dims.width)
        self.mlp = MLP(dims.width, dims.hidden)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm1(x)
        x = x + self.attn(normed, self.shift) + CONVOLUTION_SCALE * self.conv_block(normed)
        return x + self.mlp(self.norm2(x))


class OverlappingLayer(nn.Module):
    """Attention of windows to larger windows around them."""

    def __init__(self, dims: Dims, heads: int) -> None:
        super().__init__()
        self.heads, self.window, self.seen = heads, dims.window, dims.seen
        self.norm1 = nn.LayerNorm(dims.width)
        self.qkv = nn.Linear(dims.width, 3 * dims.width)
        self.relative_position_bias_table = nn.Parameter(torch.empty((dims.window + dims.seen - 1) ** 2, heads))
        self.proj = nn.Linear(dims.width, dims.width)
        self.norm2 = nn.LayerNorm(dims.width)
        self.mlp = MLP(dims.width, dims.last_hidden)

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = x.shape[1:3]
        q, k, v = self.qkv(self.norm1(x)).chunk(3, dim=-1)
        bias = self.relative_position_bias_table[places_around(self.window, self.seen)].permute(2, 0, 1)
        windows = attend(partition(q, self.window, self.window), self._around(k), self._around(v), self.heads, bias)
        x = x + self.proj(merged(windows, rows, self.window, self.window, columns))
        return x + self.mlp(self.norm2(x))

    def _around(self, x: Tensor) -> Tensor:
        padding = (self.seen - self.window) // 2
        seen = F.unfold(x.movedim(-1, 1), self.seen, stride=self.window, padding=padding)
        return rearrange(seen, "b (c places) windows -> (b windows) places c", c=x.shape[-1])


@cache
def places_around(window: int, seen: int) -> Tensor:
    """For every place of a window and every one that it looks at, where in a table their distance is; as in the
    release, places before the table's begin are counted from its end."""

    def places(size: int) -> tuple[Tensor, Tensor]:
        return torch.arange(size * size) // size, torch.arange(size * size) % size

    (rows, columns), (seen_rows, seen_columns) = places(window), places(seen)
    first = window - seen + 1
    down, across = seen_rows - rows[:, None] + first, seen_columns - columns[:, None] + first
    return down * (window + seen - 1) + across


class Layers(nn.Module):
    def __init__(self, layers: list[nn.Module], last: OverlappingLayer) -> None:
        super().__init__()
        self.blocks, self.overlap_attn = nn.Sequential(*layers), last

    def forward(self, x: Tensor) -> Tensor:
        return self.overlap_attn(self.blocks(x))


class HAT(Restorer):
    def __init__(self, dims: Dims) -> None:
        super().__init__(dims.in_channels, dims.width, dims.head, dims.convolutions)
        self.dims, self.multiple = dims, dims.window
        self.patch_embed = PatchNorm(dims.width, dims.patch_norm)
        groups = []
        for depth, heads in zip(dims.depths, dims.heads, strict=True):
            layers: list[nn.Module] = [Layer(dims, heads, i % 2 * (dims.window // 2)) for i in range(depth)]
            group = Layers(layers, OverlappingLayer(dims, heads))
            groups.append(Group(group, residual(dims.width, dims.convolutions)))
        self.layers = nn.Sequential(*groups)

    def values(self, pixels: int) -> float:
        around = (self.dims.seen / self.dims.window) ** 2
        scores = window_values(pixels, max(self.dims.heads), self.dims.seen**2)
        return max(pixels * (8 + 3 * around) * self.dims.width + scores, self.head_values(pixels))

    def features(self, x: Tensor) -> Tensor:
        return self.layers(self.patch_embed(x))


def recognise(weights: Weights) -> bool:
    return BLOCK + "conv_block.cab.0.weight" in weights and OVERLAP.format(0) + "qkv.weight" in weights


def load(weights: Weights) -> Upscaler:
    groups = range(count(weights, "layers.{}.residual_group.blocks.0.norm1.weight"))
    width, in_channels = weights.shape("conv_first.weight")[:2]
    window = (math.isqrt(weights.shape(BLOCK + "attn.relative_position_bias_table")[0]) + 1) // 2
    table = OVERLAP + "relative_position_bias_table"
    dims = Dims(
        in_channels=in_channels,
        width=width,
        depths=tuple(count(weights, f"layers.{i}.residual_group.blocks.{{}}.norm1.weight") for i in groups),
        heads=tuple(weights.shape(table.format(i))[1] for i in groups),
        window=window,
        seen=math.isqrt(weights.shape(table.format(0))[0]) + 1 - window,
        hidden=weights.shape(BLOCK + "mlp.fc1.weight")[0],
        last_hidden=weights.shape(OVERLAP.format(0) + "mlp.fc1.weight")[0],
        narrow=weights.shape(BLOCK + "conv_block.cab.0.weight")[0],
        squeezed=weights.shape(BLOCK + "conv_block.cab.3.attention.1.weight")[0],
        convolutions=residual_convolutions(weights, "conv_after_body"),
        head=read_head(weights),
        patch_norm="patch_embed.norm.weight" in weights,
    )
    return Upscaler(build(HAT, dims, NAME, weights), weights)
