"""What inpainting and editing models see beside the noisy latent: further channels of their network's input.

A kind is a function of the model's latent format, the noisy latent's shape and a conditioning entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.latent_format import LatentFormat

Concat = Callable[[LatentFormat, torch.Size, dict[str, Any]], Tensor]

GREY = (0.8223, -0.6876, 0.6364, 0.1380)
"""The scaled latent of an image that is 0 everywhere (in -1..1), in Stable Diffusion's latents."""


def inpainting(latent_format: LatentFormat, shape: torch.Size, cond: dict[str, Any]) -> Tensor:
    """The mask [B, 1, h, w], 1 where the picture is to be made, and the latent of the rest of the picture [B, C, h, w].

    `concat_mask` and `concat_latent_image` (unscaled) come from a conditioning node; without them the run's own
    `denoise_mask` and `latent_image` (scaled) count; without a mask everything is made.
    """
    mask = cond.get("concat_mask", cond.get("denoise_mask"))
    if mask is None:
        grey = torch.tensor((GREY * shape[1])[: shape[1]])[None, :, None, None]
        return torch.cat([torch.ones(1, 1, *shape[-2:]), grey.expand(1, -1, *shape[-2:])], dim=1)
    mask = mask[:, :1] if mask.ndim == 4 else mask.reshape(-1, 1, *mask.shape[-2:])
    mask = resized(mask.float(), shape).round()
    image = cond.get("concat_latent_image")
    image = cond.get("latent_image") if image is None else latent_format.process_in(image)
    image = torch.zeros(1, *shape[1:]) if image is None else resized(image.float(), shape)
    count = max(len(mask), len(image))
    return torch.cat([repeated(mask.to(image), count), repeated(image, count)], dim=1)


def editing(latent_format: LatentFormat, shape: torch.Size, cond: dict[str, Any]) -> Tensor:
    """The latent [B, C, h, w], not scaled, of the image that the prompt changes (Brooks et al. 2023, InstructPix2Pix,
    https://arxiv.org/abs/2211.09800). None is an image of zeros."""
    image = cond.get("concat_latent_image")
    return torch.zeros(1, *shape[1:]) if image is None else resized(image.float(), shape)


def resized(image: Tensor, shape: torch.Size) -> Tensor:
    """An image [B, C, h, w] at the last two sides of `shape`."""
    if image.shape[-2:] == shape[-2:]:
        return image
    return F.interpolate(image, size=tuple(shape[-2:]), mode="bilinear")


def repeated(tensor: Tensor, count: int) -> Tensor:
    """A batch [b, ...] repeated until it has `count` entries."""
    return tensor.repeat(-(-count // len(tensor)), *(1,) * (tensor.ndim - 1))[:count]
