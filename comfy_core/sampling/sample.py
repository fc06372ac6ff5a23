"""The one path from a latent to a sampled latent, whichever node asks."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from comfy_core import progress
from comfy_core.latent_format import LatentFormat
from comfy_core.memory import residency
from comfy_core.memory.devices import offload_device
from comfy_core.patcher import ModelPatcher
from comfy_core.preview import latent_preview
from comfy_core.sampling.guidance import CFGGuider, Conditioning
from comfy_core.sampling.inpaint import MaskedDenoiser, prepare_mask
from comfy_core.sampling.noise import generator, prepare_noise
from comfy_core.sampling.resume import resumable
from comfy_core.sampling.samplers import Callback, Sampler, sampler_object
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
    samples = fit_channels(model.get_model_object("latent_format"), latent["samples"])
    if disable_noise:
        noise = torch.zeros_like(samples, device="cpu")
    else:
        noise = prepare_noise(samples, seed, latent.get("batch_index"))
    sampler = sampler_object(sampler_name)
    sampling = model.get_model_object("model_sampling")
    sigmas = sigmas_for(sampling, scheduler, steps, denoise, sampler.drop_penultimate)
    sigmas = cut(sigmas, start_step, last_step, force_full_denoise)
    sampled = sample_custom(
        model,
        noise,
        cfg,
        sampler,
        sigmas,
        positive,
        negative,
        samples,
        noise_mask=latent.get("noise_mask"),
        callback=prepare_callback(model, len(sigmas) - 1),
        seed=seed,
    )
    return {key: value for key, value in latent.items() if key != "downscale_ratio_spacial"} | {"samples": sampled}


@torch.no_grad()
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
    callback: Callback | None = None,
    disable_pbar: bool | None = None,
    seed: int | None = None,
) -> Tensor:
    """Sample along given sigmas [steps + 1]; fewer than two leave the latent as it is. Shapes are [B, C, h, w]."""
    if len(sigmas) < 2:
        return latent_image
    device, latent_format = model.load_device, model.get_model_object("latent_format")
    with residency.use([model], model.memory_required((2 * noise.shape[0], *noise.shape[1:]))):
        sampling = model.get_model_object("model_sampling")
        sigmas, noise = sigmas.to(device), noise.to(device, torch.float32)
        scaled = latent_image.to(device, torch.float32)
        if torch.count_nonzero(scaled):
            scaled = latent_format.process_in(scaled)
        guider = CFGGuider(model)
        guider.set_conds(positive, negative)
        guider.set_cfg(cfg)
        kept_noise = noise
        if sampler.random_inpaint_noise:
            drawn = torch.randn(noise.shape, generator=generator((41 if seed is None else seed) + 1))
            kept_noise = drawn.to(device)
        mask = None if noise_mask is None else prepare_mask(noise_mask, noise.shape, device)
        guider.prepare(noise, latent_image=scaled, denoise_mask=mask, seed=seed)
        denoiser = MaskedDenoiser(guider, sigmas, scaled, kept_noise, mask)
        options = dict(model.model_options)
        options["transformer_options"] = {**options.get("transformer_options", {}), "sample_sigmas": sigmas}
        x = sampling.noise_scaling(sigmas[0], noise, scaled, is_max_denoise(sampling, sigmas))
        extra_args = {"model_options": options, "seed": seed}
        with resumable():
            x = sampler(denoiser, x, sigmas, extra_args=extra_args, callback=callback, disable=disable_pbar)
        x = sampling.inverse_noise_scaling(sigmas[-1], x)
    return latent_format.process_out(x.float()).to(offload_device())


def cut(sigmas: Tensor, start_step: int | None, last_step: int | None, force_full_denoise: bool) -> Tensor:
    """The stretch of a schedule from `start_step` to `last_step`, ending at 0 if `force_full_denoise`."""
    if last_step is not None and last_step < len(sigmas) - 1:
        sigmas = sigmas[: last_step + 1].clone()
        if force_full_denoise:
            sigmas[-1] = 0
    return sigmas if start_step is None else sigmas[start_step:]


def is_max_denoise(sampling: Any, sigmas: Tensor) -> bool:
    """Whether a run starts at the top of the model's schedule: from noise alone."""
    highest, first = float(sampling.sigma_max), float(sigmas[0])
    return first > highest or math.isclose(first, highest, rel_tol=1e-5)


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


def prepare_callback(model: ModelPatcher, steps: int) -> Callback:
    """A sampler callback that reports progress and offers a preview of the latent."""
    latent_format = model.get_model_object("latent_format")

    def callback(state: dict[str, Any]) -> None:
        denoised = state["denoised"]
        progress.report(state["i"] + 1, steps, lambda: latent_preview(denoised, latent_format))

    return callback
