"""ESRGAN, Real-ESRGAN and BSRGAN: residual-in-residual dense blocks, then nearest upsampling and convolutions.

Wang et al. 2018, https://arxiv.org/abs/1809.00219 and 2021, https://arxiv.org/abs/2107.10833; names as in Real-ESRGAN's
release. ESRGAN's first release ("model.1.sub.…") and BSRGAN's ("RRDB_trunk.…") spell the same network otherwise.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.families._ldm import build, count
from comfy_core.upscale._parts import Upscaler, conv
from comfy_core.weights import Weights

NAME = "ESRGAN"
CONVOLUTIONS = 5
RESIDUAL = 0.2
SLOPE = 0.2
BSRGAN_NAMES = {
    "RRDB_trunk": "body",
    "RDB1": "rdb1",
    "RDB2": "rdb2",
    "RDB3": "rdb3",
    "trunk_conv": "conv_body",
    "upconv1": "conv_up1",
    "upconv2": "conv_up2",
    "upconv3": "conv_up3",
    "HRconv": "conv_hr",
}


@dataclass(frozen=True)
class Dims:
    """`growth` channels are added by each convolution of a block; `doublings` follow the blocks. The picture comes in
    with squares of `unshuffle` pixels folded into channels. `plus`: with the additional skips of ESRGAN+."""

    in_channels: int = 3
    out_channels: int = 3
    width: int = 64
    growth: int = 32
    blocks: int = 23
    doublings: int = 2
    unshuffle: int = 1
    plus: bool = False


class DenseBlock(nn.Module):
    """Convolutions that each see what all before them made."""

    def __init__(self, dims: Dims) -> None:
        super().__init__()
        self.dims = dims
        seen = [dims.width + i * dims.growth for i in range(CONVOLUTIONS)]
        self.conv1, self.conv2, self.conv3, self.conv4 = (conv(channels, dims.growth) for channels in seen[:-1])
        self.conv5 = conv(seen[-1], dims.width)
        if dims.plus:
            self.conv1x1 = nn.Conv2d(dims.width, dims.growth, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        width, growth = self.dims.width, self.dims.growth
        seen = x.new_empty(len(x), self.conv5.in_channels, *x.shape[2:])
        seen[:, :width] = x
        made: list[Tensor] = []
        for i, layer in enumerate((self.conv1, self.conv2, self.conv3, self.conv4)):
            end = width + i * growth
            new = F.leaky_relu(layer(seen[:, :end]), SLOPE, inplace=True)
            if self.dims.plus and i == 1:
                new = new + self.conv1x1(x)
            if self.dims.plus and i == 3:
                new = new + made[1]
            seen[:, end : end + growth] = new
            made.append(seen[:, end : end + growth])
        return x + RESIDUAL * self.conv5(seen)


class ResidualBlock(nn.Module):
    def __init__(self, dims: Dims) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(dims) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return x + RESIDUAL * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    takes_half = True

    def __init__(self, dims: Dims) -> None:
        super().__init__()
        self.dims = dims
        self.scale = 2**dims.doublings / dims.unshuffle
        self.in_channels, self.out_channels, self.multiple = dims.in_channels, dims.out_channels, dims.unshuffle
        self.conv_first = conv(dims.in_channels * dims.unshuffle**2, dims.width)
        self.body = nn.Sequential(*(ResidualBlock(dims) for _ in range(dims.blocks)))
        self.conv_body = conv(dims.width, dims.width)
        for i in range(dims.doublings):
            self.add_module(f"conv_up{i + 1}", conv(dims.width, dims.width))
        self.conv_hr = conv(dims.width, dims.width)
        self.conv_last = conv(dims.width, dims.out_channels)

    def values(self, pixels: int) -> float:
        dims = self.dims
        blocks = (8 * dims.width + 6 * dims.growth) / dims.unshuffle**2
        return pixels * max(blocks, 3 * dims.width * self.scale**2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_first(F.pixel_unshuffle(x, self.dims.unshuffle))
        x = x + self.conv_body(self.body(x))
        for i in range(self.dims.doublings):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = F.leaky_relu(self.get_submodule(f"conv_up{i + 1}")(x), SLOPE, inplace=True)
        return self.conv_last(F.leaky_relu(self.conv_hr(x), SLOPE, inplace=True))


def recognise(weights: Weights) -> bool:
    table = _new_names(weights)
    return "conv_first.weight" in table and "body.0.rdb1.conv1.weight" in table


def load(weights: Weights) -> Upscaler:
    table = _new_names(weights)
    width, folded = table.shape("conv_first.weight")[:2]
    out_channels = table.shape("conv_last.weight")[0]
    unshuffle = math.isqrt(folded // out_channels)
    if unshuffle**2 * out_channels != folded:
        unshuffle = 1
    dims = Dims(
        in_channels=folded // unshuffle**2,
        out_channels=out_channels,
        width=width,
        growth=table.shape("body.0.rdb1.conv1.weight")[0],
        blocks=count(table, "body.{}.rdb1.conv1.weight"),
        doublings=sum(f"conv_up{i}.weight" in table for i in (1, 2, 3)),
        unshuffle=unshuffle,
        plus="body.0.rdb1.conv1x1.weight" in table,
    )
    return Upscaler(build(RRDBNet, dims, NAME, table), table)


def _new_names(weights: Weights) -> Weights:
    if "model.0.weight" in weights:
        return _from_first_release(weights)
    if weights.has_prefix("RRDB_trunk."):
        return weights.renamed(lambda name: ".".join(BSRGAN_NAMES.get(part, part) for part in name.split(".")))
    return weights


def _from_first_release(weights: Weights) -> Weights:
    """The table of a file that numbers its layers: 0 the first convolution, 1 the blocks, the last two those after the
    upsampling."""
    blocks = count(weights, "model.1.sub.{}.RDB1.conv1.0.weight")
    found = {int(match[1]) for name in weights if (match := re.fullmatch(r"model\.(\d+)\.weight", name))}
    *ups, high, last = sorted(found - {0}) if len(found) > 2 else (0, 0)
    layers = {0: "conv_first", high: "conv_hr", last: "conv_last"}
    layers |= {number: f"conv_up{i + 1}" for i, number in enumerate(ups)}

    def rename(name: str) -> str | None:
        match name.split("."):
            case ["model", "1", "sub", block, rdb, convolution, *rest] if rdb.startswith("RDB"):
                return ".".join(["body", block, rdb.lower(), convolution, rest[-1]])
            case ["model", "1", "sub", block, kind] if block == str(blocks):
                return f"conv_body.{kind}"
            case ["model", number, kind] if number.isdigit() and int(number) in layers:
                return f"{layers[int(number)]}.{kind}"
        return None

    return weights.renamed(rename)
