"""Guidance biased to the positive prompt (yoinked's "Mahiro", 2024): the more the guided result disagrees with what the
negative prompt leads to, the more of the positive prediction itself is mixed in.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from comfy_core.guidance.projections import Args


def positive_biased_guidance(args: Args) -> Tensor:
    """A function for `set_model_sampler_post_cfg_function`.

    With s the mean cosine, over places, between the square roots of w uncond and of the mean of w cond and the guided
    result: ((s + 1) guided + (1 - s) w cond) / 2.
    """
    scale, guided = args["cond_scale"], args["denoised"]
    leap, away = args["cond_denoised"] * scale, args["uncond_denoised"] * scale
    cosine = F.cosine_similarity(_root(away), _root((leap + guided) / 2), dim=1)
    likeness = cosine.flatten(1).mean(1).view(-1, *(1,) * (guided.ndim - 1))
    return ((likeness + 1) * guided + (1 - likeness) * leap) / 2


def _root(x: Tensor) -> Tensor:
    return x.abs().sqrt() * x.sign()
