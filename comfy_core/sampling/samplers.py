"""Samplers: each is one function that walks x down a list of noise levels.

`model(x, sigma, **extra_args)` answers with the clean latent it sees in x [B, ...] at the levels sigma [B];
`sigmas` [steps + 1] descend, usually to 0. `callback` hears of every step. A sampler is registered under the name
that workflows use and becomes a choice of every KSampler by that alone.

Notation: x is at noise level sigma, x = x0 + sigma * noise; d = dx/dsigma = (x - x0) / sigma. Karras et al. 2022,
"Elucidating the Design Space of Diffusion-Based Generative Models", https://arxiv.org/abs/2206.00364.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from tqdm import trange

from comfy_core.sampling.noise import NoiseSampler, brownian_noise_sampler, default_noise_sampler

Callback = Callable[[dict[str, Any]], None]
SamplerFunction = Callable[..., Tensor]


@dataclass(frozen=True)
class Sampler:
    """A registered sampler. With `random_inpaint_noise` the untouched part of an inpainted latent gets noise of its own
    instead of the run's starting noise."""

    function: SamplerFunction
    random_inpaint_noise: bool = False


SAMPLERS: dict[str, Sampler] = {}


def sampler(name: str, random_inpaint_noise: bool = False) -> Callable[[SamplerFunction], SamplerFunction]:
    """Register a sampler under the name that workflows use."""

    def register(function: SamplerFunction) -> SamplerFunction:
        SAMPLERS[name] = Sampler(function, random_inpaint_noise)
        return function

    return register


def sampler_object(name: str) -> Sampler:
    """The sampler of a name. Raises ValueError for an unknown one."""
    if name not in SAMPLERS:
        raise ValueError(f"there is no sampler {name!r}; pick one of: {', '.join(SAMPLERS)}")
    return SAMPLERS[name]


@sampler("euler")
@torch.no_grad()
def sample_euler(model, x, sigmas, extra_args=None, callback=None, disable=None) -> Tensor:
    """Follow the slope at the start of each step (Karras et al. 2022, algorithm 2 without churn or correction)."""
    denoise = Denoiser(model, extra_args, callback, disable)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma)
        denoise.tell(i, x, sigma, denoised)
        x = x + to_d(x, sigma, denoised) * (sigma_next - sigma)
    return x


@sampler("euler_ancestral")
@torch.no_grad()
def sample_euler_ancestral(
    model, x, sigmas, extra_args=None, callback=None, disable=None, eta=1.0, s_noise=1.0, noise_sampler=None
) -> Tensor:
    """Step further down than asked, then add fresh noise up to the asked level; `eta` 0 is Euler, 1 is DDPM-like."""
    denoise = Denoiser(model, extra_args, callback, disable)
    noise_sampler = noise_sampler or default_noise_sampler(x, seed=denoise.seed)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma)
        denoise.tell(i, x, sigma, denoised)
        sigma_down, sigma_up = ancestral_step(sigma, sigma_next, eta)
        x = x + to_d(x, sigma, denoised) * (sigma_down - sigma)
        if sigma_next > 0:
            x = x + noise_sampler(sigma, sigma_next) * s_noise * sigma_up
    return x


@sampler("heun")
@torch.no_grad()
def sample_heun(model, x, sigmas, extra_args=None, callback=None, disable=None) -> Tensor:
    """Follow the mean of the slopes at both ends of each step (Karras et al. 2022, algorithm 1). Two evaluations a
    step, but the last one to 0 is Euler's."""
    denoise = Denoiser(model, extra_args, callback, disable)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma)
        denoise.tell(i, x, sigma, denoised)
        d = to_d(x, sigma, denoised)
        x_next = x + d * (sigma_next - sigma)
        if sigma_next > 0:
            d_next = to_d(x_next, sigma_next, denoise(x_next, sigma_next))
            x_next = x + (d + d_next) / 2 * (sigma_next - sigma)
        x = x_next
    return x


@sampler("dpmpp_2m")
@torch.no_grad()
def sample_dpmpp_2m(model, x, sigmas, extra_args=None, callback=None, disable=None) -> Tensor:
    """DPM-Solver++(2M): an exponential integrator whose slope comes from this step's guess and the last one's.

    Lu et al. 2022, https://arxiv.org/abs/2211.01095, algorithm 2, with alpha = 1 and lambda = -log sigma.
    """
    denoise = Denoiser(model, extra_args, callback, disable)
    last_denoised: Any = None
    last_h: Any = None
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma)
        denoise.tell(i, x, sigma, denoised)
        h = sigma.log() - sigma_next.log()
        guess = denoised
        if last_h is not None and sigma_next > 0:
            r = last_h / h
            guess = (1 + 1 / (2 * r)) * denoised - 1 / (2 * r) * last_denoised
        x = sigma_next / sigma * x - (-h).expm1() * guess
        last_denoised, last_h = denoised, h
    return x


