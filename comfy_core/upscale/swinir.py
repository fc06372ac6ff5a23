"""SwinIR: groups of transformer layers with attention in shifted windows.

Liang et al. 2021, https://arxiv.org/abs/2108.10257; names as in its release, all of whose kinds are read: classical,
lightweight, real-world (also large), denoising and JPEG.
"""

from __future__ import annotations

import math

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
from comfy_core.upscale._windows import MLP, SwinAttention, window_values
from comfy_core.weights import Weights

NAME = "SwinIR"
BLOCK = "layers.0.residual_group.blocks.0."


class Layer(nn.Module):
    def __init__(self, dims: SwinDims, heads: int, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.norm1 = nn.LayerNorm(dims.width)
        self.attn = SwinAttention(dims.width, heads, dims.window)
        self.norm2 = nn.LayerNorm(dims.width)
        self.mlp = MLP(dims.width, dims.hidden)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x), self.shift)
        return x + self.mlp(self.norm2(x))


class Layers(nn.Module):
    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(x)


class Group(nn.Module):
    def __init__(self, inner: nn.Module, last: nn.Module) -> None:
        super().__init__()
        self.residual_group, self.conv = inner, last

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(self.residual_group(x).movedim(-1, 1)).movedim(1, -1)


class PatchNorm(nn.Module):
    """The norm before the first group, where there is one."""

    def __init__(self, width: int, there: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width) if there else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class SwinIR(Restorer):
    def __init__(self, dims: SwinDims) -> None:
        super().__init__(dims.in_channels, dims.width, dims.head, dims.convolutions, value_range(dims.window))
        self.dims, self.multiple = dims, dims.window
        self.patch_embed = PatchNorm(dims.width, dims.patch_norm)
        groups = []
        for depth, heads in zip(dims.depths, dims.heads, strict=True):
            layers: list[nn.Module] = [Layer(dims, heads, i % 2 * (dims.window // 2)) for i in range(depth)]
            groups.append(Group(Layers(layers), residual(dims.width, dims.convolutions)))
        self.layers = nn.Sequential(*groups)

    def values(self, pixels: int) -> float:
        scores = window_values(pixels, max(self.dims.heads), self.dims.window**2)
        return max(pixels * 10 * self.dims.width + scores, self.head_values(pixels))

    def features(self, x: Tensor) -> Tensor:
        return self.layers(self.patch_embed(x))


def recognise(weights: Weights) -> bool:
    return (
        BLOCK + "attn.relative_position_bias_table" in weights
        and "conv_first.weight" in weights
        and BLOCK + "conv_block.cab.0.weight" not in weights
    )


def load(weights: Weights) -> Upscaler:
    groups = range(count(weights, "layers.{}.residual_group.blocks.0.norm1.weight"))
    table = "layers.{}.residual_group.blocks.0.attn.relative_position_bias_table"
    width, in_channels = weights.shape("conv_first.weight")[:2]
    dims = SwinDims(
        in_channels=in_channels,
        width=width,
        depths=tuple(count(weights, f"layers.{i}.residual_group.blocks.{{}}.norm1.weight") for i in groups),
        heads=tuple(weights.shape(table.format(i))[1] for i in groups),
        window=(math.isqrt(weights.shape(table.format(0))[0]) + 1) // 2,
        hidden=weights.shape(BLOCK + "mlp.fc1.weight")[0],
        convolutions=residual_convolutions(weights, "conv_after_body"),
        head=read_head(weights),
        patch_norm="patch_embed.norm.weight" in weights,
    )
    return Upscaler(build(SwinIR, dims, NAME, weights), weights)
