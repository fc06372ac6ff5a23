"""Multistep solvers of a whole family of SDEs, from no noise at all to more than the forward process has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from comfy_core.sampling.noise import NoiseSampler
from comfy_core.sampling.prediction import EpsilonSampling
from comfy_core.sampling.samplers.denoiser import Denoiser
from comfy_core.sampling.samplers.quadrature import lagrange_integrals
from comfy_core.sampling.samplers.registry import sampler

NoiseScaler = Callable[[Tensor], Tensor]
INTEGRATION_POINTS = 200


def er_sde_scaler(x: Tensor) -> Tensor:
    """The noise scale function that the paper recommends (ER-SDE 5)."""
    return x * ((x**0.3).exp() + 10.0)


@sampler("er_sde")
def sample_er_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
    noise_scaler: NoiseScaler | None = None,
    max_stage: int = 3,
) -> Tensor:
    """Extended reverse-time SDE solver of order 1 to 3 in sigma / alpha; `noise_scaler` x is the ODE.

    Cui et al. 2023, https://arxiv.org/abs/2309.06169, algorithm 2 and equations 22 to 24, with the integrals of
    1 / scaler taken as sums over 200 points.
    """
    noise, scaler = noise_sampler or denoise.fresh_noise(x), noise_scaler or er_sde_scaler
    sigmas = denoise.finite(sigmas)
    levels = sigmas / denoise.alpha(sigmas)
    past: list[Tensor] = []
    last_slope: Tensor | None = None
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        if sigma_next == 0:
            return denoised
        s, t, alpha_next = levels[i], levels[i + 1], denoise.alpha(sigma_next)
        r = scaler(t) / scaler(s)
        clean = r * x / denoise.alpha(sigma) + (1 - r) * denoised
        stage = min(max_stage, i + 1)
        if stage >= 2:
            width = (s - t) / INTEGRATION_POINTS
            points = t + torch.arange(INTEGRATION_POINTS, dtype=t.dtype, device=t.device) * width
            slope = (denoised - past[-1]) / (s - levels[i - 1])
            clean = clean + (t - s + (width / scaler(points)).sum() * scaler(t)) * slope
            if stage >= 3 and last_slope is not None:
                curve = (slope - last_slope) / ((s - levels[i - 2]) / 2)
                tail = (width * (points - s) / scaler(points)).sum() * scaler(t)
                clean = clean + ((t - s) ** 2 / 2 + tail) * curve
            last_slope = slope
        if s_noise > 0:
            spread = (t**2 - (s * r) ** 2).clamp(min=0).sqrt()
            clean = clean + noise(sigma, sigma_next) * s_noise * spread
        x = alpha_next * clean
        past = [denoised]
    return x


@sampler("sa_solver")
@sampler("sa_solver_pece", use_pece=True)
def sample_sa_solver(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    predictor_order: int = 3,
    corrector_order: int = 4,
    use_pece: bool = False,
    tau_func: Callable[[Tensor], float] | None = None,
    s_noise: float = 1.0,
    noise_sampler: NoiseSampler | None = None,
    simple_order_2: bool = False,
) -> Tensor:
    """SA-Solver: stochastic Adams, a predictor and a corrector that shares its noise.

    Xue et al. 2023, https://arxiv.org/abs/2309.05019, algorithm 1. `tau_func(sigma)` is how stochastic a step is: 0 an
    ODE, 1 the reverse SDE (by default 1 between 20 % and 80 % of the way). With `use_pece` the corrected x is
    evaluated again. With `simple_order_2` coefficients of order 2 are the paper's rounder ones (its appendix D).
    """
    noise = noise_sampler or denoise.fresh_noise(x)
    tau_func = tau_func or tau_between(denoise.sampling or EpsilonSampling(), 0.2, 0.8)
    sigmas = denoise.finite(sigmas)
    lambdas = denoise.lam(sigmas).double().cpu().numpy()
    to_zero, last = sigmas[-1] == 0, len(sigmas) - 1
    guesses: list[Tensor] = []
    x_predicted, tau, fresh, h = x, 0.0, torch.zeros_like(x), 0.0
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x_predicted, sigma, step=i)
        guesses = [*guesses, denoised][-max(predictor_order, corrector_order) :]
        p_order, c_order = min(predictor_order, len(guesses)), min(corrector_order, len(guesses))
        if to_zero:
            p_order, c_order = min(p_order, last - 1 - i), min(c_order, last - i)
        if i == 0 or (sigma_next == 0 and not use_pece):
            c_order = 0

        if c_order == 0:
            x = x_predicted
        else:
            weights = _adams(lambdas[: i + 1], c_order, lambdas[i - 1], lambdas[i], tau, simple_order_2, True)
            x = sigma / sigmas[i - 1] * float(np.exp(-(tau**2) * h)) * x + fresh
            x = x + denoise.alpha(sigma) * _combined(weights, guesses)
            if use_pece:
                denoised = denoise(x, sigma)
                guesses[-1] = denoised
        if sigma_next == 0:
            return denoised

        tau, h = tau_func(sigma_next), float(lambdas[i + 1] - lambdas[i])
        weights = _adams(lambdas[: i + 1], p_order, lambdas[i], lambdas[i + 1], tau, simple_order_2, False)
        fresh = torch.zeros_like(x)
        if tau > 0 and s_noise > 0:
            fresh = noise(sigma, sigma_next) * sigma_next * float(np.sqrt(-np.expm1(-2 * tau**2 * h))) * s_noise
        x_predicted = sigma_next / sigma * float(np.exp(-(tau**2) * h)) * x + fresh
        x_predicted = x_predicted + denoise.alpha(sigma_next) * _combined(weights, guesses)
    return x_predicted


def tau_between(sampling: Any, start_percent: float, end_percent: float, eta: float = 1.0) -> Callable[[Tensor], float]:
    """`eta` between two shares of the way of a model's schedule, else 0."""
    high, low = sampling.percent_to_sigma(start_percent), sampling.percent_to_sigma(end_percent)
    return lambda sigma: eta if low <= float(sigma) <= high else 0.0


def _adams(
    lambdas: NDArray[np.float64], order: int, start: float, end: float, tau: float, simple: bool, correcting: bool
) -> NDArray[np.float64]:
    """The integral of (1 + tau²) e^((1 + tau²)(lambda - end)) times each Lagrange polynomial through the last `order`
    of `lambdas` (equation 14)."""
    nodes, speed = lambdas[len(lambdas) - order :], 1 + tau**2
    weights = lagrange_integrals(nodes, start, end, lambda u: speed * np.exp(speed * (u - end)))
    if simple and order == 2:
        h = end - start
        rise = speed * h / 2 if correcting else speed * h**2 / (2 * (nodes[1] - nodes[0]))
        weights = np.array([-rise, weights.sum() + rise]) if not correcting else np.array([weights.sum() - rise, rise])
    return weights


def _combined(weights: NDArray[np.float64], guesses: list[Tensor]) -> Tensor:
    newest = guesses[len(guesses) - len(weights) :]
    return torch.stack([float(weight) * one for weight, one in zip(weights, newest, strict=True)]).sum(0)
