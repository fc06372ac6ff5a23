"""SPAN: convolutions whose own outputs say how much they count (attention without parameters).

Wan et al. 2023, https://arxiv.org/abs/2311.12770; names as in its release. A convolution is trained as three in a row
beside a skip; for use they are one, which is made of them here, whatever the file's own `eval_conv` is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.families._ldm import build
from comfy_core.upscale._parts import MEAN, Upscaler, conv, shuffled_scale
from comfy_core.weights import Weights
from comfy_core.weights.table import Entry

NAME = "SPAN"
BLOCKS = 6
RANGE = 255.0


@dataclass(frozen=True)
class Dims:
    in_channels: int = 3
    out_channels: int = 3
    width: int = 48
    scale: int = 4
    normalised: bool = True


class Folded(nn.Module):
    """A convolution under the name that the release gives the one made of several."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.eval_conv = conv(channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.eval_conv(x)


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c1_r, self.c2_r, self.c3_r = (Folded(width, width) for _ in range(3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The block's output, and what its first convolution made."""
        first = F.silu(self.c1_r(x), inplace=True)
        last = self.c3_r(F.silu(self.c2_r(first), inplace=True))
        return (last + x) * (torch.sigmoid(last) - 0.5), first


class SPAN(nn.Module):
    multiple, takes_half = 1, True

    def __init__(self, dims: Dims) -> None:
        super().__init__()
        self.dims = dims
        self.scale, self.in_channels, self.out_channels = dims.scale, dims.in_channels, dims.out_channels
        self.conv_1 = Folded(dims.in_channels, dims.width)
        for i in range(1, BLOCKS + 1):
            self.add_module(f"block_{i}", Block(dims.width))
        self.conv_2 = Folded(dims.width, dims.width)
        self.conv_cat = nn.Conv2d(4 * dims.width, dims.width, 1)
        self.upsampler = nn.Sequential(conv(dims.width, dims.out_channels * dims.scale**2), nn.PixelShuffle(dims.scale))

    def values(self, pixels: int) -> float:
        return pixels * max(11 * self.dims.width, 4 * self.out_channels * self.scale**2)

    def forward(self, x: Tensor) -> Tensor:
        if self.dims.normalised:
            x = (x - x.new_tensor(MEAN)[:, None, None]) * RANGE
        shallow = x = self.conv_1(x)
        first, inner = x, x
        for i in range(1, BLOCKS + 1):
            x, inner = self.get_submodule(f"block_{i}")(x)
            first = x if i == 1 else first
        return self.upsampler(self.conv_cat(torch.cat([shallow, self.conv_2(x), first, inner], dim=1)))


def recognise(weights: Weights) -> bool:
    return "block_1.c1_r.eval_conv.weight" in weights and "conv_cat.weight" in weights


def load(weights: Weights) -> Upscaler:
    table = _folded(weights)
    width, in_channels = table.shape("conv_1.eval_conv.weight")[:2]
    scale, out_channels = shuffled_scale(table.shape("upsampler.0.weight")[0], in_channels)
    dims = Dims(in_channels, out_channels, width, scale, normalised="no_norm" not in weights)
    return Upscaler(build(SPAN, dims, NAME, table), table)


def _folded(weights: Weights) -> Weights:
    """The table with every convolution that has its parts in the file made of them."""
    whole = [name.removesuffix("sk.weight") for name in weights if name.endswith(".sk.weight")]
    made = {f"{prefix}eval_conv.{kind}": (prefix, kind) for prefix in whole for kind in ("weight", "bias")}

    def entry(prefix: str, kind: str) -> Entry:
        shape = weights.shape(f"{prefix}sk.{kind}")
        return Entry((*shape[:2], 3, 3) if kind == "weight" else shape, weights.dtype(f"{prefix}sk.{kind}"))

    def read(stored: str) -> Tensor:
        if stored not in made:
            return weights.read(stored)
        prefix, kind = made[stored]
        return folded(weights.under(prefix))[kind]

    entries = {**weights.entries, **{name: entry(*place) for name, place in made.items()}}
    stored = {**weights.stored, **{name: name for name in made}}
    return Weights(entries, read, stored, weights.metadata, weights.path)


def folded(parts: Weights) -> dict[str, Tensor]:
    """A 1x1, a 3x3 and a 1x1 convolution in a row and a 1x1 one beside them, as one 3x3 one."""
    (inner, middle, outer), (a, b, c) = (
        [parts[f"conv.{i}.{kind}"].float() for i in range(3)] for kind in ("weight", "bias")
    )
    inner, outer = inner[:, :, 0, 0], outer[:, :, 0, 0]
    weight = torch.einsum("om,mnhw,ni->oihw", outer, middle, inner)
    weight[:, :, 1, 1] += parts["sk.weight"].float()[:, :, 0, 0]
    bias = outer @ (b + middle.sum((2, 3)) @ a) + c + parts["sk.bias"].float()
    return {"weight": weight, "bias": bias}
