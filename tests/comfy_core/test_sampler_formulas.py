"""Samplers that k-diffusion does not have, on every schedule, against their papers' formulas: written out in double
precision, in the papers' own variables and with other means than the samplers' own."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from comfy_core.sampling.prediction import EpsilonSampling, Flow
from comfy_core.sampling.samplers import SAMPLERS, sampler_object
from comfy_core.sampling.schedulers import SCHEDULERS, calculate_sigmas
from tests.comfy_core.mixture import Mixture
from tests.comfy_core.test_k_diffusion import KNOWN

Draw = Callable[[], Tensor]
Formula = Callable[[Tensor, list[float], Draw], Tensor]
FORMULAS: dict[str, Formula] = {}
ELSEWHERE = {*KNOWN, "uni_pc", "uni_pc_bh2"}
"""Held against k-diffusion beside this, and against diffusers in tests/reference/test_samplers.py."""
TAKES_NOISE = {
    "ddpm",
    "lcm",
    "er_sde",
    "seeds_2",
    "seeds_3",
    "exp_heun_2_x0_sde",
    "res_multistep_ancestral",
    "res_multistep_ancestral_cfg_pp",
    "euler_ancestral_cfg_pp",
    "dpmpp_2s_ancestral_cfg_pp",
    "sa_solver",
    "sa_solver_pece",
}


def formula(*names: str) -> Callable[[Formula], Formula]:
    def register(function: Formula) -> Formula:
        FORMULAS.update(dict.fromkeys(names, function))
        return function

    return register


def guess(x: Tensor, sigma: float) -> Tensor:
    return Mixture()(x, torch.full((len(x),), sigma, dtype=torch.float64))


def slope(x: Tensor, sigma: float) -> Tensor:
    return (x - guess(x, sigma)) / sigma


def noise() -> Draw:
    source = torch.Generator().manual_seed(5)
    return lambda: torch.randn(3, 2, generator=source, dtype=torch.float64)


class Guided:
    """A model with guidance: the mixture's guess, which the options may look at, and half of it without the prompt."""

    def __call__(self, x: Tensor, sigma: Tensor, model_options: dict, seed: int | None = None) -> Tensor:
        denoised = Mixture()(x, sigma)
        for change in model_options.get("sampler_post_cfg_function", ()):
            denoised = change({"denoised": denoised, "uncond_denoised": 0.5 * denoised})
        return denoised


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("name", [name for name in SAMPLERS if name.removesuffix("_gpu") not in ELSEWHERE])
def test_samplers_are_their_formulas(name: str, scheduler: str):
    levels = calculate_sigmas(EpsilonSampling(), scheduler, 10).double()
    start = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * levels[0]
    drawn = noise()
    given = {"noise_sampler": lambda sigma, sigma_next: drawn()} if name in TAKES_NOISE else {}
    model = Guided() if "cfg_pp" in name else Mixture()
    out = sampler_object(name).having(**given)(model, start, levels, disable=True, extra_args={"model_options": {}})
    expected = FORMULAS[name](start, levels.tolist(), noise())
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-5)


# --- first order ----------------------------------------------------------------------------------------------------


