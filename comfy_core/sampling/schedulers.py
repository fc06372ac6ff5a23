"""Schedulers: which noise levels a run visits. Each is one function from a model's schedule and a number of steps to
the descending sigmas [steps + 1], the last of which is 0."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from comfy_core.sampling.prediction import DiscreteSchedule

Scheduler = Callable[[DiscreteSchedule, int], Tensor]
SCHEDULERS: dict[str, Scheduler] = {}


def scheduler(name: str) -> Callable[[Scheduler], Scheduler]:
    """Register a scheduler under the name that workflows use."""

    def register(function: Scheduler) -> Scheduler:
        SCHEDULERS[name] = function
        return function

    return register


def calculate_sigmas(model_sampling: DiscreteSchedule, scheduler_name: str, steps: int) -> Tensor:
    """The sigmas of a named scheduler. Raises ValueError for an unknown name."""
    if scheduler_name not in SCHEDULERS:
        raise ValueError(f"there is no scheduler {scheduler_name!r}; pick one of: {', '.join(SCHEDULERS)}")
    return SCHEDULERS[scheduler_name](model_sampling, steps)


def sigmas_for(model_sampling: DiscreteSchedule, scheduler_name: str, steps: int, denoise: float = 1.0) -> Tensor:
    """The last `steps` steps of a schedule long enough that they are the `denoise` share (0..1) of it.

    With `denoise` 0 there is nothing to do and the result is empty.
    """
    if denoise <= 0.0:
        return torch.zeros(0)
    if denoise > 0.9999:
        return calculate_sigmas(model_sampling, scheduler_name, steps)
    return calculate_sigmas(model_sampling, scheduler_name, int(steps / denoise))[-(steps + 1) :]


@scheduler("simple")
def simple(model_sampling: DiscreteSchedule, steps: int) -> Tensor:
    """Every n-th trained noise level, counted from the noisiest."""
    sigmas = model_sampling.sigmas
    stride = len(sigmas) / steps
    return _to_zero(torch.stack([sigmas[-(1 + int(step * stride))] for step in range(steps)]))


@scheduler("sgm_uniform")
def sgm_uniform(model_sampling: DiscreteSchedule, steps: int) -> Tensor:
    """Evenly spaced timesteps that leave the least noisy one out ("trailing"; Lin et al. 2023, arXiv 2305.08891)."""
    return _to_zero(model_sampling.sigma(_timesteps(model_sampling, steps + 1)[:-1]))


@scheduler("karras")
def karras(model_sampling: DiscreteSchedule, steps: int, rho: float = 7.0) -> Tensor:
    """Steps that shrink towards low noise (Karras et al. 2022, arXiv 2206.00364, equation 5)."""
    ramp = torch.linspace(0, 1, steps)
    high = float(model_sampling.sigma_max) ** (1 / rho)
    low = float(model_sampling.sigma_min) ** (1 / rho)
    return _to_zero((high + ramp * (low - high)) ** rho)


@scheduler("normal")
def normal(model_sampling: DiscreteSchedule, steps: int) -> Tensor:
    """Evenly spaced timesteps from the noisiest trained one to the least noisy ("linspace")."""
    return _to_zero(model_sampling.sigma(_timesteps(model_sampling, steps)))


def _timesteps(model_sampling: DiscreteSchedule, count: int) -> Tensor:
    first = float(model_sampling.timestep(model_sampling.sigma_max))
    last = float(model_sampling.timestep(model_sampling.sigma_min))
    return torch.linspace(first, last, count)


def _to_zero(sigmas: Tensor) -> Tensor:
    return torch.cat([sigmas, sigmas.new_zeros(1)])
