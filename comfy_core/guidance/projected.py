"""Adaptive projected guidance: of what guidance adds, the part along the prediction, which burns, counts less.

Sadat et al. 2024, "Eliminating Oversaturation and Artifacts of High Guidance Scales in Diffusion Models",
https://arxiv.org/abs/2410.02416, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from comfy_core.guidance.projections import Args, along, norm


def projected_guidance(eta: float, norm_threshold: float, momentum: float) -> Callable[[Args], list[Tensor]]:
    """A function for `set_model_sampler_pre_cfg_function`.

    `eta` is how much of the parallel part counts, `norm_threshold` the greatest length of the difference (0 any),
    `momentum` how much the differences of earlier steps count (the paper takes it below 0). 1, 0, 0 change nothing.
    """
    average: Tensor | None = None
    before = float("inf")

    def change(args: Args) -> list[Tensor]:
        nonlocal average, before
        cond, uncond, *others = args["conds_out"]
        scale, sigma = args["cond_scale"], float(args["sigma"][0])
        if (eta, norm_threshold, momentum) == (1, 0, 0) or not scale:
            return args["conds_out"]
        difference = cond - uncond
        if momentum and average is not None and average.shape == difference.shape and sigma <= before:
            difference = difference + momentum * average
        average, before = difference, sigma
        if norm_threshold > 0:
            difference = difference * (norm_threshold / norm(difference)).clamp(max=1)
        parallel = along(difference, cond)
        update = difference - parallel + eta * parallel
        guided = cond + (scale - 1) * update
        return [uncond + (guided - uncond) / scale, uncond, *others]

    return torch.no_grad()(change)