@formula("ddim")
def ddim(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    """x_s = sqrt(a_s) x0 + sqrt(1 - a_s) eps (Song et al. 2020, equation 12 with eta 0)."""
    for sigma, sigma_next in itertools.pairwise(levels):
        a, a_next = 1 / (1 + sigma**2), 1 / (1 + sigma_next**2)
        vp, x0 = a**0.5 * x, guess(x, sigma)
        eps = (vp - a**0.5 * x0) / (1 - a) ** 0.5
        x = (a_next**0.5 * x0 + (1 - a_next) ** 0.5 * eps) / a_next**0.5
    return x


@formula("ddpm")
def ddpm(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    """q(x_s | x_t, x0): mean sqrt(a_s) beta / (1 - a_t) x0 + sqrt(a) (1 - a_s) / (1 - a_t) x_t, variance
    beta (1 - a_s) / (1 - a_t) (Ho et al. 2020, equation 7)."""
    x = x / (1 + levels[0] ** 2) ** 0.5
    for sigma, sigma_next in itertools.pairwise(levels):
        a_t, a_s = 1 / (1 + sigma**2), 1 / (1 + sigma_next**2)
        beta = 1 - a_t / a_s
        x0 = guess(x / a_t**0.5, sigma)
        x = a_s**0.5 * beta / (1 - a_t) * x0 + (a_t / a_s) ** 0.5 * (1 - a_s) / (1 - a_t) * x
        if sigma_next:
            x = x + (beta * (1 - a_s) / (1 - a_t)) ** 0.5 * draw()
    return x


@formula("lcm")
def lcm(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    for sigma, sigma_next in itertools.pairwise(levels):
        x = guess(x, sigma)
        if sigma_next:
            x = x + sigma_next * draw()
    return x


@formula("gradient_estimation")
def gradient_estimation(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    """eps_bar = 2 eps_t - eps_(t+1) (Permenter & Yuan 2023, algorithm 2, gamma 2)."""
    last = None
    for sigma, sigma_next in itertools.pairwise(levels):
        eps = slope(x, sigma)
        better = eps if last is None or not sigma_next else 2 * eps - last
        x, last = x + (sigma_next - sigma) * better, eps
    return x


@formula("gradient_estimation_cfg_pp")
def gradient_estimation_cfg_pp(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    last = None
    for sigma, sigma_next in itertools.pairwise(levels):
        x0 = guess(x, sigma)
        eps = (x - 0.5 * x0) / sigma
        x = x0 + sigma_next * eps
        if last is not None and sigma_next:
            x = x + (sigma_next - sigma) * (eps - last)
        last = eps
    return x


def ancestral(sigma: float, sigma_next: float) -> tuple[float, float]:
    up = sigma_next * (1 - sigma_next**2 / sigma**2) ** 0.5
    return (sigma_next**2 - up**2) ** 0.5, up


@formula("euler_cfg_pp")
def euler_cfg_pp(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    """The noise that is put back is the one seen without the prompt (Chung et al. 2024, algorithm 2)."""
    for sigma, sigma_next in itertools.pairwise(levels):
        x0 = guess(x, sigma)
        x = x0 + sigma_next * (x - 0.5 * x0) / sigma
    return x


@formula("euler_ancestral_cfg_pp")
def euler_ancestral_cfg_pp(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    for sigma, sigma_next in itertools.pairwise(levels):
        down, up = ancestral(sigma, sigma_next)
        x0 = guess(x, sigma)
        x = x0 + down * (x - 0.5 * x0) / sigma
        if sigma_next:
            x = x + up * draw()
    return x


# --- Runge-Kutta and Adams-Bashforth --------------------------------------------------------------------------------


@formula("heunpp2")
def heunpp2(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    """Weights sigma_1 / (n sigma_first) and sigma_2 / (n sigma_first) for the two levels below, the rest for this."""
    first, end = levels[0], levels[-1]
    for i, (sigma, sigma_next) in enumerate(itertools.pairwise(levels)):
        d, h = slope(x, sigma), sigma_next - sigma
        if sigma_next == end:
            x = x + d * h
        elif levels[i + 2] == end:
            w = sigma_next / (2 * first)
            x = x + h * ((1 - w) * d + w * slope(x + d * h, sigma_next))
        else:
            lower = levels[i + 2]
            x_2 = x + d * h
            d_2 = slope(x_2, sigma_next)
            d_3 = slope(x_2 + d_2 * (lower - sigma_next), lower)
            w_2, w_3 = sigma_next / (3 * first), lower / (3 * first)
            x = x + h * ((1 - w_2 - w_3) * d + w_2 * d_2 + w_3 * d_3)
    return x


@formula("ipndm")
def ipndm(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    """The classical coefficients of Adams and Bashforth, over 2, 12 and 24."""
    past: list[Tensor] = []
    for sigma, sigma_next in itertools.pairwise(levels):
        past = [slope(x, sigma), *past][:4]
        table = {1: [1], 2: [3, -1], 3: [23, -16, 5], 4: [55, -59, 37, -9]}[len(past)]
        weights = [1] if not sigma_next else table
        mean = sum(weight * one for weight, one in zip(weights, past, strict=False)) / sum(weights)
        x = x + (sigma_next - sigma) * mean
    return x


@formula("ipndm_v")
def ipndm_v(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    """The published solver's coefficients for steps h (to come), p, q and r (the last three)."""
    past: list[Tensor] = []
    for i, (sigma, sigma_next) in enumerate(itertools.pairwise(levels)):
        past = [slope(x, sigma), *past][:4]
        h = sigma_next - sigma
        p, q, r = ([levels[i - k] - levels[i - k - 1] for k in range(3) if i - k > 0] + [1.0] * 3)[:3]
        weights = [1.0]
        if len(past) > 1:
            weights = [(2 + h / p) / 2, -(h / p) / 2]
        if len(past) > 2:
            t = (1 - h / (3 * (h + p)) * (h * (h + p)) / (p * (p + q))) / 2
            weights = [weights[0] + t, weights[1] - (1 + p / q) * t, t * p / q]
        if len(past) > 3:
            u = (1 - h / (3 * (h + p))) / 2 + (1 - h / (2 * (h + p))) * h / (6 * (h + p + q))
            u *= (h * (h + p) * (h + p + q)) / (p * (p + q) * (p + q + r))
            v = p * (p + q) / (q * (q + r))
            weights = [
                weights[0] + u,
                weights[1] - (1 + p / q + v) * u,
                weights[2] + (p / q + v * (1 + q / r)) * u,
                -v * p / q * u,
            ]
        mean = sum(weight * one for weight, one in zip(weights if sigma_next else [1.0], past, strict=False))
        x = x + h * mean
    return x


@formula("deis")
def deis(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    """x = x + sum_j eps_j ∫ l_j(t) dsigma, order 3, with the integrals as fine sums (Zhang & Chen 2022, equation 15).

    exp(beta_d t² / 2 + beta_min t) = 1 + sigma² at (0.001, 0.002) and (1, 80).
    """
    low, high = math.log(1 + 0.002**2), math.log(1 + 80**2)
    beta_d, beta_min = np.linalg.solve([[1e-3**2 / 2, 1e-3], [1 / 2, 1.0]], [low, high])
    times = [max(np.roots([beta_d / 2, beta_min, -math.log1p(sigma**2)]).real) for sigma in levels]
    past: list[Tensor] = []
    for i, (sigma, sigma_next) in enumerate(itertools.pairwise(levels)):
        past = [slope(x, sigma), *past][:3]
        if not sigma_next or len(past) == 1:
            x = x + (sigma_next - sigma) * past[0]
            continue
        grid = np.linspace(times[i], times[i + 1], 20_001)
        steps = np.diff(np.sqrt(np.expm1(beta_d * grid**2 / 2 + beta_min * grid)))
        middle = (grid[1:] + grid[:-1]) / 2
        known = [times[i - k] for k in range(len(past))]
        for t_j, eps in zip(known, past, strict=True):
            basis = np.prod([(middle - t) / (t_j - t) for t in known if t != t_j], axis=0)
            x = x + float((basis * steps).sum()) * eps
    return x


# --- exponential integrators ----------------------------------------------------------------------------------------


def phis(h: float) -> tuple[float, float]:
    """phi_1(-h) and phi_2(-h)."""
    one = -math.expm1(-h) / h
    return one, (1 - one) / h


def res(x: Tensor, levels: list[float], draw: Draw, guided: bool, stochastic: bool) -> Tensor:
    """x = e^-h x + h (b1 D + b2 D_last), b2 = phi_2 / c2, b1 = phi_1 - b2 (Zhang et al. 2023, equation 8)."""
    last: tuple[Tensor, float, float] | None = None
    for sigma, sigma_next in itertools.pairwise(levels):
        down, up = ancestral(sigma, sigma_next) if stochastic else (sigma_next, 0.0)
        x0 = guess(x, sigma)
        seen = 0.5 * x0 if guided else x0
        if last is None or not down:
            x = x0 + down * (x - seen) / sigma
        else:
            h = math.log(sigma / down)
            c_2 = -math.log(last[1] / last[2]) / h
            phi_1, phi_2 = phis(h)
            b_2 = phi_2 / c_2
            x = math.exp(-h) * (x + x0 - seen) + h * ((phi_1 - b_2) * seen + b_2 * last[0])
        if sigma_next and stochastic:
            x = x + up * draw()
        last = seen, sigma, down
    return x


FORMULAS["res_multistep"] = lambda x, levels, draw: res(x, levels, draw, guided=False, stochastic=False)
FORMULAS["res_multistep_cfg_pp"] = lambda x, levels, draw: res(x, levels, draw, guided=True, stochastic=False)
FORMULAS["res_multistep_ancestral"] = lambda x, levels, draw: res(x, levels, draw, guided=False, stochastic=True)
FORMULAS["res_multistep_ancestral_cfg_pp"] = lambda x, levels, draw: res(x, levels, draw, guided=True, stochastic=True)


@formula("dpmpp_2m_cfg_pp")
def dpmpp_2m_cfg_pp(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    last: tuple[Tensor, float] | None = None
    for sigma, sigma_next in itertools.pairwise(levels):
        x0 = guess(x, sigma)
        h = math.log(sigma / sigma_next) if sigma_next else math.inf
        x_next = x0 + math.exp(-h) * (x - 0.5 * x0)
        if last is not None and sigma_next:
            x_next = x_next - math.expm1(-h) * h / (2 * last[1]) * (x0 - last[0])
        x, last = x_next, (0.5 * x0, h)
    return x


@formula("dpmpp_2s_ancestral_cfg_pp")
def dpmpp_2s_ancestral_cfg_pp(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    for sigma, sigma_next in itertools.pairwise(levels):
        down, up = ancestral(sigma, sigma_next)
        x0 = guess(x, sigma)
        if not down:
            return x0
        h = math.log(sigma / down)
        x = x + x0 - 0.5 * x0
        middle = math.exp(-h / 2) * x - math.expm1(-h / 2) * x0
        x = math.exp(-h) * x - math.expm1(-h) * guess(middle, sigma * math.exp(-h / 2)) + up * draw()
    return x


def seeds_2(x: Tensor, levels: list[float], draw: Draw, r: float, eta: float, mean: bool) -> Tensor:
    """Two stages of an exponential Runge-Kutta method on the SDE (Gonzalez et al. 2023, algorithm 2)."""
    for sigma, sigma_next in itertools.pairwise(levels):
        x0 = guess(x, sigma)
        if not sigma_next:
            return x0
        h = math.log(sigma / sigma_next)
        drawn = [(r, draw())] if eta else []
        x0_r = guess(*_stage(x, sigma, r, h, eta, drawn, -math.expm1(-(1 + eta) * r * h) * x0))
        drawn = [*drawn, (1.0, draw())] if eta else []
        phi_1, phi_2 = phis((1 + eta) * h)
        share = phi_1 / (2 * r) if mean else phi_2 / r
        integral = (1 + eta) * h * ((phi_1 - share) * x0 + share * x0_r)
        x, _ = _stage(x, sigma, 1.0, h, eta, drawn, integral)
    return x


@formula("seeds_3")
def seeds_3(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    """Three stages at 0, 1/3 and 2/3, eta 1 (Gonzalez et al. 2023, algorithm 3)."""
    for sigma, sigma_next in itertools.pairwise(levels):
        x0 = guess(x, sigma)
        if not sigma_next:
            return x0
        h = math.log(sigma / sigma_next)
        drawn = [(1 / 3, draw())]
        x0_1 = guess(*_stage(x, sigma, 1 / 3, h, 1.0, drawn, -math.expm1(-2 * h / 3) * x0))
        drawn = [*drawn, (2 / 3, draw())]
        phi_1, phi_2 = phis(4 * h / 3)
        x0_2 = guess(*_stage(x, sigma, 2 / 3, h, 1.0, drawn, 4 * h / 3 * (phi_1 * x0 + 2 * phi_2 * (x0_1 - x0))))
        drawn = [*drawn, (1.0, draw())]
        phi_1, phi_2 = phis(2 * h)
        x, _ = _stage(x, sigma, 1.0, h, 1.0, drawn, 2 * h * (phi_1 * x0 + 1.5 * phi_2 * (x0_2 - x0)))
    return x


def _stage(
    x: Tensor, sigma: float, part: float, h: float, eta: float, drawn: list[tuple[float, Tensor]], integral: Tensor
) -> tuple[Tensor, float]:
    """x at the share `part` of a step, and its level."""
    level = sigma * math.exp(-part * h)
    return math.exp(-(1 + eta) * part * h) * x + integral + level * _noise(drawn, part, h, eta), level


def _noise(drawn: list[tuple[float, Tensor]], part: float, h: float, eta: float) -> Tensor | float:
    """The noise of the SDE at the share `part` of a step, in units of sigma: ∫ e^(eta (u - end)) dW over the pieces."""
    total: Tensor | float = 0.0
    begin = 0.0
    for share, one in drawn:
        variance = math.exp(-2 * eta * (part - share) * h) - math.exp(-2 * eta * (part - begin) * h)
        total = total + variance**0.5 * one
        begin = share
    return total


FORMULAS["seeds_2"] = lambda x, levels, draw: seeds_2(x, levels, draw, r=0.5, eta=1.0, mean=True)
FORMULAS["exp_heun_2_x0"] = lambda x, levels, draw: seeds_2(x, levels, draw, r=1.0, eta=0.0, mean=False)
FORMULAS["exp_heun_2_x0_sde"] = lambda x, levels, draw: seeds_2(x, levels, draw, r=1.0, eta=1.0, mean=False)


# --- stochastic multistep methods -----------------------------------------------------------------------------------


@formula("er_sde")
def er_sde(x: Tensor, levels: list[float], draw: Draw) -> Tensor:
    """Order 3 with phi(s) = s (e^(s^0.3) + 10), integrals as sums over 200 points (Cui et al. 2023, equation 24)."""

    def phi(s: float) -> float:
        return s * (math.exp(s**0.3) + 10)

    past: list[tuple[float, Tensor]] = []
    slopes: list[Tensor] = []
    for s, t in itertools.pairwise(levels):
        past = [(s, guess(x, s)), *past]
        x0 = past[0][1]
        if not t:
            return x0
        r = phi(t) / phi(s)
        spread = max(t**2 - (r * s) ** 2, 0.0) ** 0.5
        x = r * x + (1 - r) * x0
        points = [t + k * (s - t) / 200 for k in range(200)]
        if len(past) > 1:
            slopes = [(x0 - past[1][1]) / (s - past[1][0]), *slopes]
            x = x + (t - s + phi(t) * sum((s - t) / 200 / phi(u) for u in points)) * slopes[0]
        if len(past) > 2:
            curve = (slopes[0] - slopes[1]) / ((s - past[2][0]) / 2)
            x = x + ((t - s) ** 2 / 2 + phi(t) * sum((s - t) / 200 * (u - s) / phi(u) for u in points)) * curve
        x = x + spread * draw()
    return x


def adams(known: list[float], start: float, end: float, tau: float) -> list[float]:
    """∫ (1 + tau²) e^((1 + tau²)(u - end)) l_j(u) du as a fine sum (Xue et al. 2023, equation 14)."""
    grid = np.linspace(start, end, 40_001)
    u, width = (grid[1:] + grid[:-1]) / 2, (end - start) / 40_000
    speed = 1 + tau**2
    bases = [
        np.prod([(u - one) / (node - one) for one in known if one != node] or [u * 0 + 1], axis=0) for node in known
    ]
    return [float((speed * np.exp(speed * (u - end)) * basis).sum() * width) for basis in bases]


def sa_solver(x: Tensor, levels: list[float], draw: Draw, pece: bool) -> Tensor:
    """Predictor of order 3, corrector of order 4, lower ones at both ends; tau 1 in the middle (algorithm 1)."""
    sampling = EpsilonSampling()
    high, low = sampling.percent_to_sigma(0.2), sampling.percent_to_sigma(0.8)
    lambdas = [-math.log(sigma) if sigma else math.inf for sigma in levels]
    last, guesses, before, tau, fresh = len(levels) - 1, list[Tensor](), x, 0.0, torch.zeros_like(x)
    for i, (sigma, sigma_next) in enumerate(itertools.pairwise(levels)):
        guesses.append(guess(x, sigma))
        order = min(4, i + 1, last - i)
        if i and (sigma_next or pece):
            h = lambdas[i] - lambdas[i - 1]
            weights = adams(lambdas[i + 1 - order : i + 1], lambdas[i - 1], lambdas[i], tau)
            x = sigma / levels[i - 1] * math.exp(-(tau**2) * h) * before + fresh
            x = x + sum(weight * one for weight, one in zip(weights, guesses[-order:], strict=True))
            if pece:
                guesses[-1] = guess(x, sigma)
        if not sigma_next:
            return guesses[-1]
        order, h = min(3, i + 1, last - 1 - i), lambdas[i + 1] - lambdas[i]
        tau = 1.0 if low <= sigma_next <= high else 0.0
        fresh = sigma_next * (-math.expm1(-2 * tau**2 * h)) ** 0.5 * draw() if tau else torch.zeros_like(x)
        weights = adams(lambdas[i + 1 - order : i + 1], lambdas[i], lambdas[i + 1], tau)
        before = x
        x = sigma_next / sigma * math.exp(-(tau**2) * h) * x + fresh
        x = x + sum(weight * one for weight, one in zip(weights, guesses[-order:], strict=True))
    return x


FORMULAS["sa_solver"] = lambda x, levels, draw: sa_solver(x, levels, draw, pece=False)
FORMULAS["sa_solver_pece"] = lambda x, levels, draw: sa_solver(x, levels, draw, pece=True)


# --- flows ----------------------------------------------------------------------------------------------------------


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
