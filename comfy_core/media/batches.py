"""Pictures and masks of different counts, sizes and channels made to fit one another."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.media.resize import common_upscale


def as_many(batch: Tensor, count: int) -> Tensor:
    """A batch [B, ...] repeated or cut to `count`."""
    if len(batch) == count:
        return batch
    return batch.repeat(-(-count // len(batch)), *(1,) * (batch.ndim - 1))[:count]


def as_masks(mask: Tensor) -> Tensor:
    """A mask [H, W], [B, H, W] or [B, 1, H, W] as [B, H, W]. Raises ValueError when it has no pixels."""
    if mask.ndim < 2 or not mask.numel():
        raise ValueError(f"a mask is [height, width] or a batch of them, not of shape {list(mask.shape)}")
    return mask.reshape(-1, *mask.shape[-2:]).float()


def resized(images: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Pictures [B, H, W, C] of another size; see `common_upscale`. Raises ValueError for a size of nothing."""
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width} x {height} pixels is none; ask for at least 1 x 1")
    if tuple(images.shape[1:3]) == (height, width):
        return images
    return common_upscale(images.movedim(-1, 1), width, height, method, crop).movedim(1, -1)


def resized_masks(masks: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Masks [B, H, W] of another size."""
    return resized(masks[..., None], width, height, method, crop)[..., 0]


def same_channels(*images: Tensor) -> list[Tensor]:
    """Pictures [B, H, W, C] with as many channels as the one that has most; alpha that was missing is opaque."""
    most = max(one.shape[-1] for one in images)
    return [F.pad(one, (0, most - one.shape[-1]), value=1.0) for one in images]


def joined(images: list[Tensor]) -> Tensor:
    """Several pictures or batches [B, H, W, C] as one batch, of the size of the first, cut at the centre to fit."""
    height, width = images[0].shape[1:3]
    return torch.cat([resized(one, width, height, "bilinear", "center") for one in same_channels(*images)])
