"""Samplers that correct a step by the slopes at its ends (Runge-Kutta in sigma)."""

from __future__ import annotations

from torch import Tensor

from comfy_core.sampling.samplers.denoiser import Denoiser, to_d
from comfy_core.sampling.samplers.registry import sampler


@sampler("heun")
def sample_heun(denoise: Denoiser, x: Tensor, sigmas: Tensor) -> Tensor:
    """Follow the mean of the slopes at both ends of each step (Karras et al. 2022, arXiv 2206.00364, algorithm 1). Two
    evaluations a step, but the last one to 0 is Euler's."""
    for i, sigma, sigma_next in denoise.steps(sigmas):
        d = to_d(x, sigma, denoise(x, sigma, step=i))
        x_next = x + d * (sigma_next - sigma)
        if sigma_next > 0:
            d_next = to_d(x_next, sigma_next, denoise(x_next, sigma_next))
            x_next = x + (d + d_next) / 2 * (sigma_next - sigma)
        x = x_next
    return x


@sampler("heunpp2")
def sample_heunpp2(denoise: Denoiser, x: Tensor, sigmas: Tensor) -> Tensor:
    """Heun++: the slope is a mean over this level and the two below, which weigh as much as they are noisy, by the
    run's first sigma. The last step but one looks one level ahead, the last none.

    Known from Carzit's sd-webui-samplers-scheduler; as the weights do not add up to Heun's, it is of first order.
    """
    for i, sigma, sigma_next in denoise.steps(sigmas):
        d = to_d(x, sigma, denoise(x, sigma, step=i))
        ahead = sigmas[i + 1 : i + 3] if sigmas[i + 1] != sigmas[-1] else sigmas[:0]
        ahead = ahead[ahead != sigmas[-1]]
        weights = ahead / ((len(ahead) + 1) * sigmas[0])
        mean, slope, place, level = (1 - weights.sum()) * d, d, x, sigma
        for weight, lower in zip(weights, ahead, strict=True):
            place, level = place + slope * (lower - level), lower
            slope = to_d(place, level, denoise(place, level))
            mean = mean + weight * slope
        x = x + mean * (sigma_next - sigma)
    return x
