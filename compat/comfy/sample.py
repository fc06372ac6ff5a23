"""Sampling from noise to a latent, as packs call it."""

from __future__ import annotations

from typing import Any

from comfy.samplers import KSampler

from comfy_core.sampling.inpaint import prepare_mask
from comfy_core.sampling.noise import prepare_noise
from comfy_core.sampling.sample import fit_channels, sample_custom

__all__ = ["fix_empty_latent_channels", "prepare_mask", "prepare_noise", "sample", "sample_custom"]


def fix_empty_latent_channels(model: Any, latent_image: Any, *more: Any) -> Any:
    """An empty latent [B, C, h, w] with the channels that the model takes. Raises ValueError for any other that does
    not fit."""
    return fit_channels(model.get_model_object("latent_format"), latent_image)


def sample(
    model: Any,
    noise: Any,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent_image: Any,
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
    noise_mask: Any = None,
    sigmas: Any = None,
    callback: Any = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> Any:
    """The latent [B, C, h, w] that `noise` becomes."""
    sampler = KSampler(model, steps, model.load_device, sampler_name, scheduler, denoise, model.model_options)
    return sampler.sample(
        noise,
        positive,
        negative,
        cfg,
        latent_image,
        start_step,
        last_step,
        force_full_denoise,
        noise_mask,
        sigmas,
        callback,
        disable_pbar,
        seed,
    )
