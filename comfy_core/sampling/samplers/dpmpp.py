"""DPM-Solver++: exponential integrators of the clean latent, with one stage or two and as ODE or SDE.

Lu et al. 2022, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models",
https://arxiv.org/abs/2211.01095. The integral of x0 over a step in lambda is done exactly for a polynomial x0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from comfy_core.sampling.noise import NoiseSampler
from comfy_core.sampling.samplers.denoiser import Denoiser, ancestral_step, phi_1, phi_2, phi_3, toward
from comfy_core.sampling.samplers.registry import sampler

HALF = 1 / 2
ALMOST_ALL_NOISE = 0.9999


@sampler("dpmpp_2s_ancestral")
def sample_dpmpp_2s_ancestral(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
) -> Tensor:
    """DPM-Solver++(2S) (algorithm 1, r = 1/2) to a lower level than asked, and fresh noise up from there."""
    noise = noise_sampler or denoise.fresh_noise(x)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        down, keep, up = denoise.ancestral_step(sigma, sigma_next, eta)
        if down > 0:
            middle = _middle(denoise, sigma, down)
            denoised = denoise(toward(denoised, x, middle / sigma), middle)
        x = toward(denoised, x, down / sigma)
        if sigma_next > 0:
            x = keep * x + noise(sigma, sigma_next) * s_noise * up
    return x


@sampler("dpmpp_2s_ancestral_cfg_pp")
def sample_dpmpp_2s_ancestral_cfg_pp(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
) -> Tensor:
    """As `dpmpp_2s_ancestral` with CFG++ (Chung et al. 2024, arXiv 2406.08070): the noise that is kept is the one seen
    without the prompt, so x moves by guided minus unguided before it is scaled."""
    noise = noise_sampler or denoise.fresh_noise(x)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised, uncond = denoise.both(x, sigma, step=i)
        down, up = ancestral_step(sigma, sigma_next, eta)
        if down > 0:
            middle = (sigma * down).sqrt()
            x = x + denoised - uncond
            denoised = denoise(toward(denoised, x, middle / sigma), middle)
            x = toward(denoised, x, down / sigma)
        else:
            x = denoised
        if sigma_next > 0:
            x = x + noise(sigma, sigma_next) * s_noise * up
    return x


@sampler("dpmpp_sde")
@sampler("dpmpp_sde_gpu", noise_device="gpu")
def sample_dpmpp_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
    r: float = HALF,
    noise_device: str = "cpu",
) -> Tensor:
    """DPM-Solver++(2S) as an SDE: both its stages are ancestral, with the noise of one Brownian path."""
    noise = noise_sampler or denoise.brownian_noise(x, sigmas, noise_device)
    sigmas = denoise.finite(sigmas)

    def stage(x: Tensor, guess: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        alpha, alpha_next = denoise.alpha(sigma), denoise.alpha(sigma_next)
        down, up = ancestral_step(sigma / alpha, sigma_next / alpha_next, eta)
        x = alpha_next * toward(guess, x / alpha, down * alpha / sigma)
        return x + alpha_next * noise(sigma, sigma_next) * s_noise * up if eta > 0 and s_noise > 0 else x

    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        if sigma_next == 0:
            return denoised
        middle = denoise.sigma(torch.lerp(denoise.lam(sigma), denoise.lam(sigma_next), r))
        denoised_middle = denoise(stage(x, denoised, sigma, middle), middle)
        x = stage(x, torch.lerp(denoised, denoised_middle, 1 / (2 * r)), sigma, sigma_next)
    return x


@sampler("dpmpp_2m")
def sample_dpmpp_2m(denoise: Denoiser, x: Tensor, sigmas: Tensor) -> Tensor:
    """DPM-Solver++(2M) (algorithm 2): the slope of x0 comes from this step's guess and the last one's."""
    last: tuple[Tensor, Tensor] | None = None
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        h = (sigma / sigma_next).log()
        guess = denoised
        if last is not None and sigma_next > 0:
            last_denoised, last_h = last
            guess = denoised + h / (2 * last_h) * (denoised - last_denoised)
        x = toward(guess, x, sigma_next / sigma)
        last = denoised, h
    return x


@sampler("dpmpp_2m_cfg_pp")
def sample_dpmpp_2m_cfg_pp(denoise: Denoiser, x: Tensor, sigmas: Tensor) -> Tensor:
    """As `dpmpp_2m` with CFG++ (Chung et al. 2024, arXiv 2406.08070): the noise that is kept is the one seen without
    the prompt."""
    last: tuple[Tensor, Tensor] | None = None
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised, uncond = denoise.both(x, sigma, step=i)
        h, share = (sigma / sigma_next).log(), sigma_next / sigma
        x = denoised + share * (x - uncond)
        if last is not None and sigma_next > 0:
            last_uncond, last_h = last
            x = x + (1 - share) * h / (2 * last_h) * (denoised - last_uncond)
        last = uncond, h
    return x


@sampler("dpmpp_2m_sde")
@sampler("dpmpp_2m_sde_gpu", noise_device="gpu")
@sampler("dpmpp_2m_sde_heun", solver_type="heun")
@sampler("dpmpp_2m_sde_heun_gpu", solver_type="heun", noise_device="gpu")
def sample_dpmpp_2m_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
    solver_type: str = "midpoint",
    noise_device: str = "cpu",
) -> Tensor:
    """SDE-DPM-Solver++(2M) (appendix D.4): as `dpmpp_2m`, with noise taken out and put back along one Brownian path.

    `solver_type` is `midpoint` or `heun`. Raises ValueError for another one.
    """
    if solver_type not in ("midpoint", "heun"):
        raise ValueError(f"solver_type is 'midpoint' or 'heun', not {solver_type!r}")
    noise = noise_sampler or denoise.brownian_noise(x, sigmas, noise_device)
    sigmas = denoise.finite(sigmas)
    last: tuple[Tensor, Tensor] | None = None
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        if sigma_next == 0:
            return denoised
        h = denoise.lam(sigma_next) - denoise.lam(sigma)
        h_eta = h * (1 + eta)
        change = torch.zeros_like(x)
        if last is not None:
            slope = (denoised - last[0]) * (h / last[1])
            change = slope * (phi_1(h_eta) / 2 if solver_type == "midpoint" else phi_2(h_eta))
        x = _sde_step(denoise, x, sigma, sigma_next, phi_1(h_eta) * denoised + change, eta, s_noise, noise)
        last = denoised, h
    return x


@sampler("dpmpp_3m_sde")
@sampler("dpmpp_3m_sde_gpu", noise_device="gpu")
def sample_dpmpp_3m_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
    noise_device: str = "cpu",
) -> Tensor:
    """SDE-DPM-Solver++(3M): slope and curvature of x0 from the last two guesses, by divided differences.

    The third order of Lu et al. 2022 (appendix B) with the noise of their SDE solver, as K. Crowson put them together.
    """
    noise = noise_sampler or denoise.brownian_noise(x, sigmas, noise_device)
    sigmas = denoise.finite(sigmas)
    past: list[tuple[Tensor, Tensor]] = []
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        if sigma_next == 0:
            return denoised
        h = denoise.lam(sigma_next) - denoise.lam(sigma)
        h_eta = h * (1 + eta)
        guess = phi_1(h_eta) * denoised
        if past:
            denoised_1, r_0 = past[0][0], past[0][1] / h
            slope = (denoised - denoised_1) / r_0
            if len(past) == 2:
                denoised_2, h_2 = past[1]
                r_1 = h_2 / h
                curve = (slope - (denoised_1 - denoised_2) / r_1) / (r_0 + r_1)
                slope = slope + curve * r_0
                guess = guess - phi_3(h_eta) * curve
            guess = guess + phi_2(h_eta) * slope
        x = _sde_step(denoise, x, sigma, sigma_next, guess, eta, s_noise, noise)
        past = [(denoised, h), *past[:1]]
    return x


def _sde_step(
    denoise: Denoiser,
    x: Tensor,
    sigma: Tensor,
    sigma_next: Tensor,
    integral: Tensor,
    eta: float,
    s_noise: float,
    noise: NoiseSampler,
) -> Tensor:
    """Keep what a step keeps of x, add the integral of x0 over it, and the noise that was made anew."""
    h = denoise.lam(sigma_next) - denoise.lam(sigma)
    x = sigma_next / sigma * (-h * eta).exp() * x + denoise.alpha(sigma_next) * integral
    if eta > 0 and s_noise > 0:
        x = x + noise(sigma, sigma_next) * sigma_next * (-(-2 * h * eta).expm1()).sqrt() * s_noise
    return x


def _middle(denoise: Denoiser, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    """The level halfway in lambda; from all noise of a flow, which has no lambda, one just below it."""
    if denoise.flow and sigma >= 1:
        return torch.full_like(sigma, ALMOST_ALL_NOISE)
    return denoise.sigma(torch.lerp(denoise.lam(sigma), denoise.lam(sigma_next), HALF))
