"""Schedulers against diffusers'."""

from __future__ import annotations

from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from comfy_core.sampling.prediction import EpsilonSampling
from comfy_core.sampling.samplers.dpmpp import sample_dpmpp_2m
from comfy_core.sampling.samplers.euler import sample_euler
from comfy_core.sampling.samplers.heun import sample_heun
from comfy_core.sampling.schedulers import calculate_sigmas
from tests.comfy_core.mixture import Mixture

MODEL = EpsilonSampling()
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def euler(**options: Any) -> Any:
    return diffusers.EulerDiscreteScheduler(**BETAS, **options)


@pytest.mark.parametrize(
    ("name", "options", "steps", "tolerance"),
    [
        ("normal", {"timestep_spacing": "linspace"}, 10, 1e-4),
        ("normal", {"timestep_spacing": "linspace"}, 30, 1e-4),
        ("simple", {"timestep_spacing": "trailing"}, 10, 1e-5),
        ("simple", {"timestep_spacing": "trailing"}, 25, 1e-5),
        ("sgm_uniform", {"timestep_spacing": "trailing"}, 10, 2e-2),
        ("karras", {"use_karras_sigmas": True}, 20, 2e-5),
    ],
)
def test_schedules(name: str, options: dict[str, Any], steps: int, tolerance: float):
    theirs = euler(**options)
    theirs.set_timesteps(steps)
    difference = (calculate_sigmas(MODEL, name, steps) - theirs.sigmas).abs().max()
    assert float(difference) <= tolerance


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (sample_euler, diffusers.EulerDiscreteScheduler),
        (sample_heun, diffusers.HeunDiscreteScheduler),
    ],
)
def test_samplers_that_work_in_sigma(ours: Any, theirs: Any):
    scheduler = theirs(**BETAS, use_karras_sigmas=True)
    scheduler.set_timesteps(10)
    sigmas = calculate_sigmas(MODEL, "karras", 10)
    x = start = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)) * sigmas[0]
    for timestep in scheduler.timesteps:
        sigma = scheduler.sigmas[
            scheduler.index_for_timestep(timestep) if scheduler.step_index is None else scheduler.step_index
        ]
        noise = (x - Mixture()(x, sigma.expand(len(x)))) / sigma
        x = scheduler.step(noise, timestep, x).prev_sample
    torch.testing.assert_close(ours(Mixture(), start, sigmas, disable=True), x, rtol=1e-4, atol=1e-4)


def test_dpmpp_2m():
    """Theirs walks x / sqrt(1 + sigma²); the scale is taken off at both ends."""
    scheduler = diffusers.DPMSolverMultistepScheduler(
        **BETAS,
        algorithm_type="dpmsolver++",
        solver_order=2,
        use_karras_sigmas=True,
        lower_order_final=False,
        euler_at_final=True,
        final_sigmas_type="zero",
        prediction_type="sample",
    )
    scheduler.set_timesteps(10)
    sigmas = torch.as_tensor(np.asarray(scheduler.sigmas))
    start = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)) * sigmas[0]
    x = start / (1 + sigmas[0] ** 2).sqrt()
    for sigma, timestep in zip(sigmas, scheduler.timesteps, strict=False):
        denoised = Mixture()(x * (1 + sigma**2).sqrt(), sigma.expand(len(x)))
        x = scheduler.step(denoised, timestep, x).prev_sample
    torch.testing.assert_close(sample_dpmpp_2m(Mixture(), start, sigmas, disable=True), x, rtol=1e-4, atol=1e-4)
