"""Nodes that make, change and combine masks."""

from __future__ import annotations

from typing import Annotated, Any

import torch

from comfy_core.media import masks as ops
from comfy_core.media.batches import as_masks, resized_masks
from nodes.images import shown
from nodes.schema import Boolean, Combo, Float, Grow, Int, node
from nodes.transforms import cut
from nodes.types import MAX_RESOLUTION, Image, Mask, PngInfo, Prompt

CATEGORY, MODULE = "image/mask", "comfy_extras.nodes_mask"
CHANNELS = ("red", "green", "blue", "alpha")
Place = Int(default=0, min=0, max=MAX_RESOLUTION, step=1, tooltip="In pixels, from the top left corner.")
Side = Int(default=512, min=1, max=MAX_RESOLUTION, step=1, tooltip="In pixels.")
Edge = Int(default=0, min=0, max=MAX_RESOLUTION, step=1, tooltip="Over how many pixels this side fades in.")
Masks = Annotated[dict[str, Any], Grow("mask", "mask", type="MASK", min=1, max=50, tooltip="Masks.")]


@node(
    "MaskToImage",
    title="Convert Mask to Image",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("convert mask",),
)
def mask_to_image(mask: Mask) -> Image:
    """A mask as a grey picture."""
    return as_masks(mask)[..., None].expand(-1, -1, -1, 3)


@node(
    "ImageToMask",
    title="Convert Image to Mask",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("extract channel", "channel to mask"),
)
def image_to_mask(
    image: Image, channel: Annotated[str, Combo(CHANNELS, tooltip="The channel that is the mask.")]
) -> Mask:
    """One channel of a picture as a mask."""
    place = CHANNELS.index(channel)
    if place >= image.shape[-1]:
        there = ", ".join(CHANNELS[: image.shape[-1]])
        raise ValueError(f"the picture has no channel {channel}; choose one of {there}")
    return image[..., place]


@node(
    "ImageColorToMask",
    title="Convert Image Color to Mask",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("color keying", "chroma key"),
)
def image_color_to_mask(
    image: Image,
    color: Annotated[
        int, Int(default=0, min=0, max=0xFFFFFF, step=1, display="number", tooltip="256² red + 256 green + blue.")
    ],
) -> Mask:
    """A mask of the pixels that have exactly one colour."""
    return ops.of_colour(image, color)


@node("SolidMask", title="Create Solid Mask", category=CATEGORY, python_module=MODULE)
def solid_mask(
    value: Annotated[float, Float(default=1.0, min=0.0, max=1.0, step=0.01, tooltip="0 is black, 1 is white.")],
    width: Annotated[int, Side],
    height: Annotated[int, Side],
) -> Mask:
    """A mask of one value."""
    return torch.full((1, height, width), value)


@node(
    "InvertMask",
    title="Invert Mask",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("reverse mask", "flip mask"),
)
def invert_mask(mask: Mask) -> Mask:
    """White becomes black and black becomes white."""
    return 1.0 - mask


@node(
    "CropMask",
    title="Crop Mask",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("cut mask", "extract mask region", "mask slice"),
)
def crop_mask(
    mask: Mask,
    x: Annotated[int, Place],
    y: Annotated[int, Place],
    width: Annotated[int, Side],
    height: Annotated[int, Side],
) -> Mask:
    """Cut a part out of a mask; what lies outside of it is left out."""
    return cut(as_masks(mask), x, y, width, height)


@node(
    "MaskComposite",
    title="Combine Masks",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("combine masks", "blend masks", "layer masks", "masks composition"),
)
def mask_composite(
    destination: Mask,
    source: Mask,
    x: Annotated[int, Place],
    y: Annotated[int, Place],
    operation: Annotated[str, Combo(tuple(ops.OPERATIONS), tooltip="and, or, xor take grey as black or white.")],
) -> Mask:
    """Lay a mask over another one."""
    return ops.combined(as_masks(destination), as_masks(source), x, y, operation)


@node(
    "FeatherMask",
    title="Feather Mask",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("soft edge mask", "blur mask edges", "gradient mask edge"),
)
def feather_mask(
    mask: Mask,
    left: Annotated[int, Edge],
    top: Annotated[int, Edge],
    right: Annotated[int, Edge],
    bottom: Annotated[int, Edge],
) -> Mask:
    """Have a mask fade in from its sides."""
    return ops.feathered(as_masks(mask), left, top, right, bottom)


@node(
    "GrowMask",
    title="Grow Mask",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("expand mask", "shrink mask"),
)
def grow_mask(
    mask: Mask,
    expand: Annotated[
        int, Int(default=0, min=-MAX_RESOLUTION, max=MAX_RESOLUTION, step=1, tooltip="In pixels; below 0 it shrinks.")
    ],
    tapered_corners: Annotated[bool, Boolean(default=True, advanced=True, tooltip="Grow as a diamond, not a square.")],
) -> Mask:
    """Make the white of a mask larger or smaller."""
    return ops.grown(as_masks(mask), expand, tapered_corners)


@node("ThresholdMask", title="Threshold Mask", category=CATEGORY, python_module=MODULE, search_aliases=("binary mask",))
def threshold_mask(
    mask: Mask,
    value: Annotated[float, Float(default=0.5, min=0.0, max=1.0, step=0.01, tooltip="What is above it is white.")],
) -> Mask:
    """A mask of black and white only."""
    return (mask > value).float()


@node(
    "MaskPreview",
    title="Preview Mask",
    category=CATEGORY,
    outputs=("mask",),
    is_output=True,
    python_module=MODULE,
    search_aliases=("show mask", "view mask", "inspect mask", "debug mask"),
)
def mask_preview(mask: Mask, prompt: Prompt = None, extra_pnginfo: PngInfo = None) -> Mask:
    """Show masks without keeping them."""
    files = shown(as_masks(mask)[..., None].expand(-1, -1, -1, 3), prompt, extra_pnginfo)
    return {"ui": {"images": files}, "result": (mask,)}  # type: ignore[return-value]


@node(
    "BatchMasksNode",
    title="Batch Masks",
    category=CATEGORY,
    python_module="comfy_extras.nodes_post_processing",
    search_aliases=("combine masks", "stack masks", "merge masks"),
)
def batch_masks(masks: Masks) -> Mask:
    """Masks as one batch, of the size of the first."""
    several = [as_masks(one) for one in masks.values()]
    height, width = several[0].shape[1:]
    return torch.cat([resized_masks(one, width, height, "bilinear", "center") for one in several])
