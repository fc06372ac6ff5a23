"""Nodes that resize pictures and masks by a rule."""

from __future__ import annotations

import math
from typing import Annotated, Any

from torch import Tensor

from comfy_core.media.batches import as_masks, resized, resized_masks
from comfy_core.media.resize import CROPS, IMAGE_METHODS
from nodes.schema import Cases, Combo, Float, Int, Match, Socket, node
from nodes.types import MAX_RESOLUTION, Image

POST = "comfy_extras.nodes_post_processing"
MEGAPIXEL = 1024 * 1024

TALL_KONTEXT_SIZES = (
    (672, 1568),
    (688, 1504),
    (720, 1456),
    (752, 1392),
    (800, 1328),
    (832, 1248),
    (880, 1184),
    (944, 1104),
)
KONTEXT_SIZES = (*TALL_KONTEXT_SIZES, (1024, 1024), *((wide, high) for high, wide in TALL_KONTEXT_SIZES))

Method = Annotated[str, Combo(IMAGE_METHODS, tooltip="How pixels between pixels are found.")]
Megapixels = Float(default=1.0, min=0.01, max=16.0, step=0.01, tooltip="In 1024 x 1024 pixels.")
Longest = Int(default=512, min=0, max=MAX_RESOLUTION, step=1, tooltip="In pixels; 0 changes nothing.")
Crop = Combo(CROPS, default="center", tooltip="Cut the longer way instead of stretching the shorter.")


@node(
    "ResizeImagesByLongerEdge",
    title="Resize Images by Longer Edge (DEPRECATED)",
    category="image/transform",
    outputs=("images",),
    deprecated=True,
    experimental=True,
    python_module="comfy_extras.nodes_dataset",
)
def resize_images_by_longer_edge(
    images: Image, longer_edge: Annotated[int, Int(default=1024, min=1, max=8192, tooltip="In pixels.")]
) -> Image:
    """Resize pictures by their longer side."""
    height, width = images.shape[1:3]
    scale = longer_edge / max(height, width)
    return resized(images, max(1, int(width * scale)), max(1, int(height * scale)), "lanczos")


@node(
    "ResizeImagesByShorterEdge",
    title="Resize Images by Shorter Edge (DEPRECATED)",
    category="image/transform",
    outputs=("images",),
    deprecated=True,
    experimental=True,
    python_module="comfy_extras.nodes_dataset",
)
def resize_images_by_shorter_edge(
    images: Image, shorter_edge: Annotated[int, Int(default=512, min=1, max=8192, tooltip="In pixels.")]
) -> Image:
    """Resize pictures by their shorter side."""
    height, width = images.shape[1:3]
    scale = shorter_edge / min(height, width)
    return resized(images, max(1, int(width * scale)), max(1, int(height * scale)), "lanczos")


@node("ImageScaleToTotalPixels", title="Scale Image to Total Pixels", category="image/upscaling", python_module=POST)
def image_scale_to_total_pixels(
    image: Image,
    upscale_method: Method,
    megapixels: Annotated[float, Megapixels],
    resolution_steps: Annotated[
        int, Int(default=1, min=1, max=256, advanced=True, tooltip="Both sides are multiples of it.")
    ],
) -> Image:
    """Resize pictures to a number of pixels."""
    width, height = _of_megapixels(image, megapixels, resolution_steps)
    return resized(image, width, height, upscale_method)


def _of_megapixels(images: Tensor, megapixels: float, steps: int = 1) -> tuple[int, int]:
    height, width = images.shape[1:3]
    scale = math.sqrt(megapixels * MEGAPIXEL / (width * height))
    return max(1, round(width * scale / steps)) * steps, max(1, round(height * scale / steps)) * steps


@node(
    "ImageScaleToMaxDimension",
    title="Scale Image to Max Dimension",
    category="image/upscaling",
    python_module="comfy_extras.nodes_images",
)
def image_scale_to_max_dimension(
    image: Image,
    upscale_method: Annotated[
        str,
        Combo(
            ("area", "lanczos", "bilinear", "nearest-exact", "bilinear", "bicubic"),
            tooltip="How pixels between pixels are found.",
        ),
    ],
    largest_size: Annotated[int, Longest],
) -> Image:
    """Resize pictures by their longer side."""
    width, height = _by_side(image, largest_size, max(image.shape[1:3]))
    return resized(image, width, height, upscale_method)


