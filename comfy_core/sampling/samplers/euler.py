"""Samplers of first order: Euler's method, its ancestral form, CFG++, and those that only ever look at x0."""

from __future__ import annotations

from torch import Tensor

from comfy_core.sampling.noise import NoiseSampler
from comfy_core.sampling.samplers.denoiser import Denoiser, ancestral_step, to_d
from comfy_core.sampling.samplers.registry import sampler


@sampler("ddim", random_inpaint_noise=True)
@sampler("euler")
def sample_euler(denoise: Denoiser, x: Tensor, sigmas: Tensor) -> Tensor:
    """Follow the slope at the start of each step (Karras et al. 2022, arXiv 2206.00364, algorithm 2 without churn or
    correction). DDIM with eta 0 (Song et al. 2020, arXiv 2010.02502) is the same in terms of sigma."""
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        x = x + to_d(x, sigma, denoised) * (sigma_next - sigma)
    return x


@sampler("euler_ancestral")
def sample_euler_ancestral(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
) -> Tensor:
    """Step further down than asked, then add fresh noise up to the asked level; `eta` 0 is Euler, 1 is DDPM-like
    (Song et al. 2020, arXiv 2011.13456)."""
    noise = noise_sampler or denoise.fresh_noise(x)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        down, keep, up = denoise.ancestral_step(sigma, sigma_next, eta)
        x = x + to_d(x, sigma, denoised) * (down - sigma)
        if sigma_next > 0:
            x = keep * x + noise(sigma, sigma_next) * s_noise * up
    return x


@sampler("euler_cfg_pp", eta=0.0)
@sampler("euler_ancestral_cfg_pp")
def sample_euler_ancestral_cfg_pp(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
) -> Tensor:
    """CFG++: go to the guided x0, but put back the noise that is seen without the prompt.

    Chung et al. 2024, https://arxiv.org/abs/2406.08070, algorithm 2; the ancestral step is taken in sigma / alpha.
    """
    noise = noise_sampler or denoise.fresh_noise(x)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised, uncond = denoise.both(x, sigma, step=i)
        alpha, alpha_next = denoise.alpha(sigma), denoise.alpha(sigma_next)
        down, up = (alpha_next * one for one in ancestral_step(sigma / alpha, sigma_next / alpha_next, eta))
        x = alpha_next * denoised + down * (x - alpha * uncond) / sigma
        if sigma_next > 0 and eta > 0:
            x = x + noise(sigma, sigma_next) * s_noise * up
    return x


@sampler("gradient_estimation_cfg_pp", cfg_pp=True)
@sampler("gradient_estimation")
def sample_gradient_estimation(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, ge_gamma: float = 2.0, cfg_pp: bool = False
) -> Tensor:
    """Euler along a slope corrected by the last one, d + (gamma - 1) (d - d_last).

    Permenter & Yuan 2023, https://arxiv.org/abs/2306.04848, algorithm 2.
    """
    last_d: Tensor | None = None
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised, uncond = denoise.both(x, sigma, step=i) if cfg_pp else (denoise(x, sigma, step=i),) * 2
        d = to_d(x, sigma, uncond)
        x = denoised + d * sigma_next
        if last_d is not None and sigma_next > 0:
            x = x + (ge_gamma - 1) * (d - last_d) * (sigma_next - sigma)
        last_d = d
    return x


@sampler("ddpm")
def sample_ddpm(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise_sampler: NoiseSampler | None = None) -> Tensor:
    """The posterior q(x_prev | x, x0) of the diffusion in x / sqrt(1 + sigma²), whatever the size of the step.

    Ho et al. 2020, https://arxiv.org/abs/2006.11239, equation 11; a_bar = 1 / (1 + sigma²).
    """
    noise = noise_sampler or denoise.fresh_noise(x)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        eps = to_d(x, sigma, denoise(x, sigma, step=i))
        a_bar, a_bar_next = 1 / (1 + sigma**2), 1 / (1 + sigma_next**2)
        a = a_bar / a_bar_next
        x = (x * a_bar.sqrt() - (1 - a) / (1 - a_bar).sqrt() * eps) / a.sqrt()
        if sigma_next > 0:
            beta = (1 - a) * (1 - a_bar_next) / (1 - a_bar)
            x = (x + beta.sqrt() * noise(sigma, sigma_next)) / a_bar_next.sqrt()
    return x


@sampler("lcm")
def sample_lcm(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise_sampler: NoiseSampler | None = None,
    s_noise: float = 1.0,
    s_noise_end: float | None = None,
    noise_clip_std: float = 0.0,
) -> Tensor:
    """Jump to x0 and noise it to the next level (Luo et al. 2023, https://arxiv.org/abs/2310.04378, algorithm 3).

    The strength of the noise goes from `s_noise` to `s_noise_end` over the steps; `noise_clip_std` cuts the noise off
    at so many standard deviations (0 does not).
    """
    noise = noise_sampler or denoise.fresh_noise(x)
    last = s_noise if s_noise_end is None else s_noise_end
    for i, sigma, sigma_next in denoise.steps(sigmas):
        x = denoise(x, sigma, step=i)
        if sigma_next > 0:
            drawn = noise(sigma, sigma_next)
            if noise_clip_std > 0:
                limit = noise_clip_std * float(drawn.std())
                drawn = drawn.clamp(-limit, limit)
            strength = s_noise + (last - s_noise) * i / max(len(sigmas) - 3, 1)
            x = denoise.alpha(sigma_next) * x + sigma_next * strength * drawn
    return x
