"""What the architectures of upscaling networks share."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

from torch import Tensor, nn

from comfy_core.weights import Weights

MEAN = (0.4488, 0.4371, 0.4040)
"""The mean colour of DIV2K's pictures, which many networks take off theirs."""
CHANNELS = (3, 1, 4)
"""How many channels pictures have that networks put out."""


class Upscaler(NamedTuple):
    """A network, and its weights under its own names."""

    network: nn.Module
    weights: Weights


class Network(Protocol):
    """What is asked of an upscaling network: it maps [B, in_channels, H, W] in 0..1 to [B, out_channels, H * scale,
    W * scale], where H and W are multiples of `multiple`."""

    scale: float
    in_channels: int
    out_channels: int
    multiple: int
    takes_half: bool
    """Whether float16 does for it."""

    def values(self, pixels: int) -> float:
        """About how many numbers it holds at once for an input of so many pixels."""
        ...

    def forward(self, x: Tensor) -> Tensor: ...


def conv(channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out_channels, 3, padding=1)


def shuffled_scale(channels: int, in_channels: int) -> tuple[int, int]:
    """By what a picture grows whose pixels lie in `channels` channels, and how many it then has itself. Raises
    ValueError when these are no channels of a picture."""
    for out_channels in (in_channels, *CHANNELS):
        scale = math.isqrt(channels // out_channels)
        if scale and scale**2 * out_channels == channels:
            return scale, out_channels
    raise ValueError(f"{channels} channels are no picture")