@node("FluxKontextImageScale", category="model/conditioning/flux", python_module="comfy_extras.nodes_flux")
def flux_kontext_image_scale(image: Image) -> Image:
    """Resize pictures to the size nearest in proportions of those that FLUX.1 Kontext was trained on."""
    proportions = image.shape[2] / image.shape[1]
    width, height = min(KONTEXT_SIZES, key=lambda size: abs(proportions - size[0] / size[1]))
    return resized(image, width, height, "lanczos", "center")


def _by_side(images: Tensor, size: int, old: int) -> tuple[int, int]:
    """Width and height when a side that was `old` becomes `size`; 0 keeps them."""
    height, width = images.shape[1:3]
    scale = (size or old) / old
    return max(1, round(width * scale)), max(1, round(height * scale))


Resize = Cases(
    {
        "scale dimensions": {"width": Longest, "height": Longest, "crop": Crop},
        "scale by multiplier": {
            "multiplier": Float(default=1.0, min=0.01, max=8.0, step=0.01, tooltip="New size by old size.")
        },
        "scale longer dimension": {"longer_size": Longest},
        "scale shorter dimension": {"shorter_size": Longest},
        "scale width": {"width": Longest},
        "scale height": {"height": Longest},
        "scale total pixels": {"megapixels": Megapixels},
        "match size": {"match": Socket("IMAGE,MASK", tooltip="The picture or mask of the size wanted."), "crop": Crop},
        "scale to multiple": {
            "multiple": Int(default=8, min=1, max=MAX_RESOLUTION, step=1, tooltip="Of what the sides are multiples.")
        },
    },
    tooltip="By what rule the new size is found.",
)


@node(
    "ResizeImageMaskNode",
    title="Resize Image/Mask",
    category="image/transform",
    outputs=("resized",),
    python_module=POST,
    search_aliases=(
        "resize",
        "resize image",
        "resize mask",
        "scale",
        "scale image",
        "scale mask",
        "image resize",
        "change size",
        "dimensions",
        "shrink",
        "enlarge",
    ),
)
def resize_image_mask(
    input: Annotated[Any, Match("input_type", allowed="IMAGE,MASK", tooltip="A picture or a mask.")],
    resize_type: Annotated[dict[str, Any], Resize],
    scale_method: Annotated[str, Combo(IMAGE_METHODS, default="area", tooltip="How pixels between pixels are found.")],
) -> Annotated[Any, Match("input_type")]:
    """Resize pictures or masks by one of many rules."""
    is_mask = input.ndim < 4
    input = as_masks(input) if is_mask else input
    width, height = new_size(input, resize_type)
    crop = "center" if resize_type["resize_type"] == "scale to multiple" else resize_type.get("crop", "disabled")
    return (resized_masks if is_mask else resized)(input, width, height, scale_method, crop)


def new_size(images: Tensor, rule: dict[str, Any]) -> tuple[int, int]:
    """Width and height of pictures or masks [B, H, W, ...] by a rule of ResizeImageMaskNode."""
    height, width = images.shape[1:3]
    match rule["resize_type"]:
        case "scale dimensions":
            wide = rule["width"] or _by_side(images, rule["height"], height)[0]
            return wide, rule["height"] or _by_side(images, rule["width"], width)[1]
        case "scale by multiplier":
            return max(1, round(width * rule["multiplier"])), max(1, round(height * rule["multiplier"]))
        case "scale longer dimension":
            return _by_side(images, rule["longer_size"], max(width, height))
        case "scale shorter dimension":
            return _by_side(images, rule["shorter_size"], min(width, height))
        case "scale width":
            return _by_side(images, rule["width"], width)
        case "scale height":
            return _by_side(images, rule["height"], height)
        case "scale total pixels":
            return _of_megapixels(images, rule["megapixels"])
        case "match size":
            other = rule["match"]
            other = other if other.ndim == 4 else as_masks(other)
            return other.shape[2], other.shape[1]
        case _:
            multiple = rule["multiple"]
            if multiple > min(width, height):
                raise ValueError(f"{width} x {height} pixels hold no multiple of {multiple}; ask for a smaller one")
            return width // multiple * multiple, height // multiple * multiple
