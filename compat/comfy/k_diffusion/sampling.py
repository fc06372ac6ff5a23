"""Samplers as functions `sample_euler(model, x, sigmas, extra_args, callback, disable)`, and what they are made of."""

from __future__ import annotations

from typing import Any

from comfy_core.sampling.curves import exponential_sigmas, karras_sigmas, polyexponential_sigmas, to_zero
from comfy_core.sampling.noise import NoiseSampler, brownian_noise_sampler, default_noise_sampler
from comfy_core.sampling.samplers import SAMPLERS, to_d
from comfy_core.sampling.samplers import ancestral_step as get_ancestral_step

__all__ = [
    "BrownianTreeNoiseSampler",
    "append_zero",
    "default_noise_sampler",
    "get_ancestral_step",
    "get_sigmas_exponential",
    "get_sigmas_karras",
    "get_sigmas_polyexponential",
    "to_d",
]
append_zero = to_zero


def __getattr__(name: str) -> Any:
    sampler = SAMPLERS.get(name.removeprefix("sample_")) if name.startswith("sample_") else None
    if sampler is None:
        raise AttributeError(f"module 'comfy.k_diffusion.sampling' has no attribute {name!r}")
    return sampler.function


def BrownianTreeNoiseSampler(
    x: Any, sigma_min: float, sigma_max: float, seed: int | None = None, *, cpu: bool = False
) -> NoiseSampler:
    """Noise `sampler(sigma, sigma_next)` along one Brownian path, drawn on the CPU or on x's device."""
    return brownian_noise_sampler(x, float(sigma_min), float(sigma_max), seed, cpu)


def get_sigmas_karras(n: int, sigma_min: float, sigma_max: float, rho: float = 7.0, device: Any = "cpu") -> Any:
    """n descending sigmas and a 0: their 1/rho-th powers are evenly spaced."""
    return karras_sigmas(n, sigma_min, sigma_max, rho).to(device)


def get_sigmas_exponential(n: int, sigma_min: float, sigma_max: float, device: Any = "cpu") -> Any:
    """n descending sigmas and a 0: their logarithms are evenly spaced."""
    return exponential_sigmas(n, sigma_min, sigma_max).to(device)


def get_sigmas_polyexponential(
    n: int, sigma_min: float, sigma_max: float, rho: float = 1.0, device: Any = "cpu"
) -> Any:
    """n descending sigmas and a 0: their logarithms go down by a power of the step."""
    return polyexponential_sigmas(n, sigma_min, sigma_max, rho).to(device)
