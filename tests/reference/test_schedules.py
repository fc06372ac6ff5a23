"""Schedulers against diffusers'."""

from __future__ import annotations

from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from comfy_core.sampling.noise_levels import EDMSchedule, FlowSchedule
from comfy_core.sampling.prediction import EDM, EpsilonSampling, Flow, Velocity, model_sampling
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


@pytest.mark.parametrize("steps", [4, 20])
def test_schedules_of_flows(steps: int):
    """With the shift 3 of Stable Diffusion 3."""
    model = model_sampling(Flow, FlowSchedule, 3.0)
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    scheduler.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps))
    torch.testing.assert_close(calculate_sigmas(model, "simple", steps), scheduler.sigmas, rtol=0, atol=1e-6)
    scheduler.set_timesteps(steps)
    torch.testing.assert_close(calculate_sigmas(model, "normal", steps), scheduler.sigmas, rtol=0, atol=1e-6)


def test_zero_terminal_snr():
    theirs = euler(rescale_betas_zero_snr=True, timestep_spacing="trailing")
    theirs.set_timesteps(10)
    ours = calculate_sigmas(EpsilonSampling(zsnr=True), "simple", 10)
    torch.testing.assert_close(ours[1:], theirs.sigmas[1:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["v_prediction", "epsilon"])
def test_edm(kind: str):
    """diffusers' EDM scheduler with its two predictions: what it makes of one step is what the prediction implies."""
    scheduler = diffusers.EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5, prediction_type=kind)
    scheduler.set_timesteps(5)
    x, output = torch.randn(2, 3, 4, 8, 8, generator=torch.Generator().manual_seed(0)).unbind(0)
    sigma = scheduler.sigmas[1]
    model = model_sampling(EDM if kind == "epsilon" else Velocity, EDMSchedule, 0.002, 80.0)
    model.sigma_data = 0.5
    scaled = scheduler.precondition_inputs(x, sigma)
    torch.testing.assert_close(model.calculate_input(sigma.repeat(3), x), scaled)
    time = scheduler.precondition_noise(sigma)
    torch.testing.assert_close(model.timestep(sigma), time.reshape(()).to(sigma))
    x0 = scheduler.precondition_outputs(x, output, sigma)
    torch.testing.assert_close(model.calculate_denoised(sigma.repeat(3), output, x), x0)
