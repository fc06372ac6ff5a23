"""Nodes that cut, turn and join pictures."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from comfy_core.media.batches import resized, same_channels
from nodes.images import shown
from nodes.schema import Boolean, Combo, Int, Widget, node
from nodes.types import MAX_RESOLUTION, Image

MODULE = "comfy_extras.nodes_images"
FLIPS = {"x-axis: vertically": 1, "y-axis: horizontally": 2}
ROTATIONS = ("none", "90 degrees", "180 degrees", "270 degrees")
COLOURS = {"white": (1, 1, 1), "black": (0, 0, 0), "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}

Place = Int(default=0, min=0, max=MAX_RESOLUTION, step=1, tooltip="In pixels, from the top left corner.")
Side = Int(default=512, min=1, max=MAX_RESOLUTION, step=1, tooltip="In pixels.")


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
