"""UniPC: a multistep predictor whose next guess also corrects the step that led to it, at no extra evaluation.

Zhao et al. 2023, "UniPC: A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion Models",
https://arxiv.org/abs/2302.04867, algorithms 5 to 8 (data prediction).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from comfy_core.sampling.samplers.denoiser import Denoiser
from comfy_core.sampling.samplers.registry import sampler

LOWEST = 0.001


@sampler("uni_pc", drop_penultimate=True)
@sampler("uni_pc_bh2", drop_penultimate=True, variant="bh2")
def sample_unipc(denoise: Denoiser, x: Tensor, sigmas: Tensor, variant: str = "bh1", max_order: int = 3) -> Tensor:
    """UniPC of order 3, of lower ones at both ends; a schedule's 0 becomes 0.001, where lambda is finite.

    `variant` names B(h): `bh1` is h, `bh2` e^h - 1. Levels are taken as variance exploding, as in the flow models
    that this sampler is used with elsewhere. Raises ValueError for another variant.
    """
    if variant not in ("bh1", "bh2"):
        raise ValueError(f"variant is 'bh1' or 'bh2', not {variant!r}")
    levels = sigmas.clone()
    levels[levels == 0] = LOWEST
    lambdas = -levels.double().log()
    steps = len(levels) - 1
    highest = max(1, min(max_order, steps - 1))
    guesses: list[Tensor] = []
    before, last_order = x, 0
    for i, sigma, _ in denoise.steps(levels):
        denoised = denoise(x, sigma, step=i)
        if i > 0:
            x = _update(before, [denoised, *guesses], lambdas[: i + 1].flip(0), last_order, variant, corrects=True)
        guesses = [denoised, *guesses][:max_order]
        order = min(i + 1, highest, steps - i)
        before, last_order = x, order
        known = lambdas[: i + 1].flip(0)
        x = _update(x, guesses, torch.cat([lambdas[i + 1 : i + 2], known]), order, variant, corrects=False)
    return x


def _update(x: Tensor, guesses: list[Tensor], lambdas: Tensor, order: int, variant: str, corrects: bool) -> Tensor:
    """x at `lambdas[0]` from x at `lambdas[1]`; `guesses` belong to `lambdas` from its first on when it corrects, else
    from its second. The weights rho make the step exact for polynomials (equation 13)."""
    ahead, known = (guesses[:1], guesses[1:]) if corrects else ([], guesses)
    h = float(lambdas[0] - lambdas[1])
    shares = [float((lambdas[k + 1] - lambdas[1]) / h) for k in range(1, order)]
    differences = [(known[k] - known[0]) / share for k, share in enumerate(shares, 1)]
    if ahead:
        shares, differences = [*shares, 1.0], [*differences, ahead[0] - known[0]]
    b_h = -h if variant == "bh1" else math.expm1(-h)
    x = math.exp(-h) * x - math.expm1(-h) * known[0]
    for weight, difference in zip(_weights(shares, h, b_h), differences, strict=True):
        x = x - b_h * weight * difference
    return x


def _weights(shares: list[float], h: float, b_h: float) -> list[float]:
    """Solves sum_m rho_m shares_m^(k-1) = k! phi_(k+1)(-h) (-h) / B(h); one unknown is 1/2 by the paper's choice."""
    count = len(shares)
    if count <= 1:
        return [0.5] * count
    phi, right = math.expm1(-h) / -h - 1, []
    for k in range(1, count + 1):
        right.append(phi * math.factorial(k) / b_h)
        phi = phi / -h - 1 / math.factorial(k + 1)
    powers = torch.tensor([[share**k for share in shares] for k in range(count)], dtype=torch.float64)
    return torch.linalg.solve(powers, torch.tensor(right, dtype=torch.float64)).tolist()