@sampler("dpmpp_2m_sde")
@torch.no_grad()
def sample_dpmpp_2m_sde(
    model,
    x,
    sigmas,
    extra_args=None,
    callback=None,
    disable=None,
    eta=1.0,
    s_noise=1.0,
    noise_sampler=None,
    solver_type="midpoint",
) -> Tensor:
    """SDE-DPM-Solver++(2M): as `dpmpp_2m`, with noise taken out and put back along one Brownian path.

    Lu et al. 2022, https://arxiv.org/abs/2211.01095, appendix; `solver_type` is `midpoint` or `heun`. Raises
    ValueError for another one.
    """
    if solver_type not in ("midpoint", "heun"):
        raise ValueError(f"solver_type is 'midpoint' or 'heun', not {solver_type!r}")
    denoise = Denoiser(model, extra_args, callback, disable)
    noise_sampler = noise_sampler or _brownian(x, sigmas, denoise.seed)
    last_denoised: Any = None
    last_h: Any = None
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma)
        denoise.tell(i, x, sigma, denoised)
        if sigma_next == 0:
            return denoised
        h = sigma.log() - sigma_next.log()
        gone = -(-h * (1 + eta)).expm1()
        x = sigma_next / sigma * (-h * eta).exp() * x + gone * denoised
        if last_h is not None:
            slope = (denoised - last_denoised) * (h / last_h)
            x = x + slope * (gone / 2 if solver_type == "midpoint" else 1 - gone / (h * (1 + eta)))
        if eta > 0 and s_noise > 0:
            x = x + noise_sampler(sigma, sigma_next) * sigma_next * (-(-2 * h * eta).expm1()).sqrt() * s_noise
        last_denoised, last_h = denoised, h
    return x


@sampler("ddim", random_inpaint_noise=True)
def sample_ddim(model, x, sigmas, extra_args=None, callback=None, disable=None) -> Tensor:
    """DDIM with eta 0 (Song et al. 2020, https://arxiv.org/abs/2010.02502): in terms of sigma it is Euler's method."""
    return sample_euler(model, x, sigmas, extra_args, callback, disable)


def to_d(x: Tensor, sigma: Tensor, denoised: Tensor) -> Tensor:
    """The slope dx/dsigma that leads from x to `denoised`."""
    return (x - denoised) / sigma


def ancestral_step(sigma: Tensor, sigma_next: Tensor, eta: float = 1.0) -> tuple[Tensor, Tensor]:
    """(sigma_down, sigma_up): go down to the first, add noise of the second, and be at `sigma_next`.

    sigma_up² = eta² sigma_next² (sigma² - sigma_next²) / sigma², held below sigma_next;
    sigma_down² = sigma_next² - sigma_up². Song et al. 2020, https://arxiv.org/abs/2011.13456, equation 47.
    """
    up = eta * sigma_next * (1 - (sigma_next / sigma) ** 2).clamp(min=0).sqrt()
    sigma_up = torch.minimum(sigma_next, up)
    return (sigma_next**2 - sigma_up**2).sqrt(), sigma_up


class Denoiser:
    """A model as a sampler likes to call it: one sigma for the whole batch. Has the bar, the callback and the seed."""

    def __init__(
        self,
        model: Callable[..., Tensor],
        extra_args: dict[str, Any] | None,
        callback: Callback | None,
        disable: bool | None,
    ) -> None:
        self.model, self.callback, self.disable = model, callback, disable
        self.extra_args = extra_args or {}

    @property
    def seed(self) -> int | None:
        return self.extra_args.get("seed")

    def steps(self, sigmas: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
        """(number, sigma, next sigma) of each step, with a progress bar."""
        for i in trange(len(sigmas) - 1, disable=self.disable):
            yield i, sigmas[i], sigmas[i + 1]

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.model(x, sigma * x.new_ones(len(x)), **self.extra_args)

    def tell(self, i: int, x: Tensor, sigma: Tensor, denoised: Tensor) -> None:
        if self.callback is not None:
            self.callback({"i": i, "x": x, "sigma": sigma, "sigma_hat": sigma, "denoised": denoised})


def _brownian(x: Tensor, sigmas: Tensor, seed: int | None) -> NoiseSampler:
    return brownian_noise_sampler(x, float(sigmas[sigmas > 0].min()), float(sigmas.max()), seed)
