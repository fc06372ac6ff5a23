"""Guidance whose result is brought back to the spread of the guided prediction, so that strong scales do not burn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor


def rescaled_guidance(multiplier: float) -> Callable[[dict[str, Any]], Tensor]:
    """A function for `set_model_sampler_cfg_function`; `multiplier` 0..1 is how much of the rescaling counts.

    Lin et al. 2023, https://arxiv.org/abs/2305.08891, equations 14 to 16, on velocity: v = (x / (sigma² + 1) - x0)
    sqrt(sigma² + 1) / sigma.
    """

    def guided(args: dict[str, Any]) -> Tensor:
        x, scale = args["input"], args["cond_scale"]
        sigma = args["sigma"].view(-1, *(1,) * (x.ndim - 1))
        kept, speed = x / (sigma**2 + 1), (sigma**2 + 1).sqrt() / sigma
        cond, uncond = ((kept - args[side]) * speed for side in ("cond_denoised", "uncond_denoised"))
        v = uncond + scale * (cond - uncond)
        v = multiplier * v * (_spread(cond) / _spread(v)) + (1 - multiplier) * v
        return x - (kept - v / speed)

    return guided


def _spread(prediction: Tensor) -> Tensor:
    """The standard deviation of each picture [B, 1, ...]."""
    return prediction.std(dim=tuple(range(1, prediction.ndim)), keepdim=True)
