"""FreeU: on the way up the backbone's features are made stronger, and the skips' low frequencies weaker.

Si et al. 2023, "FreeU: Free Lunch in Diffusion U-Net", https://arxiv.org/abs/2309.11497, equations 4 to 8. Version 2
makes a place the stronger the more its features are above the others'.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from comfy_core.networks.transformer_options import Options

Strengths = dict[int, tuple[float, float]]
"""By a feature map's channels: how strong the backbone is, and the skip."""


def free_u(strengths: Strengths, structured: bool = False) -> Callable[..., tuple[Tensor, Tensor]]:
    """An output block patch `(h, skip, options)`; strengths of 1 change nothing. `structured` is version 2."""

    def patch(h: Tensor, skip: Tensor, options: Options) -> tuple[Tensor, Tensor]:
        backbone, weaker = strengths.get(h.shape[1], (1.0, 1.0))
        if backbone != 1:
            half = h.shape[1] // 2
            by = (backbone - 1) * importance(h) + 1 if structured else backbone
            h = torch.cat([h[:, :half] * by, h[:, half:]], dim=1)
        return h, skip if weaker == 1 else low_waves_scaled(skip, weaker)

    return patch


def importance(h: Tensor) -> Tensor:
    """The mean of each place's features as a share of the way from the least to the greatest, [B, 1, h, w] in 0..1."""
    mean = h.mean(1, keepdim=True)
    least, most = mean.amin((2, 3), keepdim=True), mean.amax((2, 3), keepdim=True)
    return (mean - least) / (most - least)


def low_waves_scaled(x: Tensor, scale: float) -> Tensor:
    """`x` [B, C, h, w] with its mean, and its waves of one period that the spectrum's middle square of 2 x 2 holds,
    scaled."""
    weights = x.new_ones(x.shape[-2:], dtype=torch.float32)
    for row in (0, -1):
        weights[row, 0] = weights[row, -1] = scale
    return torch.fft.ifft2(torch.fft.fft2(x.float()) * weights).real.to(x.dtype)
