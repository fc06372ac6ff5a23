"""Nodes that sample from parts: noise, a guider, a sampler and sigmas."""

from __future__ import annotations

from typing import Annotated

import torch

from comfy_core.sampling import guiders
from comfy_core.sampling.guidance import CFGGuider
from comfy_core.sampling.noise import EmptyNoise, RandomNoise, chosen_source
from comfy_core.sampling.sample import sample_latent
from comfy_core.sampling.variation import Variation
from nodes.sampling import SEED
from nodes.schema import Boolean, Combo, Float, Int, node
from nodes.types import (
    Cfg,
    Conditioning,
    Guider,
    Latent,
    Model,
    Negative,
    NoiseObject,
    Positive,
    SamplerObject,
    Sigmas,
)

MODULE = "comfy_extras.nodes_custom_sampler"
RESULTS = ("output", "denoised_output")
CELL = 8
"""Pixels of a picture along a cell of its latent, for the sizes of A1111's web UI."""


@node("SamplerCustom", category="model/sampling/custom", outputs=RESULTS, python_module=MODULE)
def sampler_custom(
    model: Model,
    add_noise: Annotated[
        bool, Boolean(default=True, advanced=True, tooltip="Disable it where the latent is noisy already.")
    ],
    noise_seed: Annotated[int, SEED],
    cfg: Cfg,
    positive: Positive,
    negative: Negative,
    sampler: SamplerObject,
    sigmas: Sigmas,
    latent_image: Latent,
) -> tuple[Latent, Latent]:
    """Denoise a latent with a sampler and sigmas of one's own; also what the model last took for the clean picture."""
    guider = CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(cfg)
    noise = RandomNoise(noise_seed) if add_noise else EmptyNoise(noise_seed)
    return sample_latent(guider, noise, sampler, sigmas, latent_image)


@node("SamplerCustomAdvanced", category="model/sampling/custom", outputs=RESULTS, python_module=MODULE)
def sampler_custom_advanced(
    noise: NoiseObject, guider: Guider, sampler: SamplerObject, sigmas: Sigmas, latent_image: Latent
) -> tuple[Latent, Latent]:
    """Denoise a latent with every part of one's own; also what the model last took for the clean picture."""
    return sample_latent(guider, noise, sampler, sigmas, latent_image)


@node("BasicGuider", title="Basic Guider", category="model/sampling/guiders", python_module=MODULE)
def basic_guider(model: Model, conditioning: Conditioning) -> Guider:
    """One prompt and no negative one: half the work a step."""
    guider = guiders.BasicGuider(model)
    guider.set_conds(conditioning)
    return guider


@node("CFGGuider", title="CFG Guider", category="model/sampling/guiders", python_module=MODULE)
def cfg_guider(model: Model, positive: Positive, negative: Negative, cfg: Cfg) -> Guider:
    """A prompt to go towards and one to go away from."""
    guider = CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(cfg)
    return guider


@node(
    "DualCFGGuider",
    title="Dual CFG Guider",
    category="model/sampling/guiders",
    python_module=MODULE,
    search_aliases=("dual prompt guidance",),
)
def dual_cfg_guider(
    model: Model,
    cond1: Annotated[Conditioning, Positive.__metadata__[0]],
    cond2: Conditioning,
    negative: Negative,
    cfg_conds: Cfg,
    cfg_cond2_negative: Cfg,
    style: Annotated[str, Combo(guiders.STYLES, tooltip="One guidance after the other, or one inside the other.")],
) -> Guider:
    """Two prompts with a scale each, and a negative one."""
    guider = guiders.DualCFGGuider(model)
    guider.set_conds(cond1, cond2, negative)
    guider.set_cfg(cfg_conds, cfg_cond2_negative, nested=style == "nested")
    return guider


@node("RandomNoise", category="model/sampling/noise", python_module=MODULE)
def random_noise(noise_seed: Annotated[int, SEED]) -> NoiseObject:
    """The noise of a seed."""
    return RandomNoise(noise_seed)


@node("DisableNoise", category="model/sampling/noise", python_module=MODULE, search_aliases=("zero noise",))
def disable_noise() -> NoiseObject:
    """No noise, for a latent that is noisy already."""
    return EmptyNoise()


@node("AddNoise", category="model/sampling/noise", experimental=True, python_module=MODULE)
def add_noise(model: Model, noise: NoiseObject, sigmas: Sigmas, latent_image: Latent) -> Latent:
    """Bring a latent from the last to the first of some noise levels: as much noise as a run over them takes away."""
    if not len(sigmas):
        return latent_image
    scale = (sigmas[0] - sigmas[-1]).abs() if len(sigmas) > 1 else sigmas[0]
    latent_format = model.get_model_object("latent_format")
    samples = latent_image["samples"].float()
    if torch.count_nonzero(samples):
        samples = latent_format.process_in(samples)
    with chosen_source(model.model_options):
        drawn = noise.generate_noise(latent_image).to(samples)
    noisy = model.get_model_object("model_sampling").noise_scaling(scale, drawn, samples)
    return latent_image | {"samples": latent_format.process_out(noisy)}


@node(
    "EaselNoiseSource",
    title="Noise Source (A1111 Seeds)",
    category="model/sampling/noise",
    search_aliases=("a1111 noise", "gpu noise", "nvidia noise", "philox", "ENSD"),
)
def noise_source(
    model: Model,
    source: Annotated[
        str,
        Combo(
            ("A1111", "ComfyUI"),
            tooltip="A1111's web UI draws noise as an NVIDIA GPU does, with a seed for every picture of a batch.",
        ),
    ],
    eta_noise_seed_delta: Annotated[
        int, Int(default=0, min=0, max=2**32 - 1, tooltip="A1111's ENSD: the noise of steps has this further seed.")
    ] = 0,
) -> Model:
    """Where the noise of seeds comes from: choose A1111 to make a picture of that program again from its seed."""
    model = model.clone()
    model.model_options.pop("gpu_noise", None)
    if source == "A1111":
        model.model_options["gpu_noise"] = eta_noise_seed_delta
    return model


@node(
    "EaselVariationSeed",
    title="Variation Seed",
    category="model/sampling/noise",
    search_aliases=("subseed", "variation", "seed resize", "extra seed", "a1111 noise"),
)
def variation_seed(
    model: Model,
    variation_seed: Annotated[int, SEED],
    strength: Annotated[
        float,
        Float(default=0.1, min=0.0, max=1.0, step=0.01, tooltip="0 is the noise of the seed, 1 that of this one."),
    ],
    resize_from_width: Annotated[
        int, Int(default=0, min=0, max=16384, step=8, tooltip="Keep the noise that a picture of this size has; 0: off.")
    ] = 0,
    resize_from_height: Annotated[
        int, Int(default=0, min=0, max=16384, step=8, tooltip="Keep the noise that a picture of this size has; 0: off.")
    ] = 0,
) -> Model:
    """Small changes of a picture: noise on the way from its seed's to another seed's, as A1111's web UI has it."""
    cells = resize_from_height // CELL, resize_from_width // CELL
    model = model.clone()
    model.model_options["seed_variation"] = Variation(variation_seed, strength, cells if all(cells) else None)
    return model
