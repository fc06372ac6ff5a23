"""Linear multistep methods: the slope over a step is a polynomial through the slopes of the last ones."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from comfy_core.sampling.samplers.denoiser import Denoiser, to_d
from comfy_core.sampling.samplers.quadrature import lagrange_integrals
from comfy_core.sampling.samplers.registry import sampler

ADAMS_BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))


@sampler("lms")
def sample_lms(denoise: Denoiser, x: Tensor, sigmas: Tensor, order: int = 4) -> Tensor:
    """Adams-Bashforth in sigma, the polynomial through the last `order` slopes integrated exactly (Hairer, Nørsett,
    Wanner, "Solving Ordinary Differential Equations I", III.1); a step to 0 goes to x0."""
    levels, slopes = sigmas.double().cpu().numpy(), list[Tensor]()
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        slopes = [to_d(x, sigma, denoised), *slopes[: order - 1]]
        if sigma_next == 0:
            return denoised
        nodes = levels[i - len(slopes) + 1 : i + 1][::-1]
        x = x + _combined(lagrange_integrals(nodes, levels[i], levels[i + 1]), slopes)
    return x


@sampler("ipndm")
def sample_ipndm(denoise: Denoiser, x: Tensor, sigmas: Tensor, max_order: int = 4) -> Tensor:
    """Adams-Bashforth as if all steps were equally long, begun with lower orders.

    Zhang & Chen 2022, https://arxiv.org/abs/2204.13902 ("iPNDM", equation 22), in sigma; a step to 0 goes to x0.
    """
    slopes: list[Tensor] = []
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        slopes = [to_d(x, sigma, denoised), *slopes[: max_order - 1]]
        if sigma_next == 0:
            return denoised
        x = x + (sigma_next - sigma) * _combined(ADAMS_BASHFORTH[len(slopes) - 1], slopes)
    return x


@sampler("ipndm_v")
def sample_ipndm_v(denoise: Denoiser, x: Tensor, sigmas: Tensor, max_order: int = 4) -> Tensor:
    """As `ipndm`, with steps of their own lengths h, h1, h2 …: Newton's divided differences of the slope.

    Weights as in the solver published with Zhou et al. 2024, https://arxiv.org/abs/2312.00094. Those of the second and
    third difference are not the exact integrals, which leaves the order at 2; pictures depend on them.
    """
    slopes: list[Tensor] = []
    for i, sigma, sigma_next in denoise.steps(sigmas):
        denoised = denoise(x, sigma, step=i)
        slopes = [to_d(x, sigma, denoised), *slopes[: max_order - 1]]
        if sigma_next == 0:
            return denoised
        levels = sigmas[i - len(slopes) + 1 : i + 2].flip(0).tolist()
        x = x + (sigma_next - sigma) * _newton_slope(slopes, [high - low for high, low in pairwise(levels)])
    return x


def _newton_slope(slopes: list[Tensor], steps: list[float]) -> Tensor:
    """The mean slope over the step `steps[0]` to come; `steps` go back in time from it, as do the slopes."""
    h, *past = steps
    total, row, weights = slopes[0], slopes, [h / 2]
    if len(slopes) > 2:
        h1, h2 = past[:2]
        weights.append((h1 * (h1 + h2) - h**2 / 3) / 2)
    if len(slopes) > 3:
        h1, h2, h3 = past
        weights.append(h * (5 / 12 * h**2 + h * h1 + h * h2 / 3 + h1 * (h1 + h2) / 2))
        total = total + weights[-1] * (h2 / h3 - h1 / h2) / ((h1 + h2 + h3) * h2 * (h2 + h3)) * slopes[3]
    for k, weight in enumerate(weights[: len(slopes) - 1], 1):
        row = [(new - old) / sum(past[j : j + k]) for j, (new, old) in enumerate(pairwise(row))]
        total = total + weight * row[0]
    return total


@sampler("deis")
def sample_deis(denoise: Denoiser, x: Tensor, sigmas: Tensor, max_order: int = 3, deis_mode: str = "tab") -> Tensor:
    """Slopes as a polynomial in time instead of sigma: tAB-DEIS.

    Zhang & Chen 2022, https://arxiv.org/abs/2204.13902, equation 15. Time is that of a variance preserving process
    with noise from 0.002 at t = 0.001 to 80 at t = 1 (Karras et al. 2022, table 1); with `deis_mode` `rhoab` it is
    sigma. Raises ValueError for another mode.
    """
    if deis_mode not in ("tab", "rhoab"):
        raise ValueError(f"deis_mode is 'tab' or 'rhoab', not {deis_mode!r}")
    levels = sigmas.double().cpu().numpy()
    times = _vp_time(levels) if deis_mode == "tab" else levels
    speed = _vp_speed if deis_mode == "tab" else np.ones_like
    slopes: list[Tensor] = []
    for i, sigma, sigma_next in denoise.steps(sigmas):
        slopes = [to_d(x, sigma, denoise(x, sigma, step=i)), *slopes[: max_order - 1]]
        if sigma_next == 0 or len(slopes) == 1:
            x = x + (sigma_next - sigma) * slopes[0]
            continue
        nodes = times[i - len(slopes) + 1 : i + 1][::-1]
        x = x + _combined(lagrange_integrals(nodes, times[i], times[i + 1], speed), slopes)
    return x


VP_BETA_D = 2 * (np.log(0.002**2 + 1) / 1e-3 - np.log(80.0**2 + 1)) / (1e-3 - 1)
VP_BETA_MIN = np.log(80.0**2 + 1) - VP_BETA_D / 2


def _vp_time(sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    return (np.sqrt(VP_BETA_MIN**2 + 2 * VP_BETA_D * np.log(sigma**2 + 1)) - VP_BETA_MIN) / VP_BETA_D


def _vp_speed(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """d sigma / d t, from sigma² + 1 = exp(beta_d t² / 2 + beta_min t)."""
    total = np.exp(VP_BETA_D * t**2 / 2 + VP_BETA_MIN * t)
    return (VP_BETA_D * t + VP_BETA_MIN) * total / (2 * np.sqrt(total - 1))


def _combined(weights: tuple[float, ...] | NDArray[np.float64], slopes: list[Tensor]) -> Tensor:
    terms = [float(weight) * slope for weight, slope in zip(weights, slopes, strict=True)]
    return torch.stack(terms).sum(0)
