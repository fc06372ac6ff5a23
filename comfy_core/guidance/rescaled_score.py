"""The predicted noise made larger or smaller: a little for the bias of sampling, or more as the signal grows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from comfy_core.guidance.projections import Args
from comfy_core.sampling.prediction import Flow


def scaled_epsilon(factor: float) -> Callable[[Args], Tensor]:
    """A function for `set_model_sampler_post_cfg_function`: the noise divided by `factor`.

    Ning et al. 2023, "Elucidating the Exposure Bias in Diffusion Models", https://arxiv.org/abs/2308.15321.
    """

    def change(args: Args) -> Tensor:
        x, x0 = args["input"], args["denoised"]
        return x0 if factor == 1 else x - (x - x0) / factor

    return change


def temporal_rescaling(k: float, sigma: float) -> Callable[[Args], Tensor]:
    """A function for `set_model_sampler_post_cfg_function`: the score times (snr σ² + 1) / (snr σ² / k + 1).

    Xu et al. 2025, "Temporal Score Rescaling for Temperature Sampling in Diffusion and Flow Models",
    https://arxiv.org/abs/2510.01184, equation 9. `k` above 1 makes results more alike, below more diverse; `sigma` says
    how early. The noisy latent is alpha x0 + sigma noise, where alpha is 1, or 1 - sigma for flows.
    """

    def change(args: Args) -> Tensor:
        x, x0 = args["input"], args["denoised"]
        if k == 1:
            return x0
        level = args["sigma"].view(-1, *(1,) * (x.ndim - 1))
        alpha = 1 - level if isinstance(args["model"].model_sampling, Flow) else torch.ones_like(level)
        signal, noise = alpha**2 * sigma**2, level**2
        factor = k * (signal + noise) / (signal + k * noise)
        return torch.where(alpha > 0, (x - factor * (x - alpha * x0)) / alpha, x0)

    return change
