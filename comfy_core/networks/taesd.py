"""TAESD: a very small autoencoder for the latents of larger ones, with the key names of its release.

Ollin Boer Bohan 2023, https://github.com/madebyollin/taesd. It knows scaled latents, as diffusion networks see them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.networks.convolution import Conv2d

BLOCKS = 3
REACH = 3.0


@dataclass(frozen=True)
class TaesdDims:
    """`scale` and `shift` bring the larger autoencoder's latents to those of TAESD: (latent - shift) * scale."""

    latent_channels: int = 4
    width: int = 64
    scale: float = 1.0
    shift: float = 0.0
    factor: int = 8


class Block(nn.Module):
    """Three convolutions beside a skip, and what is negative cut off."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(_conv(width, width), nn.ReLU(), _conv(width, width), nn.ReLU(), _conv(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x) + x)


class Clamp(nn.Module):
    """Keeps latents within ±3, softly."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / REACH) * REACH


class Upsample(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="nearest")


def encoder(dims: TaesdDims) -> nn.Sequential:
    """Images [B, 3, H, W] in 0..1 to scaled latents [B, C, H/8, W/8]."""
    width = dims.width
    layers: list[nn.Module] = [_conv(3, width), Block(width)]
    for _ in range(3):
        layers += [_conv(width, width, stride=2, bias=False), *(Block(width) for _ in range(BLOCKS))]
    return nn.Sequential(*layers, _conv(width, dims.latent_channels))


def decoder(dims: TaesdDims) -> nn.Sequential:
    """Scaled latents [B, C, h, w] to images [B, 3, 8h, 8w], about 0..1."""
    width = dims.width
    layers: list[nn.Module] = [Clamp(), _conv(dims.latent_channels, width), nn.ReLU()]
    for _ in range(3):
        layers += [*(Block(width) for _ in range(BLOCKS)), Upsample(), _conv(width, width, bias=False)]
    return nn.Sequential(*layers, Block(width), _conv(width, 3))


class Taesd(nn.Module):
    """Both halves, between images in -1..1 and the larger autoencoder's unscaled latents."""

    def __init__(self, dims: TaesdDims) -> None:
        super().__init__()
        self.dims = dims
        self.taesd_encoder = encoder(dims)
        self.taesd_decoder = decoder(dims)

    def encode(self, image: Tensor) -> Tensor:
        return self.taesd_encoder((image + 1) / 2) / self.dims.scale + self.dims.shift

    def decode(self, z: Tensor) -> Tensor:
        return self.taesd_decoder((z - self.dims.shift) * self.dims.scale) * 2 - 1


def _conv(channels: int, out_channels: int, stride: int = 1, bias: bool = True) -> Conv2d:
    return Conv2d(channels, out_channels, 3, padding=1, stride=stride, bias=bias)
