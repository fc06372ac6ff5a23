"""Stable Diffusion XL: a larger U-Net with two text encoders, told the size and crop of the picture.

Podell et al. 2023, https://arxiv.org/abs/2307.01952, section 2. The same layout have SDXL-Turbo and -Lightning, models
that predict velocity (marked `v_pred`, `ztsnr`), and those with blocks left out: SSD-1B and Segmind Vega (Gupta et al.
2024, https://arxiv.org/abs/2401.02677).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families._clip import SDXL_G, SDXL_L
from comfy_core.families._parts import adapted, checkpoint_of
from comfy_core.families._prediction import marked, prediction_of, usual
from comfy_core.families._unet import layout, load_unet
from comfy_core.families._vector import WIDTH, Augmentation, numbers_vector, pooled_vector
from comfy_core.latent_format import LatentFormat
from comfy_core.model import DiffusionModel
from comfy_core.weights import Weights

NAME = "Stable Diffusion XL"
TEXTS = {
    SDXL_L: ("conditioner.embedders.0.transformer.text_model.", "conditioner.embedders.0.transformer."),
    SDXL_G: ("conditioner.embedders.1.model.",),
}
LATENTS = LatentFormat(
    scale_factor=0.13025,
    latent_rgb_factors=(
        (0.3651, 0.4232, 0.4341),
        (-0.2533, -0.0042, 0.1068),
        (0.1076, 0.1111, -0.0362),
        (-0.3165, -0.2492, -0.2188),
    ),
    latent_rgb_factors_bias=(0.1084, -0.0175, -0.0011),
    taesd_decoder_name="taesdxl_decoder",
)
SIZE = 768
EDM_MARKS = ("edm_mean", "edm_vpred.sigma_max")
"""Tensors that mark the SDXL-shaped models of other families."""


def recognise(weights: Weights) -> bool:
    """A vector beside the text, transformers at the lowest resolution and none at the highest."""
    return is_sdxl(weights) and not any(marked(weights, mark) for mark in EDM_MARKS)


def is_sdxl(weights: Weights) -> bool:
    """Whether the U-Net is one of these, whatever it predicts."""
    found = layout(weights)
    return found is not None and found.vector and not found.attends_first and found.attends_last


def load(weights: Weights) -> Checkpoint:
    """The three parts of a checkpoint. Raises WeightsError when it is not whole."""
    choice = prediction_of(weights, usual())
    model = load_unet(weights, choice.sampling(), adapted(LATENTS, weights), kind=SDXL, family=__name__)
    return checkpoint_of(weights, model, TEXTS, note=f"{NAME}: {choice.sentence}")


class SDXL(DiffusionModel):
    """Told, beside the text: the pooled prompt, the size of the training picture, its crop and the size wanted."""

    def encode_adm(self, **cond: Any) -> Tensor:
        """The vector [1, pooled + 6 * 256] of a conditioning entry; sizes it does not name are 768, uncropped."""
        height, width = cond.get("height", SIZE), cond.get("width", SIZE)
        crop = cond.get("crop_h", 0), cond.get("crop_w", 0)
        target = cond.get("target_height", height), cond.get("target_width", width)
        return self.vector(cond, (height, width, *crop, *target))

    def vector(self, cond: dict[str, Any], numbers: tuple[float, ...]) -> Tensor:
        """The pooled prompt followed by numbers as sinusoids."""
        pooled_width = self.adm_channels - WIDTH * len(numbers)
        pooled = pooled_vector(cond, pooled_width, Augmentation.plain(pooled_width))
        return torch.cat([pooled.cpu(), numbers_vector(numbers).expand(len(pooled), -1)], dim=1)
