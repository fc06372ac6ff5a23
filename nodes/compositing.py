"""Nodes that lay pictures over one another and handle their transparency."""

from __future__ import annotations

from typing import Annotated

import torch

from comfy_core.media import compositing as ops
from comfy_core.media.batches import as_many, as_masks, resized, resized_masks, same_channels
from nodes.schema import Boolean, Combo, Float, Int, node
from nodes.types import MAX_RESOLUTION, Image, Latent, Mask

MODULE = "comfy_extras.nodes_compositing"
CELL = 8
LatentPlace = Int(default=0, min=0, max=MAX_RESOLUTION, step=8, tooltip="In pixels of the picture.")
Place = Int(default=0, min=0, max=MAX_RESOLUTION, step=1, tooltip="In pixels, from the top left corner.")


@node(
    "ImageCompositeMasked",
    title="Image Composite Masked",
    category="image/compositing",
    python_module="comfy_extras.nodes_mask",
    search_aliases=("overlay", "layer", "paste image", "images composition"),
)
def image_composite_masked(
    destination: Image,
    source: Image,
    x: Annotated[int, Place],
    y: Annotated[int, Place],
    resize_source: Annotated[bool, Boolean(tooltip="Give the source the size of the destination first.")],
    mask: Mask | None = None,
) -> Image:
    """Paste a picture into another one, where the mask is white."""
    height, width = destination.shape[1:3]
    if resize_source:
        source = resized(source, width, height, "bilinear")
    masks = source.new_ones(source.shape[:3])
    if mask is not None:
        masks = resized_masks(as_masks(mask), source.shape[2], source.shape[1], "bilinear")
    if source.shape[-1] > destination.shape[-1]:
        source = source[..., : destination.shape[-1]]
    destination, source = same_channels(destination, source)
    return ops.pasted(destination, source, masks, x, y)


@node(
    "LatentCompositeMasked",
    title="Latent Composite Masked",
    category="model/latent",
    python_module="comfy_extras.nodes_mask",
    search_aliases=("overlay latent", "layer latent", "paste latent", "inpaint latent"),
)
def latent_composite_masked(
    destination: Latent,
    source: Latent,
    x: Annotated[int, LatentPlace],
    y: Annotated[int, LatentPlace],
    resize_source: Annotated[bool, Boolean(tooltip="Give the source the size of the destination first.")],
    mask: Mask | None = None,
) -> Latent:
    """Paste a latent into another one, where the mask is white."""
    into, part = (one["samples"].movedim(1, -1) for one in (destination, source))
    if into.ndim != 4 or part.shape[-1] != into.shape[-1]:
        shapes = f"{list(source['samples'].shape)} and {list(destination['samples'].shape)}"
        raise ValueError(f"latents of shape {shapes} are of different kinds of model, or of videos, and do not mix")
    pasted = image_composite_masked(into, part, x // CELL, y // CELL, resize_source, mask)
    return destination | {"samples": pasted.movedim(-1, 1)}


@node(
    "JoinImageWithAlpha",
    title="Join Image with Alpha",
    category="image/compositing",
    python_module=MODULE,
    search_aliases=("add transparency", "apply alpha", "composite alpha", "RGBA"),
)
def join_image_with_alpha(image: Image, alpha: Mask) -> Image:
    """Make pictures transparent where a mask is white; the shorter batch is repeated."""
    masks = resized_masks(as_masks(alpha), image.shape[2], image.shape[1], "bilinear")
    count = max(len(image), len(masks))
    opaque = 1.0 - as_many(masks, count)[..., None].to(image)
    return torch.cat([as_many(image, count)[..., :3], opaque], dim=-1)


@node(
    "SplitImageWithAlpha",
    title="Split Image with Alpha",
    category="image/compositing",
    python_module=MODULE,
    search_aliases=("extract alpha", "separate transparency", "remove alpha"),
)
def split_image_with_alpha(image: Image) -> tuple[Image, Mask]:
    """The colours of pictures, and a mask of where they are transparent."""
    (_, with_alpha) = same_channels(image.new_zeros(1, 1, 1, 4), image)
    return image[..., :3], 1.0 - with_alpha[..., 3]


@node(
    "PorterDuffImageComposite",
    title="Porter-Duff Image Composite",
    category="image/compositing",
    python_module=MODULE,
    search_aliases=("alpha composite", "blend modes", "layer blend", "transparency blend"),
)
def porter_duff_image_composite(
    source: Image,
    source_alpha: Mask,
    destination: Image,
    destination_alpha: Mask,
    mode: Annotated[str, Combo(tuple(ops.OPERATORS), default="DST", tooltip="The operator of Porter and Duff.")],
) -> tuple[Image, Mask]:
    """Put two transparent pictures together; masks are white where they are transparent."""
    height, width = source.shape[1:3]
    count = max(len(source), len(destination))
    pictures = [
        as_many(resized(one[..., :3], width, height, "bicubic", "center"), count) for one in (source, destination)
    ]
    alphas = [
        1.0 - as_many(resized_masks(as_masks(one), width, height, "bicubic", "center"), count).clamp(0, 1)
        for one in (source_alpha, destination_alpha)
    ]
    colour, alpha = ops.composed(pictures[0], alphas[0], pictures[1], alphas[1], mode)
    return colour, 1.0 - alpha


@node(
    "ImageBlend",
    title="Blend Images",
    category="image/filters",
    python_module="comfy_extras.nodes_post_processing",
    search_aliases=("mix images",),
    essentials_category="Image Tools",
)
def image_blend(
    image1: Image,
    image2: Image,
    blend_factor: Annotated[
        float, Float(default=0.5, min=0.0, max=1.0, step=0.01, tooltip="At 0 the first picture stays as it is.")
    ],
    blend_mode: Annotated[str, Combo(tuple(ops.BLENDS), tooltip="What the second picture does to the first.")],
) -> Image:
    """Blend two pictures."""
    image1, image2 = same_channels(image1, image2)
    above = resized(image2, image1.shape[2], image1.shape[1], "bicubic", "center")
    count = max(len(image1), len(above))
    return ops.blended(as_many(image1, count), as_many(above, count), blend_mode, blend_factor)
