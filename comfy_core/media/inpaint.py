"""Pictures with a part to be made anew: the part taken out, and masks that fit."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

GREY = 0.5


def mask_for(pixels: Tensor, mask: Tensor) -> Tensor:
    """A mask [H, W], [B, H, W] or [B, 1, H, W] of any size as [B, 1, H, W] of the size of `pixels` [B, H, W, C].

    Raises:
        ValueError: a mask of another form, or neither one nor as many as there are pictures.
    """
    if mask.ndim < 2 or not mask.numel():
        raise ValueError(f"a mask is [height, width] or a batch of them, not of shape {list(mask.shape)}")
    mask = mask.reshape(-1, 1, *mask.shape[-2:]).float()
    if len(mask) not in (1, len(pixels)):
        raise ValueError(f"there are {len(mask)} masks for {len(pixels)} pictures; give one, or one for each")
    return F.interpolate(mask, size=tuple(pixels.shape[1:3]), mode="bilinear")


def without_masked(pixels: Tensor, mask: Tensor) -> Tensor:
    """Pictures [B, H, W, C] with grey in place of what the mask [B, 1, H, W], rounded, is white on."""
    kept = 1 - mask.round().movedim(1, -1)
    return (pixels - GREY) * kept + GREY


def grown(mask: Tensor, pixels: int) -> Tensor:
    """A mask [B, 1, H, W], rounded, whose white reaches `pixels` / 2 further to every side."""
    if pixels == 0:
        return mask.round()
    kernel = torch.ones(1, 1, pixels, pixels, dtype=mask.dtype, device=mask.device)
    reach = F.conv2d(mask.round(), kernel, padding=math.ceil((pixels - 1) / 2)).clamp(0, 1)
    return reach[..., : mask.shape[-2], : mask.shape[-1]].round()
