"""Stable Diffusion 2.1 unCLIP: the velocity model of 2.1, shown pictures through a CLIP vision encoder.

Rombach et al., https://github.com/Stability-AI/stablediffusion, after Ramesh et al. 2022, https://arxiv.org/abs/2204.06125.
Which vision encoder (ViT-L or ViT-H) follows from the width of the vector; the encoder itself is in the file too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families._parts import adapted, checkpoint_of
from comfy_core.families._prediction import prediction_of, usual
from comfy_core.families._unet import layout, load_unet
from comfy_core.families._vector import Augmentation, image_vector
from comfy_core.families.sd1 import LATENTS
from comfy_core.families.sd2 import TEXTS
from comfy_core.model import DiffusionModel
from comfy_core.sampling.prediction import Velocity
from comfy_core.weights import Weights

NAME = "Stable Diffusion 2.1 unCLIP"
VISION = "embedder.model.visual."
MEAN, STD = "noise_augmentor.data_mean", "noise_augmentor.data_std"


def recognise(weights: Weights) -> bool:
    """A vector beside the text, and transformers at the highest resolution."""
    found = layout(weights)
    return found is not None and found.linear and found.vector and found.attends_first


def load(weights: Weights) -> Checkpoint:
    """The three parts of a checkpoint. Raises WeightsError when it is not whole."""
    choice = prediction_of(weights, usual(Velocity))
    model = load_unet(weights, choice.sampling(), adapted(LATENTS, weights), kind=UnClip, family=__name__)
    network: UnClip = model.model  # type: ignore[assignment]
    if MEAN in weights and STD in weights:
        network.augmentation = Augmentation(*(weights[name].float().reshape(-1).clone() for name in (MEAN, STD)))
    return checkpoint_of(weights, model, TEXTS, note=f"{NAME}: {choice.sentence}")


class UnClip(DiffusionModel):
    """Told, beside the text: pictures as noised CLIP embeddings, and how much they are noised."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.augmentation = Augmentation.plain(self.adm_channels // 2)

    def encode_adm(self, **cond: Any) -> Tensor:
        """The vector [1, 2 * embedding] of a conditioning entry's `unclip_conditioning`; zeros without one."""
        images = cond.get("unclip_conditioning")
        if not images:
            return torch.zeros(1, self.adm_channels)
        return image_vector(images, self.augmentation, cond)
