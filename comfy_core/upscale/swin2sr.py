"""Swin2SR: SwinIR with the second Swin Transformer's layers, whose scores are cosines and whose norms come last.

Conde et al. 2022, https://arxiv.org/abs/2209.11345; names as in its release.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.families._ldm import build, count
from comfy_core.upscale._parts import Upscaler
from comfy_core.upscale._restorer import (
    Restorer,
    SwinDims,
    read_head,
    residual,
    residual_convolutions,
    value_range,
)
from comfy_core.upscale._windows import MLP, attend, places_apart, window_values, windowed
from comfy_core.upscale.swinir import Layers
from comfy_core.weights import Weights

NAME = "Swin2SR"
BLOCK = "layers.0.residual_group.blocks.0."
BIAS_WIDTH = 512
LARGEST_SCALE = math.log(100.0)
LARGEST_BIAS = 16.0
REACH = 8.0


class CosineAttention(nn.Module):
    """Attention by the cosine of queries and keys; a small network makes the biases of distances."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.logit_scale = nn.Parameter(torch.empty(heads, 1, 1))
        self.cpb_mlp = nn.Sequential(nn.Linear(2, BIAS_WIDTH), nn.ReLU(), nn.Linear(BIAS_WIDTH, heads, bias=False))
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.q_bias, self.v_bias = nn.Parameter(torch.empty(width)), nn.Parameter(torch.empty(width))
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, shift: int) -> Tensor:
        return self.proj(windowed(x, self.window, shift, self._inside))

    def _inside(self, windows: Tensor, region: Tensor | None) -> Tensor:
        q, k, v = self.qkv(windows).chunk(3, dim=-1)
        width = q.shape[-1] // self.heads
        factor = self.logit_scale[:, 0].clamp(max=LARGEST_SCALE).exp() * width**0.5
        q, k = (F.normalize(one.unflatten(-1, (self.heads, -1)), dim=-1) for one in (q + self.q_bias, k))
        return attend((q * factor).flatten(2), k.flatten(2), v + self.v_bias, self.heads, self._bias(windows), region)

    def _bias(self, like: Tensor) -> Tensor:
        side = torch.arange(1 - self.window, self.window) / (self.window - 1) * REACH
        distances = torch.cartesian_prod(side, side)
        distances = distances.sign() * (distances.abs() + 1).log2() / math.log2(REACH)
        biases = self.cpb_mlp(distances.to(like))[places_apart(self.window, self.window)]
        return LARGEST_BIAS * torch.sigmoid(biases.permute(2, 0, 1))


class Layer(nn.Module):
    def __init__(self, dims: SwinDims, heads: int, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.attn = CosineAttention(dims.width, heads, dims.window)
        self.norm1 = nn.LayerNorm(dims.width)
        self.mlp = MLP(dims.width, dims.hidden)
        self.norm2 = nn.LayerNorm(dims.width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.norm1(self.attn(x, self.shift))
        return x + self.norm2(self.mlp(x))


class Patches(nn.Module):
    """A projection of every place by itself, and a norm where there is one."""

    def __init__(self, width: int, norm: bool) -> None:
        super().__init__()
        self.proj = nn.Conv2d(width, width, 1)
        self.norm = nn.LayerNorm(width) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.proj(x).movedim(1, -1))


class Group(nn.Module):
    def __init__(self, dims: SwinDims, heads: int, depth: int) -> None:
        super().__init__()
        self.residual_group = Layers([Layer(dims, heads, i % 2 * (dims.window // 2)) for i in range(depth)])
        self.conv = residual(dims.width, dims.convolutions)
        self.patch_embed = Patches(dims.width, norm=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.patch_embed(self.conv(self.residual_group(x).movedim(-1, 1)))


class Swin2SR(Restorer):
    def __init__(self, dims: SwinDims) -> None:
        super().__init__(dims.in_channels, dims.width, dims.head, dims.convolutions, value_range(dims.window))
        self.dims, self.multiple = dims, dims.window
        self.patch_embed = Patches(dims.width, dims.patch_norm)
        shapes = zip(dims.heads, dims.depths, strict=True)
        self.layers = nn.Sequential(*(Group(dims, heads, depth) for heads, depth in shapes))

    def values(self, pixels: int) -> float:
        scores = window_values(pixels, max(self.dims.heads), self.dims.window**2)
        return max(pixels * 12 * self.dims.width + scores, self.head_values(pixels))

    def features(self, x: Tensor) -> Tensor:
        return self.layers(self.patch_embed(x.movedim(-1, 1)))


def recognise(weights: Weights) -> bool:
    return BLOCK + "attn.logit_scale" in weights and "conv_first.weight" in weights


def load(weights: Weights) -> Upscaler:
    groups = range(count(weights, "layers.{}.residual_group.blocks.0.norm1.weight"))
    width, in_channels = weights.shape("conv_first.weight")[:2]
    places = weights.shape(BLOCK + "attn.relative_position_index")[0]
    dims = SwinDims(
        in_channels=in_channels,
        width=width,
        depths=tuple(count(weights, f"layers.{i}.residual_group.blocks.{{}}.norm1.weight") for i in groups),
        heads=tuple(weights.shape(f"layers.{i}.residual_group.blocks.0.attn.logit_scale")[0] for i in groups),
        window=math.isqrt(places),
        hidden=weights.shape(BLOCK + "mlp.fc1.weight")[0],
        convolutions=residual_convolutions(weights, "conv_after_body"),
        head=read_head(weights),
        patch_norm="patch_embed.norm.weight" in weights,
    )
    return Upscaler(build(Swin2SR, dims, NAME, weights), weights)
