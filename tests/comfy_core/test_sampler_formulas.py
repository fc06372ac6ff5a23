"""Samplers against their papers' formulas, written out in double precision in the papers' own variables."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from comfy_core.sampling.prediction import EpsilonSampling, Flow
from comfy_core.sampling.samplers import sampler_object
from comfy_core.sampling.schedulers import karras
from tests.comfy_core.mixture import Mixture

SIGMAS = karras(EpsilonSampling(), 10).double()
LEVELS = SIGMAS.tolist()
START = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * SIGMAS[0]


def guess(x: Tensor, sigma: float) -> Tensor:
    return Mixture()(x, torch.full((len(x),), sigma, dtype=torch.float64))


def noise() -> Callable[..., Tensor]:
    source = torch.Generator().manual_seed(5)
    return lambda sigma, sigma_next: torch.randn(3, 2, generator=source, dtype=torch.float64)


def agree(name: str, expected: Tensor, model: Callable[..., Tensor] | None = None, **options) -> None:
    out = sampler_object(name).having(**options)(model or Mixture(), START, SIGMAS, disable=True)
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-6)


def test_ddpm_draws_from_the_posterior():
    """q(x_s | x_t, x0): mean sqrt(a_s) beta / (1 - a_t) x0 + sqrt(a) (1 - a_s) / (1 - a_t) x_t, variance
    beta (1 - a_s) / (1 - a_t) (Ho et al. 2020, equation 7)."""
    drawn, x = noise(), START / (1 + LEVELS[0] ** 2) ** 0.5
    for sigma, sigma_next in itertools.pairwise(LEVELS):
        a_t, a_s = 1 / (1 + sigma**2), 1 / (1 + sigma_next**2)
        beta = 1 - a_t / a_s
        x0 = guess(x / a_t**0.5, sigma)
        x = a_s**0.5 * beta / (1 - a_t) * x0 + (a_t / a_s) ** 0.5 * (1 - a_s) / (1 - a_t) * x
        if sigma_next:
            x = x + (beta * (1 - a_s) / (1 - a_t)) ** 0.5 * drawn(0, 0)
    agree("ddpm", x, noise_sampler=noise())


def test_lcm_noises_its_guess_anew():
    drawn, x = noise(), START
    for sigma, sigma_next in itertools.pairwise(LEVELS):
        x = guess(x, sigma)
        if sigma_next:
            x = x + sigma_next * drawn(0, 0)
    agree("lcm", x, noise_sampler=noise())


def test_lms_integrates_the_polynomial_through_the_last_slopes():
    """By a polynomial fit instead of quadrature."""
    x, slopes = START, []
    for i, (sigma, sigma_next) in enumerate(itertools.pairwise(LEVELS)):
        denoised = guess(x, sigma)
        slopes.append(((x - denoised) / sigma).flatten().numpy())
        if not sigma_next:
            x = denoised
            break
        known = slopes[-4:]
        fit = np.polyfit(LEVELS[i + 1 - len(known) : i + 1], np.stack(known), len(known) - 1)
        area = [np.polyval(np.polyint(one), [sigma, sigma_next]) for one in fit.T]
        x = x + torch.tensor([end - start for start, end in area]).view(3, 2)
    agree("lms", x)


def test_dpm_2_ancestral_is_a_midpoint_step_and_noise():
    drawn, x = noise(), START
    for sigma, sigma_next in itertools.pairwise(LEVELS):
        up = sigma_next * (1 - sigma_next**2 / sigma**2) ** 0.5
        down = (sigma_next**2 - up**2) ** 0.5
        d, middle = (x - guess(x, sigma)) / sigma, (sigma * down) ** 0.5
        if down:
            between = x + d * (middle - sigma)
            d = (between - guess(between, middle)) / middle
        x = x + d * (down - sigma)
        if sigma_next:
            x = x + up * drawn(0, 0)
    agree("dpm_2_ancestral", x, noise_sampler=noise())


def test_dpmpp_sde_is_two_stages_of_an_exponential_integrator():
    """In t = -log sigma, as k-diffusion writes it."""
    drawn, x = noise(), START
    for sigma, sigma_next in itertools.pairwise(LEVELS):
        denoised = guess(x, sigma)
        if not sigma_next:
            x = denoised
            break
        middle = np.exp((np.log(sigma) + np.log(sigma_next)) / 2)

        def stage(target: float, toward: Tensor, x: Tensor = x, sigma: float = sigma) -> Tensor:
            up = target * (1 - target**2 / sigma**2) ** 0.5
            down = (target**2 - up**2) ** 0.5
            return down / sigma * x - np.expm1(np.log(down / sigma)) * toward + up * drawn(0, 0)

        x = stage(sigma_next, guess(stage(middle, denoised), middle))
    agree("dpmpp_sde", x, noise_sampler=noise())


class Guided:
    """A model with guidance: the mixture's guess, which the options may look at, and another one without the prompt."""

    def __call__(self, x: Tensor, sigma: Tensor, model_options: dict, seed: int | None = None) -> Tensor:
        denoised, uncond = Mixture()(x, sigma), 0.5 * Mixture()(x, sigma)
        for change in model_options["sampler_post_cfg_function"]:
            denoised = change({"denoised": denoised, "uncond_denoised": uncond})
        return denoised


def test_cfg_pp_puts_back_the_noise_seen_without_the_prompt():
    x = START
    for sigma, sigma_next in itertools.pairwise(LEVELS):
        denoised = guess(x, sigma)
        x = denoised + sigma_next * (x - 0.5 * denoised) / sigma
    agree("euler_cfg_pp", x, Guided())


class FlowModel:
    """A rectified flow whose clean latent is always 2, known to samplers by its `inner_model`."""

    class Patcher:
        @staticmethod
        def get_model_object(name: str) -> Flow:
            return {"model_sampling": Flow()}[name]

    def __init__(self) -> None:
        self.inner_model, self.model_patcher = self, self.Patcher()

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return torch.full_like(x, 2.0)


def test_in_a_flow_an_ancestral_step_keeps_the_variance_and_the_clean_part():
    sigmas = torch.tensor([1.0, 0.6], dtype=torch.float64)
    x = torch.randn(200_000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for name in ("euler_ancestral", "dpm_2_ancestral", "dpmpp_2s_ancestral"):
        out = sampler_object(name)(FlowModel(), x, sigmas, disable=True, extra_args={})
        assert abs(float(out.mean()) - 0.4 * 2) < 0.01
        assert abs(float(out.std()) - 0.6) < 0.01
