"""What can be done to a latent [B, C, h, w] as a picture: its colours are directions, its brightness is length."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

LatentOperation = Callable[[Tensor], Tensor]
SMALLEST = 1e-10
WHITE = 5.0
"""How many standard deviations of length above the mean count as white."""


def sharpen(radius: int, sigma: float, alpha: float) -> LatentOperation:
    """Unsharp masking of directions: x + alpha * (x - blurred x), lengths kept. `radius` and `sigma` are those of the
    Gaussian, in places. With alpha 0 nothing changes."""

    def operation(latent: Tensor) -> Tensor:
        if alpha == 0:
            return latent
        length = _length(latent)
        colour = latent / length
        return (colour + alpha * (colour - _blurred(colour, radius, sigma))) * length

    return operation


def tonemap_reinhard(multiplier: float) -> LatentOperation:
    """Lengths compressed by x / (1 + x), with white at the mean and five standard deviations of each picture times
    `multiplier` (Reinhard et al. 2002, "Photographic Tone Reproduction for Digital Images", equation 3)."""

    def operation(latent: Tensor) -> Tensor:
        length = _length(latent)
        mean = length.mean(dim=(1, 2, 3), keepdim=True)
        white = (mean + WHITE * length.std(dim=(1, 2, 3), keepdim=True)) * multiplier
        return latent * white / (white + length)

    return operation


def on_guidance(operation: LatentOperation) -> Callable[[dict[str, object]], list[Tensor]]:
    """A function for `set_model_sampler_pre_cfg_function` that does it to what guidance adds."""

    def change(args: dict) -> list[Tensor]:
        cond, uncond, *others = args["conds_out"]
        if cond is uncond:
            return [operation(cond)] * 2
        return [operation(cond - uncond) + uncond, uncond, *others]

    return change


def _length(latent: Tensor) -> Tensor:
    return torch.linalg.vector_norm(latent, dim=1, keepdim=True) + SMALLEST


def _blurred(x: Tensor, radius: int, sigma: float) -> Tensor:
    """`x` under a Gaussian, its edges mirrored as far as the picture reaches."""
    places = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    line = torch.exp(-0.5 * (places / sigma) ** 2)
    line = (line / line.sum()).expand(x.shape[1], 1, 1, -1)
    mode = "reflect" if radius < min(x.shape[-2:]) else "replicate"
    across = F.conv2d(F.pad(x, [radius] * 4, mode=mode), line, groups=x.shape[1])
    return F.conv2d(across, line.mT, groups=x.shape[1])
