"""Samplers: each is one short function that walks x down a list of noise levels.

Called as `sample(model, x, sigmas, extra_args, callback, disable, **options)`: `model(x, sigma, **extra_args)` answers
with the clean latent it sees in x [B, ...] at the levels sigma [B]; `sigmas` [steps + 1] descend, usually to 0;
`callback` hears of every step. A module of this folder is found by being there, and a sampler in it becomes a choice
of every KSampler by being registered under the name that workflows use.

Notation: x = alpha x0 + sigma noise, with alpha = 1 (variance exploding, all of Stable Diffusion) or 1 - sigma
(rectified flow); d = dx/dsigma; lambda = log(alpha / sigma) and h a step in it; eta is how much of the noise is made
anew, s_noise how strong the new noise is.
"""

from __future__ import annotations

import importlib
import pkgutil

from comfy_core.sampling.samplers.denoiser import Callback, Denoiser, ancestral_step, to_d
from comfy_core.sampling.samplers.registry import SAMPLERS, Sampler, SamplerFunction, in_order, sampler, sampler_object

__all__ = [
    "SAMPLERS",
    "Callback",
    "Denoiser",
    "Sampler",
    "SamplerFunction",
    "ancestral_step",
    "sampler",
    "sampler_object",
    "to_d",
]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
in_order()
