"""Schedules that need no model: curves between two noise levels, and levels that were published as tables.

All give descending sigmas [steps + 1], the last of which is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def karras_sigmas(steps: int, sigma_min: float, sigma_max: float, rho: float = 7.0) -> Tensor:
    """Even steps in sigma^(1/rho) (Karras et al. 2022, arXiv 2206.00364, equation 5)."""
    _above_zero(sigma_min=sigma_min, sigma_max=sigma_max, rho=rho)
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return to_zero((high + torch.linspace(0, 1, steps) * (low - high)) ** rho)


def exponential_sigmas(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Even steps in log sigma."""
    _above_zero(sigma_min=sigma_min, sigma_max=sigma_max)
    return to_zero(torch.linspace(math.log(sigma_max), math.log(sigma_min), steps).exp())


def polyexponential_sigmas(steps: int, sigma_min: float, sigma_max: float, rho: float = 1.0) -> Tensor:
    """Steps in log sigma whose places are those of a power `rho`."""
    _above_zero(sigma_min=sigma_min, sigma_max=sigma_max, rho=rho)
    ramp = torch.linspace(1, 0, steps) ** rho
    return to_zero((ramp * (math.log(sigma_max) - math.log(sigma_min)) + math.log(sigma_min)).exp())


def vp_sigmas(steps: int, beta_d: float = 19.9, beta_min: float = 0.1, eps_s: float = 1e-3) -> Tensor:
    """Even steps in the time of a variance preserving process (Song et al. 2020, arXiv 2011.13456)."""
    t = torch.linspace(1, eps_s, steps)
    exponent = beta_d * t**2 / 2 + beta_min * t
    sigmas = exponent.expm1().sqrt()
    if not sigmas.isfinite().all() or (sigmas == 0).any():
        raise ValueError(
            f"beta_d {beta_d}, beta_min {beta_min} and eps_s {eps_s} lead to noise levels of 0 or without bounds; "
            "the usual ones are 19.9, 0.1 and 0.001"
        )
    return to_zero(sigmas)


def laplace_sigmas(steps: int, sigma_min: float, sigma_max: float, mu: float = 0.0, beta: float = 0.5) -> Tensor:
    """Quantiles of a Laplace distribution of log sigma (Hang et al. 2024, arXiv 2407.03297), held between the ends."""
    _above_zero(sigma_min=sigma_min, sigma_max=sigma_max)
    x = torch.linspace(0, 1, steps)
    lam = mu - beta * (0.5 - x).sign() * (1 - 2 * (0.5 - x).abs() + 1e-5).log()
    return to_zero(lam.exp().clamp(sigma_min, sigma_max))


ALIGN_YOUR_STEPS = {
    "SD1": (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
    "SDXL": (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
    "SVD": (700.00, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
}
"""The published ten steps (Sabour et al. 2024, https://research.nvidia.com/labs/toronto-ai/AlignYourSteps/)."""

# fmt: off
OPTIMAL_STEPS = {
    "FLUX": (0.9968, 0.9886, 0.9819, 0.975, 0.966, 0.9471, 0.9158, 0.8287, 0.5512, 0.2808, 0.001),
    "Wan": (
        1.0, 0.997, 0.995, 0.993, 0.991, 0.989, 0.987, 0.985, 0.98, 0.975, 0.973, 0.968, 0.96, 0.946, 0.927, 0.902,
        0.864, 0.776, 0.539, 0.208, 0.001,
    ),
    "Chroma": (
        0.992, 0.99, 0.988, 0.985, 0.982, 0.978, 0.973, 0.968, 0.961, 0.953, 0.943, 0.931, 0.917, 0.9, 0.881, 0.858,
        0.832, 0.802, 0.769, 0.731, 0.69, 0.646, 0.599, 0.55, 0.501, 0.451, 0.402, 0.355, 0.311, 0.27, 0.232, 0.199,
        0.169, 0.143, 0.12, 0.101, 0.084, 0.07, 0.058, 0.048, 0.001,
    ),
}
"""Levels found for flow models (Pei et al. 2025, "Optimal Stepsize for Diffusion Sampling", arXiv 2503.21774; Chroma's
are of its own authors)."""
# fmt: on


def tabled_sigmas(levels: Sequence[float], steps: int, denoise: float = 1.0) -> Tensor:
    """Published levels, log-linearly resampled to `steps`; the last `denoise` share (0..1) of them, then 0."""
    total = steps if denoise >= 1.0 else round(steps * denoise)
    if total <= 0:
        return torch.zeros(0)
    known = np.log(levels[::-1])
    places = np.linspace(0, 1, steps + 1)
    resampled = np.exp(np.interp(places, np.linspace(0, 1, len(known)), known))[::-1]
    chosen = torch.from_numpy(resampled.copy()).float()[-(total + 1) :]
    chosen[-1] = 0
    return chosen


def to_zero(sigmas: Tensor) -> Tensor:
    return torch.cat([sigmas, sigmas.new_zeros(1)])


def _above_zero(**values: float) -> None:
    for name, value in values.items():
        if value <= 0:
            raise ValueError(f"{name} is {value}; it has to be above 0")
