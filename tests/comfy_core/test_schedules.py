"""Noise schedules, schedulers and predictions."""

from __future__ import annotations

import pytest
import torch

from comfy_core.sampling.prediction import EpsilonSampling, VelocitySampling
from comfy_core.sampling.run import is_max_denoise
from comfy_core.sampling.sample import cut
from comfy_core.sampling.schedulers import SCHEDULERS, calculate_sigmas, sigmas_for

MODEL = EpsilonSampling()
OWN_COUNT = {"ddim_uniform", "beta"}
"""Schedulers that visit trained levels only, each once: the number of steps is not always the one asked for."""


def test_the_schedule_of_stable_diffusion():
    assert len(MODEL.sigmas) == 1000
    assert float(MODEL.sigma_min) == pytest.approx(0.0291675, abs=1e-6)
    assert float(MODEL.sigma_max) == pytest.approx(14.614647, abs=1e-5)


def test_timesteps_and_sigmas_are_each_others_inverse():
    steps = torch.tensor([0, 1, 500, 999])
    assert MODEL.timestep(MODEL.sigma(steps)).tolist() == steps.tolist()
    between = MODEL.sigma(torch.tensor(10.25)).log()
    low, high = MODEL.sigmas[10].log(), MODEL.sigmas[11].log()
    assert float(between) == pytest.approx(float(0.75 * low + 0.25 * high), abs=1e-6)
    assert MODEL.timestep(torch.tensor([1e9, 1e-9])).tolist() == [999, 0]


def test_percents_of_the_way():
    assert MODEL.percent_to_sigma(0.0) > 1e8
    assert MODEL.percent_to_sigma(1.0) == 0.0
    assert MODEL.percent_to_sigma(0.5) == pytest.approx(float(MODEL.sigma(torch.tensor(499.5))))


@pytest.mark.parametrize("model", [EpsilonSampling(), VelocitySampling()])
def test_a_perfect_prediction_gives_the_clean_latent_back(model: EpsilonSampling):
    generator = torch.Generator().manual_seed(0)
    x0, noise = torch.randn(2, 2, 4, 3, 3, generator=generator).unbind(0)
    sigma = torch.tensor([0.5, 7.0])
    alpha = 1 / (1 + sigma**2).sqrt()[:, None, None, None]
    network_input = alpha * x0 + alpha * sigma[:, None, None, None] * noise
    x = model.noise_scaling(sigma, noise, x0)
    torch.testing.assert_close(model.calculate_input(sigma, x), network_input)
    target = noise
    if isinstance(model, VelocitySampling):
        target = alpha * noise - alpha * sigma[:, None, None, None] * x0
    torch.testing.assert_close(model.calculate_denoised(sigma, target, x), x0, rtol=1e-4, atol=1e-4)


def test_at_the_top_of_the_schedule_noise_has_the_variance_of_training():
    noise = torch.ones(1, 1, 1, 1)
    assert float(MODEL.noise_scaling(torch.tensor(3.0), noise, noise * 0, max_denoise=True)) == pytest.approx(10**0.5)
    assert float(MODEL.noise_scaling(torch.tensor(3.0), noise, noise * 0)) == 3.0
    assert is_max_denoise(MODEL, calculate_sigmas(MODEL, "karras", 5))
    assert not is_max_denoise(MODEL, torch.tensor([14.0, 0.0]))


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("steps", [1, 2, 7, 20, 1000])
def test_every_schedule_descends_from_the_top_to_zero(name: str, steps: int):
    sigmas = calculate_sigmas(MODEL, name, steps)
    if name not in OWN_COUNT:
        assert sigmas.shape == (steps + 1,)
    assert sigmas.dtype == torch.float32
    if name != "ddim_uniform":  # begins wherever its stride ends
        assert float(sigmas[0]) == pytest.approx(float(MODEL.sigma_max), rel=1e-5)
    assert sigmas[-1] == 0
    assert (sigmas.diff() < 0).all()


def test_known_schedules():
    """The first three of ten steps, worked out from the definitions in double precision; beta's places are scipy's."""
    a = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2, 0)
    levels = ((1 - a) / a).sqrt()
    logs = levels.log()
    expected = {
        "simple": levels[[999, 899, 799]],
        "normal": torch.stack([logs[999], logs[888], logs[777]]).exp(),
        "sgm_uniform": torch.stack(
            [logs[999], logs[899] + 0.1 * (logs[900] - logs[899]), logs[799] * 0.8 + logs[800] * 0.2]
        ).exp(),
        "karras": torch.tensor(
            [(levels[-1] ** (1 / 7) + i / 9 * (levels[0] ** (1 / 7) - levels[-1] ** (1 / 7))) ** 7 for i in range(3)]
        ),
        "exponential": torch.stack([logs[999] * (1 - i / 9) + logs[0] * i / 9 for i in range(3)]).exp(),
        "ddim_uniform": levels[[901, 801, 701]],
        "beta": levels[[999, 959, 876]],
        "linear_quadratic": levels[999] * torch.tensor([1, 0.995, 0.99]),
        "kl_optimal": torch.stack(
            [(levels[999].atan() * (1 - i / 9) + levels[0].atan() * i / 9).tan() for i in range(3)]
        ),
    }
    assert expected.keys() == SCHEDULERS.keys()
    for name, sigmas in expected.items():
        torch.testing.assert_close(
            calculate_sigmas(MODEL, name, 10)[:3].double(), sigmas.double(), rtol=2e-4, atol=1e-4
        )


def test_denoise_walks_the_end_of_a_longer_schedule():
    assert torch.equal(sigmas_for(MODEL, "normal", 20, 0.5), calculate_sigmas(MODEL, "normal", 40)[-21:])
    assert torch.equal(sigmas_for(MODEL, "normal", 20, 1.0), calculate_sigmas(MODEL, "normal", 20))
    assert len(sigmas_for(MODEL, "normal", 20, 0.0)) == 0


@pytest.mark.parametrize("denoise", [0.01, 0.05, 0.3, 0.33, 0.5, 0.75, 0.99, 0.9999])
@pytest.mark.parametrize("name", ["simple", "karras", "normal"])
def test_at_any_strength_the_last_steps_of_int_steps_by_denoise_are_walked(name: str, denoise: float):
    for steps in (1, 7, 20):
        sigmas = sigmas_for(MODEL, name, steps, denoise)
        assert len(sigmas) == steps + 1
        assert torch.equal(sigmas, calculate_sigmas(MODEL, name, int(steps / denoise))[-(steps + 1) :])
    dropped = sigmas_for(MODEL, name, 7, denoise, drop_penultimate=True)
    whole = calculate_sigmas(MODEL, name, int(7 / denoise) + 1)
    assert torch.equal(dropped, torch.cat([whole[:-2], whole[-1:]])[-8:])


def test_a_stretch_is_cut_out_of_a_schedule():
    sigmas = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0])
    assert cut(sigmas, None, None, False).tolist() == [4, 3, 2, 1, 0]
    assert cut(sigmas, 1, 3, False).tolist() == [3, 2, 1]
    assert cut(sigmas, 1, 3, True).tolist() == [3, 2, 0]
    assert cut(sigmas, 0, 10_000, False).tolist() == [4, 3, 2, 1, 0]
    assert len(cut(sigmas, 9, None, False)) == 0
    assert sigmas.tolist() == [4, 3, 2, 1, 0]


def test_an_unknown_scheduler_names_the_known_ones():
    with pytest.raises(ValueError, match="no scheduler 'karas'; pick one of: simple, "):
        calculate_sigmas(MODEL, "karas", 5)
