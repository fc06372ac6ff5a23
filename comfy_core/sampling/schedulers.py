"""Schedulers: which noise levels a run visits. Each is one function from a model's schedule and a number of steps to
the descending sigmas [steps + 1], the last of which is 0."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from comfy_core.sampling.noise_levels import NoiseSchedule

Scheduler = Callable[[NoiseSchedule, int], Tensor]
SCHEDULERS: dict[str, Scheduler] = {}


def scheduler(name: str) -> Callable[[Scheduler], Scheduler]:
    """Register a scheduler under the name that workflows use."""

    def register(function: Scheduler) -> Scheduler:
        SCHEDULERS[name] = function
        return function

    return register


def calculate_sigmas(model_sampling: NoiseSchedule, scheduler_name: str, steps: int) -> Tensor:
    """The sigmas of a named scheduler. Raises ValueError for an unknown name."""
    if scheduler_name not in SCHEDULERS:
        raise ValueError(f"there is no scheduler {scheduler_name!r}; pick one of: {', '.join(SCHEDULERS)}")
    return SCHEDULERS[scheduler_name](model_sampling, steps)


def sigmas_for(
    model_sampling: NoiseSchedule,
    scheduler_name: str,
    steps: int,
    denoise: float = 1.0,
    drop_penultimate: bool = False,
) -> Tensor:
    """The last `steps` steps of a schedule long enough that they are the `denoise` share (0..1) of it.

    With `drop_penultimate` the schedule is made one step longer and its last level before 0 left out. With `denoise` 0
    there is nothing to do and the result is empty.
    """
    if denoise <= 0.0:
        return torch.zeros(0)
    total = steps if denoise > 0.9999 else int(steps / denoise)
    if drop_penultimate:
        sigmas = calculate_sigmas(model_sampling, scheduler_name, total + 1)
        sigmas = torch.cat([sigmas[:-2], sigmas[-1:]])
    else:
        sigmas = calculate_sigmas(model_sampling, scheduler_name, total)
    return sigmas if denoise > 0.9999 else sigmas[-(steps + 1) :]


@scheduler("simple")
def simple(model_sampling: NoiseSchedule, steps: int) -> Tensor:
    """Every n-th trained noise level, counted from the noisiest."""
    sigmas = model_sampling.sigmas
    stride = len(sigmas) / steps
    return _to_zero(torch.stack([sigmas[-(1 + int(step * stride))] for step in range(steps)]))


@scheduler("sgm_uniform")
def sgm_uniform(model_sampling: NoiseSchedule, steps: int) -> Tensor:
    """Evenly spaced timesteps that leave the least noisy one out ("trailing"; Lin et al. 2023, arXiv 2305.08891)."""
    return _to_zero(model_sampling.sigma(_timesteps(model_sampling, steps + 1)[:-1]))


@scheduler("karras")
def karras(model_sampling: NoiseSchedule, steps: int, rho: float = 7.0) -> Tensor:
    """Steps that shrink towards low noise (Karras et al. 2022, arXiv 2206.00364, equation 5)."""
    return karras_sigmas(steps, float(model_sampling.sigma_min), float(model_sampling.sigma_max), rho)


@scheduler("exponential")
def exponential(model_sampling: NoiseSchedule, steps: int) -> Tensor:
    """Even steps in log sigma."""
    return exponential_sigmas(steps, float(model_sampling.sigma_min), float(model_sampling.sigma_max))


@scheduler("ddim_uniform")
def ddim_uniform(model_sampling: NoiseSchedule, steps: int) -> Tensor:
    """Every n-th trained noise level, counted from the second lowest ("leading", Song et al. 2020, arXiv 2010.02502).

    Where `steps` does not divide the number of trained levels there are more steps than asked for.
    """
    sigmas = model_sampling.sigmas
    return _to_zero(sigmas[1 :: max(len(sigmas) // steps, 1)].flip(0))


@scheduler("beta")
def beta(model_sampling: NoiseSchedule, steps: int, alpha: float = 0.6, beta: float = 0.6) -> Tensor:
    """Trained noise levels at quantiles of a beta distribution: many at both ends (Lee et al. 2024, arXiv 2407.12173).

    Levels that would come twice in a row come once, so there may be fewer steps than asked for.
    """
    last = len(model_sampling.sigmas) - 1
    quantiles = beta_quantiles(1 - np.linspace(0, 1, steps, endpoint=False), alpha, beta)
    places = np.rint(quantiles * last).astype(int)
    keep = np.concatenate([[True], np.diff(places) != 0])
    return _to_zero(model_sampling.sigmas[torch.from_numpy(places[keep])])


@scheduler("normal")
def normal(model_sampling: NoiseSchedule, steps: int) -> Tensor:
    """Evenly spaced timesteps from the noisiest trained one to the least noisy ("linspace")."""
    return _to_zero(model_sampling.sigma(_timesteps(model_sampling, steps)))


@scheduler("linear_quadratic")
def linear_quadratic(model_sampling: NoiseSchedule, steps: int, threshold: float = 0.025) -> Tensor:
    """Half the steps linear over the first `threshold` of the way, the rest quadratic to its end (Genmo, Mochi 1)."""
    high = float(model_sampling.sigma_max)
    if steps == 1:
        return torch.tensor([high, 0.0])
    linear = steps // 2
    rest = steps - linear
    slope = threshold / linear
    curve = (1 - threshold - slope * rest) / rest**2
    way = [slope * i for i in range(linear)]
    way += [threshold + slope * i + curve * i**2 for i in range(rest)]
    return _to_zero(torch.tensor([(1 - one) * high for one in way]))


@scheduler("kl_optimal")
def kl_optimal(model_sampling: NoiseSchedule, steps: int) -> Tensor:
    """Even steps in the angle whose tangent is sigma (Sabour et al. 2024, "Align Your Steps", arXiv 2404.14507)."""
    high, low = (math.atan(float(one)) for one in (model_sampling.sigma_max, model_sampling.sigma_min))
    return _to_zero(torch.linspace(high, low, steps).tan())


# --- schedules that need no model -----------------------------------------------------------------------------------


def karras_sigmas(steps: int, sigma_min: float, sigma_max: float, rho: float = 7.0) -> Tensor:
    """Even steps in sigma^(1/rho) (Karras et al. 2022, arXiv 2206.00364, equation 5)."""
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return _to_zero((high + torch.linspace(0, 1, steps) * (low - high)) ** rho)


def exponential_sigmas(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Even steps in log sigma."""
    return _to_zero(torch.linspace(math.log(sigma_max), math.log(sigma_min), steps).exp())


