"""Exponential integrators of higher order: RES and SEEDS.

They integrate polynomials of x0 exactly over a step h in lambda, which for an SDE counts as h (1 + eta) (Hochbruck &
Ostermann 2010, "Exponential integrators").
"""

from __future__ import annotations

import torch
from torch import Tensor

from comfy_core.sampling.noise import NoiseSampler
from comfy_core.sampling.samplers.denoiser import Denoiser, ancestral_step, phi_1, phi_2, to_d
from comfy_core.sampling.samplers.registry import sampler


@sampler("res_multistep", eta=0.0)
@sampler("res_multistep_cfg_pp", eta=0.0, cfg_pp=True)
@sampler("res_multistep_ancestral")
@sampler("res_multistep_ancestral_cfg_pp", cfg_pp=True)
def sample_res_multistep(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
    cfg_pp: bool = False,
) -> Tensor:
    """Refined exponential solver with the last guess as second point, to a lower level than asked where eta > 0.

    Zhang et al. 2023, https://arxiv.org/abs/2308.02157, algorithm 2. With `cfg_pp` the noise that is kept and the
    polynomial are those seen without the prompt (Chung et al. 2024, arXiv 2406.08070).
    """
    noise = noise_sampler or denoise.fresh_noise(x)
    last: tuple[Tensor, Tensor] | None = None
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised, uncond = denoise.both(x, sigma, step=i) if cfg_pp else (denoise(x, sigma, step=i),) * 2
        down, up = ancestral_step(sigma, sigma_next, eta)
        if down == 0 or last is None:
            x = denoised + to_d(x, sigma, uncond) * down
        else:
            last_uncond, last_down = last
            h = (sigma / down).log()
            c_2 = (last_down / sigmas[i - 1]).log() / h
            b_2 = (phi_2(h) / c_2).nan_to_num(0.0)
            b_1 = phi_1(h) - b_2
            x = down / sigma * (x + denoised - uncond) + b_1 * uncond + b_2 * last_uncond
        if sigma_next > 0 and eta > 0:
            x = x + noise(sigma, sigma_next) * s_noise * up
        last = uncond, down
    return x


@sampler("seeds_2")
@sampler("exp_heun_2_x0", eta=0.0, r=1.0, solver_type="phi_2")
@sampler("exp_heun_2_x0_sde", r=1.0, solver_type="phi_2")
def sample_seeds_2(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
    r: float = 0.5,
    solver_type: str = "phi_1",
) -> Tensor:
    """SEEDS-2: two stages, the first at the share `r` of the step; with r = 1 and `phi_2` it is exponential Heun.

    Gonzalez et al. 2023, https://arxiv.org/abs/2305.14267, algorithm 2. `phi_1` averages the two guesses, `phi_2`
    integrates the line through them. Raises ValueError for another `solver_type`.
    """
    if solver_type not in ("phi_1", "phi_2"):
        raise ValueError(f"solver_type is 'phi_1' or 'phi_2', not {solver_type!r}")
    noise = noise_sampler or denoise.fresh_noise(x)
    sigmas = denoise.finite(sigmas)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        if sigma_next == 0:
            return denoised
        step = SeedsStep(denoise, x, sigma, sigma_next, eta, s_noise, noise)
        denoised_2 = step.ask(r, phi_1(step.h_eta(r)) * denoised)
        total = phi_1(step.h_eta(1.0))
        b_2 = total / (2 * r) if solver_type == "phi_1" else phi_2(step.h_eta(1.0)) / r
        x = step.reach(1.0, (total - b_2) * denoised + b_2 * denoised_2)
    return x


@sampler("seeds_3")
def sample_seeds_3(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
    r_1: float = 1 / 3,
    r_2: float = 2 / 3,
) -> Tensor:
    """SEEDS-3: three stages (Gonzalez et al. 2023, https://arxiv.org/abs/2305.14267, algorithm 3)."""
    noise = noise_sampler or denoise.fresh_noise(x)
    sigmas = denoise.finite(sigmas)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        if sigma_next == 0:
            return denoised
        step = SeedsStep(denoise, x, sigma, sigma_next, eta, s_noise, noise)
        denoised_2 = step.ask(r_1, phi_1(step.h_eta(r_1)) * denoised)
        a_2 = r_2 / r_1 * phi_2(step.h_eta(r_2))
        denoised_3 = step.ask(r_2, (phi_1(step.h_eta(r_2)) - a_2) * denoised + a_2 * denoised_2)
        b_3 = phi_2(step.h_eta(1.0)) / r_2
        x = step.reach(1.0, (phi_1(step.h_eta(1.0)) - b_3) * denoised + b_3 * denoised_3)
    return x


class SeedsStep:
    """One step and the places inside it: all its stages share one path of noise, drawn piece by piece."""

    def __init__(
        self,
        denoise: Denoiser,
        x: Tensor,
        sigma: Tensor,
        sigma_next: Tensor,
        eta: float,
        s_noise: float,
        noise: NoiseSampler,
    ) -> None:
        self.denoise, self.x, self.sigma, self.sigma_next = denoise, x, sigma, sigma_next
        self.eta, self.s_noise, self.noise = eta, s_noise, noise
        self.h = denoise.lam(sigma_next) - denoise.lam(sigma)
        self.path, self.share, self.level = torch.zeros_like(x), 0.0, sigma

    def h_eta(self, share: float) -> Tensor:
        return share * self.h * (1 + self.eta)

    def reach(self, share: float, integral: Tensor) -> Tensor:
        """x at the share of the step, given the integral of x0 so far. Shares are reached in ascending order."""
        level = self._level(share)
        x = level / self.sigma * (-share * self.h * self.eta).exp() * self.x + self.denoise.alpha(level) * integral
        if self.eta > 0 and self.s_noise > 0:
            fading = (self.share - share) * self.h * self.eta
            fresh = (-(2 * fading).expm1()).sqrt() * self.noise(self.level, level)
            self.path, self.share, self.level = self.path * fading.exp() + fresh, share, level
            x = x + self.path * level * self.s_noise
        return x

    def ask(self, share: float, integral: Tensor) -> Tensor:
        """The model's guess at the share of the step."""
        return self.denoise(self.reach(share, integral), self._level(share))

    def _level(self, share: float) -> Tensor:
        if share == 1.0:
            return self.sigma_next
        return self.denoise.sigma(self.denoise.lam(self.sigma) + share * self.h)
