"""Real-ESRGAN's compact network (SRVGGNet): convolutions at the picture's own size, beside the picture itself.

Wang et al. 2021, https://github.com/xinntao/Real-ESRGAN; names as in its release.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.families._ldm import build, count
from comfy_core.upscale._parts import Upscaler, conv, shuffled_scale
from comfy_core.weights import Weights

NAME = "Real-ESRGAN compact"


@dataclass(frozen=True)
class Dims:
    in_channels: int = 3
    out_channels: int = 3
    width: int = 64
    layers: int = 16
    scale: int = 4


class SRVGGNet(nn.Module):
    multiple, takes_half = 1, True

    def __init__(self, dims: Dims) -> None:
        super().__init__()
        self.dims = dims
        self.scale, self.in_channels, self.out_channels = dims.scale, dims.in_channels, dims.out_channels
        body: list[nn.Module] = [conv(dims.in_channels, dims.width), nn.PReLU(dims.width)]
        for _ in range(dims.layers):
            body += [conv(dims.width, dims.width), nn.PReLU(dims.width)]
        self.body = nn.Sequential(*body, conv(dims.width, dims.out_channels * dims.scale**2))

    def values(self, pixels: int) -> float:
        return pixels * max(4 * self.dims.width, 4 * self.out_channels * self.scale**2)

    def forward(self, x: Tensor) -> Tensor:
        shown = x if self.in_channels == self.out_channels else x[:, : self.out_channels]
        return F.pixel_shuffle(self.body(x), self.scale) + F.interpolate(shown, scale_factor=self.scale, mode="nearest")


def recognise(weights: Weights) -> bool:
    return all(name in weights for name in ("body.0.weight", "body.0.bias", "body.1.weight", "body.2.weight")) and (
        len(weights.shape("body.0.weight")) == 4 and len(weights.shape("body.1.weight")) == 1
    )


def load(weights: Weights) -> Upscaler:
    width, in_channels = weights.shape("body.0.weight")[:2]
    layers = count(weights, "body.{}.weight")
    scale, out_channels = shuffled_scale(weights.shape(f"body.{layers - 1}.weight")[0], in_channels)
    dims = Dims(in_channels, out_channels, width, (layers - 3) // 2, scale)
    return Upscaler(build(SRVGGNet, dims, NAME, weights), weights)
