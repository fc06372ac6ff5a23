"""Stable Diffusion 2.0 and 2.1: the U-Net of 1.x with linear layers and OpenCLIP ViT-H text, its last layer but one.

Rombach et al. 2022, https://arxiv.org/abs/2112.10752, https://github.com/Stability-AI/stablediffusion. The models for
512 pixels predict noise and those for 768 velocity, in files that look the same. SD-Turbo (Sauer et al. 2023,
https://arxiv.org/abs/2311.17042) is one of the former.
"""

from __future__ import annotations

from comfy_core.checkpoint import Checkpoint
from comfy_core.families._clip import SD2_H
from comfy_core.families._parts import adapted, checkpoint_of
from comfy_core.families._prediction import Choice, prediction_of
from comfy_core.families._unet import UNET, layout, load_unet, task
from comfy_core.families.sd1 import LATENTS
from comfy_core.sampling.prediction import Epsilon, Velocity
from comfy_core.weights import Weights

NAME = "Stable Diffusion 2.x"
TEXTS = {SD2_H: ("cond_stage_model.model.", "conditioner.embedders.0.model.")}
FIRST_NORM = ".transformer_blocks.0.norm1.bias"
SPREAD = 0.09
"""Above it the biases of the last transformer's first norm are those of a velocity model."""


def recognise(weights: Weights) -> bool:
    """Linear layers around the transformers, and no vector beside the text."""
    found = layout(weights)
    return found is not None and found.linear and not found.vector


def load(weights: Weights) -> Checkpoint:
    """The three parts of a checkpoint. Raises WeightsError when it is not whole."""
    choice = prediction_of(weights, guess)
    model = load_unet(weights, choice.sampling(), adapted(LATENTS, weights), family=__name__)
    return checkpoint_of(weights, model, TEXTS, note=f"{NAME}: {choice.sentence}")


def guess(weights: Weights) -> Choice:
    """Told from one weight, which training for velocity left wider; the inpainting models all predict noise."""
    found = layout(weights)
    norms = [name for name in weights if name.startswith(UNET + "output_blocks.") and name.endswith(FIRST_NORM)]
    if found is None or task(found) or not norms:
        return Choice(Epsilon, "as usual")
    last = max(norms, key=lambda name: int(name.removeprefix(UNET + "output_blocks.").split(".")[0]))
    spread = float(weights[last].float().std())
    prediction = Velocity if spread > SPREAD else Epsilon
    return Choice(prediction, "guessed from its weights; a ModelSamplingDiscrete node or a YAML decides otherwise")
