"""Nodes that make, change, encode and decode latents."""

from __future__ import annotations

import math
from typing import Annotated

import torch

from comfy_core.media.resize import CROPS, LATENT_METHODS, common_upscale
from nodes.schema import Combo, Float, Int, node
from nodes.types import MAX_RESOLUTION, Image, Latent, Vae

SMALLEST = 64
PIXELS = 8


@node(
    "EmptyLatentImage",
    title="Empty Latent Image",
    category="model/latent",
    search_aliases=("empty", "empty latent", "new latent", "create latent", "blank latent", "blank"),
)
def empty_latent_image(
    width: Annotated[int, Int(default=512, min=16, max=MAX_RESOLUTION, step=8, tooltip="Of the picture, in pixels.")],
    height: Annotated[int, Int(default=512, min=16, max=MAX_RESOLUTION, step=8, tooltip="Of the picture, in pixels.")],
    batch_size: Annotated[int, Int(default=1, min=1, max=4096, tooltip="How many pictures are made at once.")],
) -> Latent:
    """An empty canvas of a size: what text-to-image starts from."""
    return {"samples": torch.zeros(batch_size, 4, height // PIXELS, width // PIXELS)}


@node(
    "VAEDecode",
    title="VAE Decode",
    category="model/latent",
    search_aliases=("decode", "decode latent", "latent to image", "render latent"),
)
def vae_decode(samples: Latent, vae: Vae) -> Image:
    """Decode latents to pictures."""
    return vae.decode(samples["samples"])


@node(
    "VAEEncode",
    title="VAE Encode",
    category="model/latent",
    search_aliases=("encode", "encode image", "image to latent"),
)
def vae_encode(pixels: Image, vae: Vae) -> Latent:
    """Encode pictures to latents; sides are cropped to multiples of eight pixels."""
    return {"samples": vae.encode(pixels)}


@node(
    "LatentUpscale",
    title="Upscale Latent",
    category="model/latent",
    search_aliases=("enlarge latent", "resize latent"),
)
def latent_upscale(
    samples: Latent,
    upscale_method: Annotated[str, Combo(LATENT_METHODS, tooltip="How values between places are found.")],
    width: Annotated[
        int,
        Int(default=512, min=0, max=MAX_RESOLUTION, step=8, tooltip="Of the picture, in pixels; 0 follows the height."),
    ],
    height: Annotated[
        int,
        Int(default=512, min=0, max=MAX_RESOLUTION, step=8, tooltip="Of the picture, in pixels; 0 follows the width."),
    ],
    crop: Annotated[str, Combo(CROPS, tooltip="Cut the longer way instead of stretching the shorter.")],
) -> Latent:
    """Resize latents to the size of a picture."""
    if width == 0 and height == 0:
        return samples
    latent = samples["samples"]
    old_height, old_width = latent.shape[-2:]
    if width == 0:
        height = max(SMALLEST, height)
        width = max(SMALLEST, round(old_width * height / old_height))
    elif height == 0:
        width = max(SMALLEST, width)
        height = max(SMALLEST, round(old_height * width / old_width))
    width, height = max(SMALLEST, width) // PIXELS, max(SMALLEST, height) // PIXELS
    return samples | {"samples": common_upscale(latent, width, height, upscale_method, crop)}


@node(
    "LatentUpscaleBy",
    title="Upscale Latent By",
    category="model/latent",
    search_aliases=("enlarge latent", "resize latent", "scale latent"),
)
def latent_upscale_by(
    samples: Latent,
    upscale_method: Annotated[str, Combo(LATENT_METHODS, tooltip="How values between places are found.")],
    scale_by: Annotated[float, Float(default=1.5, min=0.01, max=8.0, step=0.01, tooltip="New size by old size.")],
) -> Latent:
    """Resize latents by a factor."""
    latent = samples["samples"]
    width, height = (max(1, round(side * scale_by)) for side in (latent.shape[-1], latent.shape[-2]))
    return samples | {"samples": common_upscale(latent, width, height, upscale_method, "disabled")}


@node(
    "RepeatLatentBatch",
    title="Repeat Latent Batch",
    category="model/latent/batch",
    search_aliases=("duplicate latent", "clone latent"),
)
def repeat_latent_batch(
    samples: Latent, amount: Annotated[int, Int(default=1, min=1, max=64, tooltip="How often the batch is repeated.")]
) -> Latent:
    """Repeat a batch of latents, each copy with noise of its own when it is sampled."""
    latent = samples["samples"]
    repeated = samples | {"samples": latent.repeat(amount, *(1,) * (latent.ndim - 1))}
    mask = samples.get("noise_mask")
    if mask is not None and mask.shape[0] > 1:
        mask = mask.repeat(math.ceil(latent.shape[0] / mask.shape[0]), *(1,) * (mask.ndim - 1))[: latent.shape[0]]
        repeated["noise_mask"] = mask.repeat(amount, *(1,) * (mask.ndim - 1))
    places = samples.get("batch_index")
    if places is not None:
        stride = max(places) - min(places) + 1
        repeated["batch_index"] = [place + copy * stride for copy in range(amount) for place in places]
    return repeated
