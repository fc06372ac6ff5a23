"""A small picture of a latent while it is sampled: one matrix from latent channels to colours, no decoder."""

from __future__ import annotations

import io

import torch
from PIL import Image
from torch import Tensor

from comfy_core.latent_format import LatentFormat

SIZE = 512
QUALITY = 95


def latent_preview(latent: Tensor, latent_format: LatentFormat) -> tuple[str, bytes]:
    """The first picture of a scaled latent [B, C, h, w] as `("image/jpeg", bytes)`, its longer side 512 pixels."""
    image = latent_to_image(latent[0], latent_format)
    scale = SIZE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    file = io.BytesIO()
    image.resize(size, Image.Resampling.BILINEAR).save(file, "JPEG", quality=QUALITY)
    return "image/jpeg", file.getvalue()


def latent_to_image(latent: Tensor, latent_format: LatentFormat) -> Image.Image:
    """One scaled latent [C, h, w] in rough colours, a pixel for each of its places.

    A format without colour factors shows its first three channels.
    """
    latent = latent.detach().float().cpu()
    factors = latent_format.latent_rgb_factors
    if factors is None:
        rgb = latent[[min(i, len(latent) - 1) for i in range(3)]].movedim(0, -1) / 3
    else:
        rgb = torch.einsum("chw,cr->hwr", latent, torch.tensor(factors))
        rgb = rgb + torch.tensor(latent_format.latent_rgb_factors_bias or (0.0, 0.0, 0.0))
    pixels = ((rgb + 1) / 2).clamp(0, 1).mul(255).round().byte()
    return Image.fromarray(pixels.numpy(), mode="RGB")
