"""Samplers, schedulers and guidance under the names that packs know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from comfy_core.sampling import guidance
from comfy_core.sampling.guidance import CFGGuider, sampling_function
from comfy_core.sampling.guidance import predict_conditions as calc_cond_batch
from comfy_core.sampling.inpaint import prepare_mask
from comfy_core.sampling.sample import cut, sample_custom
from comfy_core.sampling.samplers import SAMPLERS, Sampler, sampler_object
from comfy_core.sampling.schedulers import SCHEDULERS, calculate_sigmas, sigmas_for

SAMPLER_NAMES = list(SAMPLERS)
SCHEDULER_NAMES = list(SCHEDULERS)

__all__ = [
    "KSAMPLER",
    "SAMPLER_NAMES",
    "SCHEDULER_NAMES",
    "CFGGuider",
    "KSampler",
    "calc_cond_batch",
    "calculate_sigmas",
    "cfg_function",
    "prepare_mask",
    "sample",
    "sampler_object",
    "sampling_function",
]


class KSampler:
    """A sampler with its schedule for a model: `denoise` 0..1 is the share of the schedule that `steps` walk."""

    SAMPLERS = SAMPLER_NAMES
    SCHEDULERS = SCHEDULER_NAMES

    def __init__(
        self,
        model: Any,
        steps: int,
        device: Any = None,
        sampler: str | None = None,
        scheduler: str | None = None,
        denoise: float | None = None,
        model_options: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.steps = steps
        self.device = device
        self.sampler = sampler if sampler in self.SAMPLERS else self.SAMPLERS[0]
        self.scheduler = scheduler if scheduler in self.SCHEDULERS else self.SCHEDULERS[0]
        self.denoise = 1.0 if denoise is None else denoise
        self.model_options = model_options or {}
        drops = sampler_object(self.sampler).drop_penultimate
        sampling = model.get_model_object("model_sampling")
        self.sigmas = sigmas_for(sampling, self.scheduler, steps, self.denoise, drops)

    def sample(
        self,
        noise: Any,
        positive: Any,
        negative: Any,
        cfg: float,
        latent_image: Any = None,
        start_step: int | None = None,
        last_step: int | None = None,
        force_full_denoise: bool = False,
        denoise_mask: Any = None,
        sigmas: Any = None,
        callback: Any = None,
        disable_pbar: bool = False,
        seed: int | None = None,
    ) -> Any:
        """The latent [B, C, h, w] that the schedule, or the stretch of it, leads to."""
        sigmas = cut(self.sigmas if sigmas is None else sigmas, start_step, last_step, force_full_denoise)
        latent = noise.new_zeros(noise.shape) if latent_image is None else latent_image
        if len(sigmas) < 2:
            return latent
        return sample_custom(
            self.model,
            noise,
            cfg,
            sampler_object(self.sampler),
            sigmas,
            positive,
            negative,
            latent,
            denoise_mask,
            callback,
            disable_pbar,
            seed,
        )


def KSAMPLER(
    sampler_function: Callable[..., Any],
    extra_options: Mapping[str, Any] | None = None,
    inpaint_options: Mapping[str, Any] | None = None,
) -> Sampler:
    """A SAMPLER of `sampler_function(model, x, sigmas, extra_args=…, callback=…, disable=…, **extra_options)`."""
    own_noise = bool((inpaint_options or {}).get("random", False))
    return Sampler(sampler_function, random_inpaint_noise=own_noise, options=dict(extra_options or {}))


def sample(
    model: Any,
    noise: Any,
    positive: Any,
    negative: Any,
    cfg: float,
    device: Any,
    sampler: Sampler,
    sigmas: Any,
    model_options: Any = None,
    latent_image: Any = None,
    denoise_mask: Any = None,
    callback: Any = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> Any:
    """The latent [B, C, h, w] that `noise` becomes along `sigmas` with classifier-free guidance."""
    latent = noise.new_zeros(noise.shape) if latent_image is None else latent_image
    return sample_custom(
        model, noise, cfg, sampler, sigmas, positive, negative, latent, denoise_mask, callback, disable_pbar, seed
    )


def cfg_function(
    model: Any,
    cond_pred: Any,
    uncond_pred: Any,
    cond_scale: float,
    x: Any,
    timestep: Any,
    model_options: dict[str, Any] | None = None,
    cond: Any = None,
    uncond: Any = None,
) -> Any:
    """The guided guess of two predictions [B, C, h, w], as the options of the model have it."""
    shared = guidance.shared_arguments(model, x, timestep, cond_scale, model_options or {}, cond, uncond)
    return guidance.cfg_function(cond_pred, uncond_pred, shared)
