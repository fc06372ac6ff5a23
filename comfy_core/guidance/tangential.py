"""Tangential damping: of the unconditional prediction only what agrees with the conditional one stays.

Kwon et al. 2025, "TCFG: Tangential Damping Classifier-free Guidance", https://arxiv.org/abs/2503.18137, algorithm 1:
the unconditional score is projected on the first right singular vector of both.
"""

from __future__ import annotations

import torch
from torch import Tensor

from comfy_core.guidance.projections import Args


def tangential_damping(args: Args) -> list[Tensor]:
    """A function for `set_model_sampler_pre_cfg_function`."""
    x, (cond, uncond, *others) = args["input"], args["conds_out"]
    if cond is uncond:
        return args["conds_out"]
    return [cond, x - damped(x - cond, x - uncond), *others]


def damped(cond: Tensor, uncond: Tensor) -> Tensor:
    """The part of `uncond` [B, ...] along the direction that explains the most of both."""
    both = torch.stack([uncond.flatten(1), cond.flatten(1)], dim=1).float()
    # the right singular vector of a flat 2 x n matrix from the 2 x 2 matrix of its rows' products
    _, weights = torch.linalg.eigh(both @ both.mT)
    direction = torch.nn.functional.normalize(weights[:, :, -1:].mT @ both, dim=-1)
    return ((both[:, :1] @ direction.mT) @ direction).view_as(uncond).to(uncond.dtype)
