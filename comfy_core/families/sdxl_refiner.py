"""The SDXL refiner: finishes pictures of SDXL, with its larger text encoder alone, told how beautiful they should be.

Podell et al. 2023, https://arxiv.org/abs/2307.01952, section 2.5.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import sdxl
from comfy_core.families._clip import SDXL_G
from comfy_core.families._parts import adapted, checkpoint_of
from comfy_core.families._prediction import prediction_of, usual
from comfy_core.families._unet import layout, load_unet
from comfy_core.weights import Weights

NAME = "SDXL refiner"
TEXTS = {SDXL_G: ("conditioner.embedders.0.model.",)}
GOOD, BAD = 6.0, 2.5
"""Aesthetic scores of what is wanted and of what is not."""


def recognise(weights: Weights) -> bool:
    """A vector beside the text, and transformers at the middle resolutions only."""
    found = layout(weights)
    return found is not None and found.vector and not found.attends_first and not found.attends_last


def load(weights: Weights) -> Checkpoint:
    """The three parts of a checkpoint. Raises WeightsError when it is not whole."""
    choice = prediction_of(weights, usual())
    model = load_unet(weights, choice.sampling(), adapted(sdxl.LATENTS, weights), kind=SDXLRefiner, family=__name__)
    return checkpoint_of(weights, model, TEXTS, note=f"{NAME}: {choice.sentence}")


class SDXLRefiner(sdxl.SDXL):
    """Told, beside the text: the pooled prompt, size and crop, and an aesthetic score."""

    def encode_adm(self, **cond: Any) -> Tensor:
        """The vector [1, pooled + 5 * 256] of a conditioning entry."""
        size = cond.get("height", sdxl.SIZE), cond.get("width", sdxl.SIZE)
        crop = cond.get("crop_h", 0), cond.get("crop_w", 0)
        score = cond.get("aesthetic_score", BAD if cond.get("prompt_type") == "negative" else GOOD)
        return self.vector(cond, (*size, *crop, score))
