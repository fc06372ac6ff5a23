"""Normalised attention guidance: negative prompts for models that work without guidance.

Chen et al. 2025, "Normalized Attention Guidance: Universal Negative Guidance for Diffusion Models",
https://arxiv.org/abs/2505.21179, equations 7 to 10, on what attention to the prompt puts out.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from comfy_core.networks.transformer_options import Options

SMALLEST = 1e-6


def normalised_attention(scale: float, alpha: float, tau: float) -> Callable[[Tensor, Options], Tensor]:
    """An output patch `(out [B, N, width], options)`: away from the negative side's output by `scale`, no more than
    `tau` times as long as the positive one (L1), mixed with that by `alpha`. Where a batch lacks a side it does
    nothing, as with scale 1 or alpha 0."""

    def change(out: Tensor, options: Options) -> Tensor:
        sides = options.get("cond_or_uncond", [])
        if scale == 1 or alpha == 0 or not {0, 1} <= set(sides):
            return out
        parts = list(out.chunk(len(sides)))
        negative = parts[sides.index(1)]
        for place, side in enumerate(sides):
            if side == 0:
                parts[place] = guided(parts[place], negative, scale, alpha, tau)
        return torch.cat(parts)

    return change


def guided(positive: Tensor, negative: Tensor, scale: float, alpha: float, tau: float) -> Tensor:
    """The positive side's output [..., width] led away from the negative one's."""
    away = scale * positive - (scale - 1) * negative
    ratio = _length(away) / _length(positive)
    away = away * (ratio.clamp(max=tau) / ratio)
    return alpha * away + (1 - alpha) * positive


def _length(x: Tensor) -> Tensor:
    return x.norm(p=1, dim=-1, keepdim=True).clamp(min=SMALLEST)
