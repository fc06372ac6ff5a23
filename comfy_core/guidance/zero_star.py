"""CFG-Zero*: the unconditional prediction is scaled to be as near to the conditional one as it can be.

Fan et al. 2025, "CFG-Zero*: Improved Classifier-Free Guidance for Flow Matching Models",
https://arxiv.org/abs/2503.18886, equations 7 and 8: s* = <v_c, v_u> / |v_u|², v = (1 - w) s* v_u + w v_c.
"""

from __future__ import annotations

from torch import Tensor

from comfy_core.guidance.projections import Args, along


def zero_star_guidance(args: Args) -> Tensor:
    """A function for `set_model_sampler_post_cfg_function`: what it changes is the share of the unconditional
    prediction, whatever mixed the two."""
    x, scale = args["input"], args["cond_scale"]
    cond, uncond = x - args["cond_denoised"], x - args["uncond_denoised"]
    return args["denoised"] + (1 - scale) * (uncond - along(cond, uncond))
