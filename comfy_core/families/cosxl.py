"""CosXL: SDXL's networks predicting velocity at continuous noise levels.

Stability AI 2024, https://huggingface.co/stabilityai/cosxl.
"""

from __future__ import annotations

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import sdxl
from comfy_core.families._parts import adapted, checkpoint_of
from comfy_core.families._prediction import marked
from comfy_core.families._unet import UNET, layout, load_unet, task
from comfy_core.sampling.noise_levels import EDMSchedule
from comfy_core.sampling.prediction import Velocity, model_sampling
from comfy_core.weights import Weights

NAME = "CosXL"
TEXTS = sdxl.TEXTS
SIGMA_MIN, SIGMA_MAX = "edm_vpred.sigma_min", "edm_vpred.sigma_max"
SIGMAS = {SIGMA_MIN: 0.002, SIGMA_MAX: 120.0}


def recognise(weights: Weights) -> bool:
    """An SDXL U-Net, and its noise levels as tensors of their own."""
    found = layout(weights)
    return marked(weights, SIGMA_MAX) and sdxl.is_sdxl(weights) and found is not None and not task(found)


def load(weights: Weights) -> Checkpoint:
    """The three parts of a checkpoint. Raises WeightsError when it is not whole."""
    sampling = model_sampling(Velocity, EDMSchedule, _level(weights, SIGMA_MIN), _level(weights, SIGMA_MAX))
    model = load_unet(weights, sampling, adapted(sdxl.LATENTS, weights), kind=sdxl.SDXL, family=__name__)
    return checkpoint_of(weights, model, TEXTS, note=f"{NAME}: predicts velocity at continuous noise levels")


def _level(weights: Weights, name: str) -> float:
    found = next((one for one in (name, UNET + name) if one in weights), None)
    return SIGMAS[name] if found is None else float(weights[found])
