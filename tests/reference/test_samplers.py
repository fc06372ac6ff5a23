"""Samplers on every schedule against diffusers' solvers of the same name, on data that are known exactly.

diffusers keeps x / sqrt(1 + sigma²) and has levels of its own; it is given ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import diffusers
import pytest
import torch
from torch import Tensor

from comfy_core.sampling.prediction import EpsilonSampling
from comfy_core.sampling.samplers import sampler_object
from comfy_core.sampling.schedulers import SCHEDULERS, calculate_sigmas
from tests.comfy_core.mixture import Mixture

X0 = {"prediction_type": "sample", "lower_order_final": True}
NEAR_ZERO = 0.001


def theirs(solver: Any, x: Tensor, levels: Tensor, seed: int | None = None) -> Tensor:
    """What a solver that predicts x0 makes of x over `levels`."""
    steps = len(levels) - 1
    solver.set_timesteps(steps)
    solver.sigmas, solver.timesteps = levels, torch.arange(steps, 0, -1)
    source = {} if seed is None else {"generator": torch.Generator().manual_seed(seed)}
    x = x / (1 + levels[0] ** 2).sqrt()
    for sigma, time in zip(levels, solver.timesteps, strict=False):
        x0 = Mixture()(x * (1 + sigma**2).sqrt(), sigma.repeat(len(x)))
        x = solver.step(x0, time, x, **source).prev_sample
    return x * (1 + levels[-1] ** 2).sqrt()


def start(levels: Tensor) -> Tensor:
    return torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * levels[0]


def noise(seed: int) -> Callable[..., Tensor]:
    source = torch.Generator().manual_seed(seed)
    return lambda sigma, sigma_next: torch.randn(3, 2, generator=source, dtype=torch.float64)


def levels_of(scheduler: str, last: float = 0.0) -> Tensor:
    levels = calculate_sigmas(EpsilonSampling(), scheduler, 10).double()
    levels[-1] = last
    return levels


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize(("name", "variant"), [("uni_pc", "bh1"), ("uni_pc_bh2", "bh2")])
def test_uni_pc(name: str, variant: str, scheduler: str):
    levels = levels_of(scheduler, NEAR_ZERO)
    solver = diffusers.UniPCMultistepScheduler(solver_order=3, solver_type=variant, **X0)
    out = sampler_object(name)(Mixture(), start(levels), levels_of(scheduler), disable=True)
    torch.testing.assert_close(out, theirs(solver, start(levels), levels), rtol=0, atol=1e-5)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("dpmpp_2m", "dpmsolver++", {"solver_order": 2, "solver_type": "midpoint"}),
        ("dpmpp_2m_sde", "sde-dpmsolver++", {"solver_order": 2, "solver_type": "midpoint"}),
        ("dpmpp_2m_sde_heun", "sde-dpmsolver++", {"solver_order": 2, "solver_type": "heun"}),
        ("ddim", "dpmsolver++", {"solver_order": 1}),
    ],
)
def test_dpm_solver(name: str, kind: str, options: dict[str, Any], scheduler: str):
    levels = levels_of(scheduler)
    settings = {**X0, "lower_order_final": False, "euler_at_final": True, "final_sigmas_type": "zero"}
    solver = diffusers.DPMSolverMultistepScheduler(algorithm_type=kind, **options, **settings)
    given = {"noise_sampler": noise(7)} if "sde" in name else {}
    out = sampler_object(name).having(**given)(Mixture(), start(levels), levels, disable=True)
    torch.testing.assert_close(out, theirs(solver, start(levels), levels, seed=7), rtol=0, atol=1e-5)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_sa_solver(scheduler: str, tau: float):
    """Over levels above 0, as the two end differently there; diffusers has the rounder coefficients at order 2."""
    levels = levels_of(scheduler)[:-1]
    solver = diffusers.SASolverScheduler(
        predictor_order=3,
        corrector_order=4,
        tau_func=lambda time: tau,
        algorithm_type="data_prediction",
        prediction_type="sample",
        lower_order_final=False,
    )
    given = {"noise_sampler": noise(7), "tau_func": lambda sigma: tau, "simple_order_2": True}
    out = sampler_object("sa_solver").having(**given)(Mixture(), start(levels), levels, disable=True)
    torch.testing.assert_close(out, theirs(solver, start(levels), levels, seed=7), rtol=0, atol=1e-5)