def polyexponential_sigmas(steps: int, sigma_min: float, sigma_max: float, rho: float = 1.0) -> Tensor:
    """Steps in log sigma whose places are those of a power `rho`."""
    ramp = torch.linspace(1, 0, steps) ** rho
    return _to_zero((ramp * (math.log(sigma_max) - math.log(sigma_min)) + math.log(sigma_min)).exp())


def vp_sigmas(steps: int, beta_d: float = 19.9, beta_min: float = 0.1, eps_s: float = 1e-3) -> Tensor:
    """Even steps in the time of a variance preserving process (Song et al. 2020, arXiv 2011.13456)."""
    t = torch.linspace(1, eps_s, steps)
    return _to_zero((beta_d * t**2 / 2 + beta_min * t).expm1().sqrt())


def laplace_sigmas(steps: int, sigma_min: float, sigma_max: float, mu: float = 0.0, beta: float = 0.5) -> Tensor:
    """Quantiles of a Laplace distribution of log sigma (Hang et al. 2024, arXiv 2407.03297), held between the ends."""
    x = torch.linspace(0, 1, steps)
    lam = mu - beta * (0.5 - x).sign() * (1 - 2 * (0.5 - x).abs() + 1e-5).log()
    return _to_zero(lam.exp().clamp(sigma_min, sigma_max))


ALIGN_YOUR_STEPS = {
    "SD1": (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
    "SDXL": (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
    "SVD": (700.00, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
}
"""The published ten steps (Sabour et al. 2024, https://research.nvidia.com/labs/toronto-ai/AlignYourSteps/)."""


def align_your_steps(model_type: str, steps: int, denoise: float = 1.0) -> Tensor:
    """The published levels, log-linearly resampled to `steps`; the last `denoise` share of them, then 0."""
    total = steps if denoise >= 1.0 else round(steps * denoise)
    if total <= 0:
        return torch.zeros(0)
    known = np.log(ALIGN_YOUR_STEPS[model_type][::-1])
    places = np.linspace(0, 1, steps + 1)
    levels = torch.from_numpy(np.exp(np.interp(places, np.linspace(0, 1, len(known)), known))[::-1].copy()).float()
    levels = levels[-(total + 1) :]
    levels[-1] = 0
    return levels


def beta_quantiles(share: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """The quantile function of the beta distribution, by inverting a table of its distribution function.

    With u = sin²(angle) the density has no poles for a, b >= 1/2, and the integral is a fine sum of it.
    """
    angle = np.linspace(0, np.pi / 2, 200_001)
    middle = (angle[1:] + angle[:-1]) / 2
    density = np.sin(middle) ** (2 * a - 1) * np.cos(middle) ** (2 * b - 1)
    total = np.concatenate([[0.0], np.cumsum(density)])
    return np.sin(np.interp(share, total / total[-1], angle)) ** 2


def _timesteps(model_sampling: NoiseSchedule, count: int) -> Tensor:
    first = float(model_sampling.timestep(model_sampling.sigma_max))
    last = float(model_sampling.timestep(model_sampling.sigma_min))
    return torch.linspace(first, last, count)


def _to_zero(sigmas: Tensor) -> Tensor:
    return torch.cat([sigmas, sigmas.new_zeros(1)])
