"""Nodes that denoise latents."""

from __future__ import annotations

from typing import Annotated

from comfy_core.sampling.sample import common_ksampler
from nodes.schema import UINT64_MAX, Combo, Int, node
from nodes.types import Cfg, Denoise, Latent, Model, Negative, Positive, SamplerName, SchedulerName, Steps

SEED = Int(
    default=0,
    min=0,
    max=UINT64_MAX,
    control_after_generate=True,
    tooltip="The same seed and settings give the same picture.",
)


@node(
    "KSampler",
    category="model/sampling",
    search_aliases=("sampler", "sample", "generate", "denoise", "diffuse", "txt2img", "img2img"),
)
def k_sampler(
    model: Model,
    seed: Annotated[int, SEED],
    steps: Steps,
    cfg: Cfg,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    positive: Positive,
    negative: Negative,
    latent_image: Latent,
    denoise: Denoise = 1.0,
) -> Latent:
    """Turn noise into a picture, step by step, as the prompts ask."""
    return common_ksampler(
        model, seed, steps, cfg, sampler_name, scheduler, positive, negative, latent_image, denoise=denoise
    )


@node("KSamplerAdvanced", title="KSampler (Advanced)", category="model/sampling")
def k_sampler_advanced(
    model: Model,
    add_noise: Annotated[
        str,
        Combo(
            ("enable", "disable"),
            tooltip="Disable it where the latent is noisy already: for a second stage.",
            advanced=True,
        ),
    ],
    noise_seed: Annotated[int, SEED],
    steps: Steps,
    cfg: Cfg,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    positive: Positive,
    negative: Negative,
    latent_image: Latent,
    start_at_step: Annotated[
        int, Int(default=0, min=0, max=10_000, advanced=True, tooltip="The first step of the schedule that is done.")
    ],
    end_at_step: Annotated[
        int, Int(default=10_000, min=0, max=10_000, advanced=True, tooltip="The step before which it ends.")
    ],
    return_with_leftover_noise: Annotated[
        str,
        Combo(
            ("disable", "enable"),
            tooltip="Enable it to leave the rest of the noise to a second stage.",
            advanced=True,
        ),
    ],
) -> Latent:
    """As KSampler, for a stretch of the schedule: two of these in a row share one run between two models."""
    return common_ksampler(
        model,
        noise_seed,
        steps,
        cfg,
        sampler_name,
        scheduler,
        positive,
        negative,
        latent_image,
        disable_noise=add_noise == "disable",
        start_step=start_at_step,
        last_step=end_at_step,
        force_full_denoise=return_with_leftover_noise != "enable",
    )
