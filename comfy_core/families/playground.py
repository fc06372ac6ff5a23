"""Playground v2.5: SDXL's networks, trained anew at continuous noise levels on normalised latents.

Li et al. 2024, https://arxiv.org/abs/2402.17245; Karras et al. 2022 (EDM), https://arxiv.org/abs/2206.00364.
"""

from __future__ import annotations

from dataclasses import replace

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import sdxl
from comfy_core.families._parts import adapted, checkpoint_of
from comfy_core.families._prediction import marked
from comfy_core.families._unet import load_unet
from comfy_core.sampling.noise_levels import EDMSchedule
from comfy_core.sampling.prediction import EDM, model_sampling
from comfy_core.weights import Weights

NAME = "Playground v2.5"
TEXTS = sdxl.TEXTS
SIGMAS = 0.002, 80.0
LATENTS = replace(
    sdxl.LATENTS,
    scale_factor=0.5,
    mean=(-1.6574, 1.886, -1.383, 2.5155),
    std=(8.4927, 5.9022, 6.5498, 5.2299),
    latent_rgb_factors=(
        (0.3920, 0.4054, 0.4549),
        (-0.2634, -0.0196, 0.0653),
        (0.0568, 0.1687, -0.0755),
        (-0.3112, -0.2359, -0.2076),
    ),
    latent_rgb_factors_bias=None,
)


def recognise(weights: Weights) -> bool:
    """An SDXL U-Net, and the mean and spread of its latents as tensors of their own."""
    return marked(weights, "edm_mean") and marked(weights, "edm_std") and sdxl.is_sdxl(weights)


def load(weights: Weights) -> Checkpoint:
    """The three parts of a checkpoint. Raises WeightsError when it is not whole."""
    sampling = model_sampling(EDM, EDMSchedule, *SIGMAS)
    model = load_unet(weights, sampling, adapted(LATENTS, weights), kind=sdxl.SDXL, family=__name__)
    return checkpoint_of(weights, model, TEXTS, note=f"{NAME}: EDM prediction, latents of its own scale")
