"""DPM-Solver and its two-stage relatives: exponential integrators of the noise.

Lu et al. 2022, "DPM-Solver: A Fast ODE Solver for Diffusion Probabilistic Model Sampling in Around 10 Steps",
https://arxiv.org/abs/2206.00927. Its time is t = -log sigma.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from comfy_core.sampling.noise import NoiseSampler
from comfy_core.sampling.samplers.denoiser import Denoiser, ancestral_step, to_d
from comfy_core.sampling.samplers.registry import sampler


@sampler("dpm_2", drop_penultimate=True)
def sample_dpm_2(denoise: Denoiser, x: Tensor, sigmas: Tensor) -> Tensor:
    """Follow the slope at the middle (in log sigma) of each step, after the DPM-Solver-2 of Karras et al. 2022
    (arXiv 2206.00364, table 1). Two evaluations a step, one for a step to 0."""
    for i, sigma, sigma_next in denoise.steps(sigmas):
        d = to_d(x, sigma, denoise(x, sigma, step=i))
        if sigma_next > 0:
            d = _slope_at_the_middle(denoise, x, d, sigma, sigma_next)
        x = x + d * (sigma_next - sigma)
    return x


@sampler("dpm_2_ancestral", drop_penultimate=True)
def sample_dpm_2_ancestral(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
) -> Tensor:
    """As `dpm_2`, to a lower level than asked, and fresh noise up from there."""
    noise = noise_sampler or denoise.fresh_noise(x)
    for i, sigma, sigma_next in denoise.steps(sigmas):
        d = to_d(x, sigma, denoise(x, sigma, step=i))
        down, keep, up = denoise.ancestral_step(sigma, sigma_next, eta)
        if down > 0:
            d = _slope_at_the_middle(denoise, x, d, sigma, down)
        x = x + d * (down - sigma)
        if sigma_next > 0:
            x = keep * x + noise(sigma, sigma_next) * s_noise * up
    return x


def _slope_at_the_middle(denoise: Denoiser, x: Tensor, d: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    middle = (sigma * sigma_next).sqrt()
    x_middle = x + d * (middle - sigma)
    return to_d(x_middle, middle, denoise(x_middle, middle))


class DPMSolver:
    """The steps of order 1, 2 and 3 of one evaluation point on (section 4.1 and appendix D.2).

    Stages are evaluated once and kept, so that steps of different order from one point share them.
    """

    def __init__(self, denoise: Denoiser, x: Tensor, t: Tensor, step: int) -> None:
        self.denoise, self.x, self.t = denoise, x, t
        sigma = (-t).exp()
        self.denoised = denoise(x, sigma, step=step)
        self.eps = to_d(x, sigma, self.denoised)
        self.stages: dict[str, Tensor] = {}

    def first(self, t_next: Tensor) -> Tensor:
        """x - sigma_next (e^h - 1) eps."""
        return self.x - (-t_next).exp() * (t_next - self.t).expm1() * self.eps

    def second(self, t_next: Tensor, r1: float = 1 / 2) -> Tensor:
        h = t_next - self.t
        change = self._stage("1", self.t + r1 * h, self.first) - self.eps
        return self.first(t_next) - (-t_next).exp() / (2 * r1) * h.expm1() * change

    def third(self, t_next: Tensor, r1: float = 1 / 3, r2: float = 2 / 3) -> Tensor:
        h = t_next - self.t

        def to_r2(s2: Tensor) -> Tensor:
            change = self._stage("1", self.t + r1 * h, self.first) - self.eps
            return self.first(s2) - (-s2).exp() * (r2 / r1) * _phi(r2 * h) * change

        change = self._stage("2", self.t + r2 * h, to_r2) - self.eps
        return self.first(t_next) - (-t_next).exp() / r2 * _phi(h) * change

    def _stage(self, name: str, t: Tensor, reach: Callable[[Tensor], Tensor]) -> Tensor:
        if name not in self.stages:
            x, sigma = reach(t), (-t).exp()
            self.stages[name] = to_d(x, sigma, self.denoise(x, sigma))
        return self.stages[name]


def _phi(h: Tensor) -> Tensor:
    """(e^h - 1) / h - 1."""
    return h.expm1() / h - 1


@sampler("dpm_fast")
def sample_dpm_fast(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 0.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
) -> Tensor:
    """DPM-Solver-fast (section 3.4): as many evaluations as the schedule has steps, spent on steps of order 3 between
    the first level and the last above 0, evenly spaced in log sigma."""
    noise = noise_sampler or denoise.fresh_noise(x)
    start, end, evaluations = *_ends(sigmas), len(sigmas) - 1
    steps = evaluations // 3 + 1
    rest = [2, 1] if evaluations % 3 == 0 else [evaluations % 3]
    orders = [3] * (steps - len(rest)) + rest
    times = torch.linspace(float(start), float(end), steps + 1, dtype=sigmas.dtype, device=sigmas.device)
    for i, (order, t, t_next) in enumerate(zip(orders, times, times[1:], strict=False)):
        t_down, up = _ancestral_time(t, t_next, end, eta)
        solver = DPMSolver(denoise, x, t, i)
        x = (solver.first, solver.second, solver.third)[order - 1](t_down)
        if eta:
            x = x + up * s_noise * noise((-t).exp(), (-t_next).exp())
    return x


@sampler("dpm_adaptive")
def sample_dpm_adaptive(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    order: int = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    eta: float = 0.0,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
) -> Tensor:
    """DPM-Solver-12 or -23 with steps as long as the difference of the two orders allows (appendix C).

    The number of steps of the schedule does not matter, only where it begins and its last level above 0.
    """
    if order not in (2, 3):
        raise ValueError(f"order is 2 or 3, not {order}")
    noise = noise_sampler or denoise.fresh_noise(x)
    t, end = _ends(sigmas)
    control = StepSize(h_init, pcoeff, icoeff, dcoeff, 1.5 if eta else order, accept_safety)
    x_before, i = x, 0
    while t < end - 1e-5:
        t_next = torch.minimum(end, t + control.h)
        t_down, up = _ancestral_time(t, t_next, end, eta)
        solver = DPMSolver(denoise, x, t, i)
        low = solver.first(t_down) if order == 2 else solver.second(t_down, r1=1 / 3)
        high = solver.second(t_down) if order == 2 else solver.third(t_down)
        allowed = torch.maximum(low.abs(), x_before.abs()).mul(rtol).clamp(min=atol)
        if control.accepts(float(((low - high) / allowed).square().mean().sqrt())):
            x_before, x = low, high
            if eta:
                x = x + up * s_noise * noise((-t).exp(), (-t_next).exp())
            t = t_next
        i += 1
    return x


class StepSize:
    """A PID controller of the step size h: Söderlind 2003, "Digital filters in adaptive time-stepping"."""

    def __init__(self, h: float, p: float, i: float, d: float, order: float, accept_safety: float) -> None:
        self.h, self.accept_safety = h, accept_safety
        self.powers = ((p + i + d) / order, -(p + 2 * d) / order, d / order)
        self.past: tuple[float, float] | None = None

    def accepts(self, error: float) -> bool:
        """Whether a step with this error (1 is just allowed) stands; sets h for the next one either way."""
        inverse = 1 / (error + 1e-8)
        past = self.past or (inverse, inverse)
        factor = math.prod(one**power for one, power in zip((inverse, *past), self.powers, strict=True))
        factor = 1 + math.atan(factor - 1)
        accepted = factor >= self.accept_safety
        self.past = (inverse, past[0]) if accepted else past
        self.h *= factor
        return accepted


def _ends(sigmas: Tensor) -> tuple[Tensor, Tensor]:
    return -sigmas[0].log(), -sigmas[sigmas > 0][-1].log()


def _ancestral_time(t: Tensor, t_next: Tensor, end: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    """(t_down, sigma_up) of an ancestral step that goes no further than `end`."""
    if not eta:
        return t_next, torch.zeros_like(t)
    down, _ = ancestral_step((-t).exp(), (-t_next).exp(), eta)
    t_down = torch.minimum(end, -down.log())
    return t_down, ((-2 * t_next).exp() - (-2 * t_down).exp()).clamp(min=0).sqrt()
