"""Schedulers: which noise levels a run visits. Each is one function from a model's schedule and a number of steps to
the descending sigmas [steps + 1], the last of which is 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from comfy_core.sampling.beta import beta_places
from comfy_core.sampling.curves import exponential_sigmas, karras_sigmas, to_zero
from comfy_core.sampling.noise_levels import NoiseSchedule

Scheduler = Callable[[NoiseSchedule, int], Tensor]
Kind = TypeVar("Kind", bound=Scheduler)
SCHEDULERS: dict[str, Scheduler] = {}


def scheduler(name: str) -> Callable[[Kind], Kind]:
    """Register a scheduler under the name that workflows use."""

    def register(function: Kind) -> Kind:
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
    return to_zero(torch.stack([sigmas[-(1 + int(step * stride))] for step in range(steps)]))


@scheduler("sgm_uniform")
def sgm_uniform(model_sampling: NoiseSchedule, steps: int) -> Tensor:
    """Evenly spaced timesteps that leave the least noisy one out ("trailing"; Lin et al. 2023, arXiv 2305.08891)."""
    return to_zero(model_sampling.sigma(_timesteps(model_sampling, steps + 1)[:-1]))


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
    return to_zero(sigmas[1 :: max(len(sigmas) // steps, 1)].flip(0))


@scheduler("beta")
def beta(model_sampling: NoiseSchedule, steps: int, alpha: float = 0.6, beta: float = 0.6) -> Tensor:
    """Trained noise levels at quantiles of a beta distribution: many at both ends (Lee et al. 2024, arXiv 2407.12173).

    Levels that would come twice in a row come once, so there may be fewer steps than asked for.
    """
    places = beta_places(1 - np.linspace(0, 1, steps, endpoint=False), len(model_sampling.sigmas), alpha, beta)
    keep = np.concatenate([[True], np.diff(places) != 0])
    return to_zero(model_sampling.sigmas[torch.from_numpy(places[keep])])


def turbo(model_sampling: NoiseSchedule, steps: int, denoise: float = 1.0) -> Tensor:
    """Of the ten levels that an adversarially distilled model was trained at the first `steps`, then 0; with `denoise`
    below 1 the first ones are left out (Sauer et al. 2023, https://arxiv.org/abs/2311.17042)."""
    trained = torch.arange(10, 0, -1) * 100 - 1
    start = 10 - int(10 * denoise)
    return to_zero(model_sampling.sigma(trained[start : start + steps]))


@scheduler("normal")
def normal(model_sampling: NoiseSchedule, steps: int) -> Tensor:
    """Evenly spaced timesteps from the noisiest trained one to the least noisy ("linspace")."""
    return to_zero(model_sampling.sigma(_timesteps(model_sampling, steps)))


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
    return to_zero(torch.tensor([(1 - one) * high for one in way]))


@scheduler("kl_optimal")
def kl_optimal(model_sampling: NoiseSchedule, steps: int) -> Tensor:
    """Even steps in the angle whose tangent is sigma (Sabour et al. 2024, "Align Your Steps", arXiv 2404.14507)."""
    high, low = (math.atan(float(one)) for one in (model_sampling.sigma_max, model_sampling.sigma_min))
    return to_zero(torch.linspace(high, low, steps).tan())


def _timesteps(model_sampling: NoiseSchedule, count: int) -> Tensor:
    first = float(model_sampling.timestep(model_sampling.sigma_max))
    last = float(model_sampling.timestep(model_sampling.sigma_min))
    return torch.linspace(first, last, count)
