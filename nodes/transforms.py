"""Nodes that cut, turn, join and resize pictures."""

from __future__ import annotations

import math
from typing import Annotated, Any

import torch
from torch import Tensor

from comfy_core.media.batches import as_masks, resized, resized_masks, same_channels
from comfy_core.media.resize import CROPS, IMAGE_METHODS
from nodes.images import shown
from nodes.schema import Boolean, Cases, Combo, Float, Int, Match, Socket, Widget, node
from nodes.types import MAX_RESOLUTION, Image

MODULE = "comfy_extras.nodes_images"
POST = "comfy_extras.nodes_post_processing"
MEGAPIXEL = 1024 * 1024
FLIPS = {"x-axis: vertically": 1, "y-axis: horizontally": 2}
ROTATIONS = ("none", "90 degrees", "180 degrees", "270 degrees")
COLOURS = {"white": (1, 1, 1), "black": (0, 0, 0), "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}

Method = Annotated[str, Combo(IMAGE_METHODS, tooltip="How pixels between pixels are found.")]
Megapixels = Float(default=1.0, min=0.01, max=16.0, step=0.01, tooltip="In 1024 x 1024 pixels.")
Place = Int(default=0, min=0, max=MAX_RESOLUTION, step=1, tooltip="In pixels, from the top left corner.")
Side = Int(default=512, min=1, max=MAX_RESOLUTION, step=1, tooltip="In pixels.")
Longest = Int(default=512, min=0, max=MAX_RESOLUTION, step=1, tooltip="In pixels; 0 changes nothing.")
Crop = Combo(CROPS, default="center", tooltip="Cut the longer way instead of stretching the shorter.")


def cut(images: Tensor, x: int, y: int, width: int, height: int) -> Tensor:
    """The part of pictures [B, H, W, ...] that lies in a box. Raises ValueError when none of it does."""
    part = images[:, max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
    if not part.numel():
        there = f"{images.shape[2]} x {images.shape[1]}"
        raise ValueError(f"a crop of {width} x {height} at ({x}, {y}) holds nothing of {there} pixels; move it inside")
    return part


@node(
    "ImageCrop",
    title="Crop Image (DEPRECATED)",
    category="image/transform",
    deprecated=True,
    python_module=MODULE,
    search_aliases=("trim",),
    essentials_category="Image Tools",
)
def image_crop(
    image: Image,
    width: Annotated[int, Side],
    height: Annotated[int, Side],
    x: Annotated[int, Place],
    y: Annotated[int, Place],
) -> Image:
    """Cut a part out of pictures; what lies outside of them is left out."""
    return cut(image, x, y, width, height)


@node(
    "ImageCropV2",
    title="Crop Image",
    category="image/transform",
    has_intermediate_output=True,
    python_module=MODULE,
    search_aliases=("crop", "cut", "trim"),
    essentials_category="Image Tools",
)
def image_crop_region(
    image: Image,
    crop_region: Annotated[
        dict[str, int],
        Widget(
            "BOUNDING_BOX",
            default={"x": 0, "y": 0, "width": 512, "height": 512},
            component="ImageCrop",
            tooltip="The part to keep, in pixels.",
        ),
    ],
) -> Image:
    """Cut a box out of pictures; what lies outside of them is left out."""
    x, y, width, height = (int(crop_region.get(name, 0)) for name in ("x", "y", "width", "height"))
    return {"ui": {"images": shown(image)}, "result": (cut(image, x, y, width, height),)}  # type: ignore[return-value]


@node(
    "ImageFlip",
    title="Flip Image",
    category="image/transform",
    python_module=MODULE,
    search_aliases=("mirror", "reflect"),
)
def image_flip(
    image: Image, flip_method: Annotated[str, Combo(tuple(FLIPS), tooltip="Upside down, or left to right.")]
) -> Image:
    """Mirror pictures."""
    return image.flip(FLIPS[flip_method])


@node(
    "ImageRotate",
    title="Rotate Image",
    category="image/transform",
    python_module=MODULE,
    search_aliases=("turn", "flip orientation"),
    essentials_category="Image Tools",
)
def image_rotate(image: Image, rotation: Annotated[str, Combo(ROTATIONS, tooltip="Clockwise.")]) -> Image:
    """Turn pictures."""
    return image.rot90(ROTATIONS.index(rotation), dims=(2, 1))


@node(
    "ImageStitch",
    title="Stitch Images",
    category="image/transform",
    python_module=MODULE,
    search_aliases=("combine images", "join images", "concatenate images", "side by side"),
)
def image_stitch(
    image1: Image,
    direction: Annotated[
        str, Combo(("right", "down", "left", "up"), default="right", tooltip="Where the second picture goes.")
    ],
    match_image_size: Annotated[bool, Boolean(default=True, tooltip="Resize the second to the side they share.")],
    spacing_width: Annotated[
        int, Int(default=0, min=0, max=1024, step=2, advanced=True, tooltip="Pixels between the two.")
    ],
    spacing_color: Annotated[
        str, Combo(tuple(COLOURS), default="white", advanced=True, tooltip="Of the gap, and of what is missing.")
    ],
    image2: Image | None = None,
) -> Image:
    """Put two pictures side by side, or one above the other."""
    if image2 is None:
        return image1
    lengthwise, across = (2, 1) if direction in ("right", "left") else (1, 2)
    if match_image_size:
        image2 = _with_side(image2, across, image1.shape[across])
    first, second = (_last_repeated(one, max(len(image1), len(image2))) for one in same_channels(image1, image2))
    side = max(first.shape[across], second.shape[across])
    colour = COLOURS[spacing_color]
    first, second = (_centred_along(one, across, side, colour) for one in (first, second))
    gap = _canvas(first, {lengthwise: spacing_width}, colour)
    parts = [first, gap, second] if direction in ("right", "down") else [second, gap, first]
    return torch.cat(parts, dim=lengthwise)


def _with_side(images: Tensor, dim: int, size: int) -> Tensor:
    scale = size / images.shape[dim]
    height, width = (size if one == dim else max(1, int(images.shape[one] * scale)) for one in (1, 2))
    return resized(images, width, height, "lanczos")


def _last_repeated(images: Tensor, count: int) -> Tensor:
    return torch.cat([images, images[-1:].expand(count - len(images), -1, -1, -1)])


def _centred_along(images: Tensor, dim: int, size: int, colour: tuple[int, ...]) -> Tensor:
    old = images.shape[dim]
    canvas = _canvas(images, {dim: size}, colour)
    canvas.narrow(dim, (size - old) // 2, old).copy_(images)
    return canvas


def _canvas(images: Tensor, sides: dict[int, int], colour: tuple[int, ...]) -> Tensor:
    """A canvas of one colour, opaque, like `images` [B, H, W, C] but for some sides."""
    shape = [sides.get(dim, size) for dim, size in enumerate(images.shape)]
    return images.new_tensor((*colour, 1)[: shape[-1]]).expand(shape).clone()


@node(
    "ResizeAndPadImage",
    title="Resize And Pad Image",
    category="image/transform",
    python_module=MODULE,
    search_aliases=("fit to size",),
)
def resize_and_pad_image(
    image: Image,
    target_width: Annotated[int, Side],
    target_height: Annotated[int, Side],
    padding_color: Annotated[str, Combo(("white", "black"), advanced=True, tooltip="Of the bars at the sides.")],
    interpolation: Annotated[
        str,
        Combo(
            ("area", "bicubic", "nearest-exact", "bilinear", "lanczos"),
            advanced=True,
            tooltip="How pixels between pixels are found.",
        ),
    ],
) -> Image:
    """Fit pictures into a size, with bars where their proportions differ."""
    height, width = image.shape[1:3]
    scale = min(target_width / width, target_height / height)
    fitted = resized(image, max(1, int(width * scale)), max(1, int(height * scale)), interpolation)
    colour = COLOURS[padding_color]
    return _centred_along(_centred_along(fitted, 1, target_height, colour), 2, target_width, colour)


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
    "ImageScaleToMaxDimension", title="Scale Image to Max Dimension", category="image/upscaling", python_module=MODULE
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
