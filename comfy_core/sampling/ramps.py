"""Guidance whose scale changes: over the pictures of a batch, as frames of a video, or over the steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from comfy_core.wrappers import WrapperExecutor


def linear_ramp(min_cfg: float) -> Callable[[dict[str, Any]], Tensor]:
    """A function for `set_model_sampler_cfg_function`: from `min_cfg` at the first picture to the scale at the last
    (Blattmann et al. 2023, "Stable Video Diffusion", https://arxiv.org/abs/2311.15127)."""
    return _ramped(min_cfg, lambda count: torch.linspace(0, 1, count))


def triangle_ramp(min_cfg: float) -> Callable[[dict[str, Any]], Tensor]:
    """As `linear_ramp`, up to the scale in the middle and down again, for turns around a thing (Voleti et al. 2024,
    "SV3D", https://arxiv.org/abs/2403.12008)."""
    return _ramped(min_cfg, lambda count: 1 - (2 * torch.linspace(0, 1, count) - 1).abs())


def _ramped(min_cfg: float, shares: Callable[[int], Tensor]) -> Callable[[dict[str, Any]], Tensor]:
    def guided(args: dict[str, Any]) -> Tensor:
        cond, uncond = args["cond"], args["uncond"]
        share = shares(len(cond)).view(-1, *(1,) * (cond.ndim - 1)).to(cond)
        return uncond + (min_cfg + share * (args["cond_scale"] - min_cfg)) * (cond - uncond)

    return guided


def overridden_scale(cfg: float, first: float, last: float) -> Callable[..., Tensor]:
    """A `PREDICT_NOISE` wrapper that guides with the scale `cfg` at noise levels from `first` down to `last`."""

    def predict(executor: WrapperExecutor, x: Tensor, sigma: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        guider = executor.class_obj
        if not last <= float(sigma[0]) <= first or not hasattr(guider, "cfg"):
            return executor(x, sigma, *args, **kwargs)
        before, guider.cfg = guider.cfg, cfg
        try:
            return executor(x, sigma, *args, **kwargs)
        finally:
            guider.cfg = before

    return predict
