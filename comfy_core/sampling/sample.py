"""The one path from a latent to a sampled latent, whichever node asks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from comfy_core import progress
from comfy_core.latent_format import LatentFormat
from comfy_core.patcher import ModelPatcher
from comfy_core.preview import preview_of
from comfy_core.sampling.guidance import CFGGuider, Conditioning
from comfy_core.sampling.noise import EmptyNoise, Noise, RandomNoise, chosen_source
from comfy_core.sampling.run import StepCallback
from comfy_core.sampling.samplers import Sampler, sampler_object
from comfy_core.sampling.schedulers import sigmas_for

Latent = dict[str, Any]


def common_ksampler(
    model: ModelPatcher,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Conditioning,
    negative: Conditioning,
    latent: Latent,
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
) -> Latent:
    """Denoise a latent: what KSampler and KSamplerAdvanced do.

    `denoise` 0..1 is the share of the schedule that is walked. `start_step` and `last_step` cut a stretch out of it;
    noise that is left at the end stays in the result unless `force_full_denoise`. With `disable_noise` the latent is
    taken as noisy already. The result is a copy of `latent` with new `samples` (unscaled, on the offload device).

    Raises:
        ValueError: an unknown sampler or scheduler, or a latent that does not fit the model.
    """
    sampler = sampler_object(sampler_name)
    sampling = model.get_model_object("model_sampling")
    sigmas = sigmas_for(sampling, scheduler, steps, denoise, sampler.drop_penultimate)
    sigmas = cut(sigmas, start_step, last_step, force_full_denoise)
    if len(sigmas) < 2:
        return latent
    guider = CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(cfg)
    noise = EmptyNoise(seed) if disable_noise else RandomNoise(seed)
    return sample_latent(guider, noise, sampler, sigmas, latent)[0]


def sample_latent(
    guider: CFGGuider, noise: Noise, sampler: Sampler, sigmas: Tensor, latent: Latent
) -> tuple[Latent, Latent]:
    """Copies of `latent` with new `samples`: where the run ended, and the clean latent that the model last saw."""
    model = guider.model_patcher
    latent_format = model.get_model_object("latent_format")
    kept = {key: value for key, value in latent.items() if key != "downscale_ratio_spacial"}
    start = kept | {"samples": fit_channels(latent_format, latent["samples"])}
    seen: dict[str, Tensor] = {}
    with chosen_source(model.model_options):
        sampled = guider.sample(
            noise.generate_noise(start),
            start["samples"],
            sampler,
            sigmas,
            denoise_mask=latent.get("noise_mask"),
            callback=prepare_callback(model, len(sigmas) - 1, seen),
            seed=noise.seed,
        )
    clean = latent_format.process_out(seen["x0"].float()).to(sampled) if seen else sampled
    return kept | {"samples": sampled}, kept | {"samples": clean}


def sample_custom(
    model: ModelPatcher,
    noise: Tensor,
    cfg: float,
    sampler: Sampler,
    sigmas: Tensor,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Tensor,
    noise_mask: Tensor | None = None,
    callback: StepCallback | None = None,
    disable_pbar: bool | None = None,
    seed: int | None = None,
) -> Tensor:
    """Sample along given sigmas [steps + 1] with classifier-free guidance. Shapes are [B, C, h, w]."""
    guider = CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(cfg)
    return guider.sample(noise, latent_image, sampler, sigmas, noise_mask, callback, disable_pbar, seed)


def cut(sigmas: Tensor, start_step: int | None, last_step: int | None, force_full_denoise: bool) -> Tensor:
    """The stretch of a schedule from `start_step` to `last_step`, ending at 0 if `force_full_denoise`."""
    if last_step is not None and last_step < len(sigmas) - 1:
        sigmas = sigmas[: last_step + 1].clone()
        if force_full_denoise:
            sigmas[-1] = 0
    return sigmas if start_step is None else sigmas[start_step:]


def fit_channels(latent_format: LatentFormat, samples: Tensor) -> Tensor:
    """A latent with the channels the model takes: an empty one is widened, any other that does not fit is refused."""
    channels = latent_format.latent_channels
    if samples.shape[1] == channels:
        return samples
    if torch.count_nonzero(samples) == 0:
        return samples.new_zeros((samples.shape[0], channels, *samples.shape[2:]))
    raise ValueError(
        f"the latent has {samples.shape[1]} channels and the model takes {channels}; encode it with the model's own VAE"
    )


def prepare_callback(model: ModelPatcher, steps: int, x0_output_dict: dict[str, Tensor] | None = None) -> StepCallback:
    """A callback that reports progress and offers a preview of the latent; the last clean latent is left under `x0`
    in `x0_output_dict`."""
    latent_format = model.get_model_object("latent_format")

    def callback(step: int, x0: Tensor, x: Tensor, total_steps: int) -> None:
        if x0_output_dict is not None:
            x0_output_dict["x0"] = x0
        progress.report(step + 1, steps, preview_of(x0, latent_format))

    return callback
