"""Nodes that filter pictures and change their colours."""

from __future__ import annotations

from typing import Annotated

import torch

from comfy_core.media import filters as ops
from nodes.schema import UINT64_MAX, Combo, Float, Int, node
from nodes.types import Image

CATEGORY, MODULE = "image/filters", "comfy_extras.nodes_post_processing"
MORPHOLOGY = "comfy_extras.nodes_morphology"


@node("ImageBlur", title="Blur Image", category=CATEGORY, python_module=MODULE)
def image_blur(
    image: Image,
    blur_radius: Annotated[int, Int(default=1, min=1, max=31, step=1, tooltip="In pixels.")],
    sigma: Annotated[float, Float(default=1.0, min=0.1, max=10.0, step=0.1, tooltip="Larger is softer.")],
) -> Image:
    """Blur pictures."""
    return ops.blurred(image, blur_radius, sigma)


@node("ImageSharpen", title="Sharpen Image", category=CATEGORY, python_module=MODULE)
def image_sharpen(
    image: Image,
    sharpen_radius: Annotated[int, Int(default=1, min=1, max=31, step=1, advanced=True, tooltip="In pixels.")],
    sigma: Annotated[
        float, Float(default=1.0, min=0.1, max=10.0, step=0.01, advanced=True, tooltip="Larger takes coarser detail.")
    ],
    alpha: Annotated[float, Float(default=1.0, min=0.0, max=5.0, step=0.01, advanced=True, tooltip="How much.")],
) -> Image:
    """Sharpen pictures."""
    return ops.sharpened(image, sharpen_radius, sigma, alpha)


@node("ImageQuantize", title="Quantize Image", category=CATEGORY, python_module=MODULE)
def image_quantize(
    image: Image,
    colors: Annotated[int, Int(default=256, min=1, max=256, step=1, tooltip="How many colours are left.")],
    dither: Annotated[str, Combo(ops.DITHERS, tooltip="How tones between the colours are feigned.")],
) -> Image:
    """Reduce pictures to a few colours."""
    return ops.quantized(image, colors, dither)


@node(
    "ImageAddNoise",
    title="Add Noise to Image",
    category=CATEGORY,
    python_module="comfy_extras.nodes_images",
    search_aliases=("film grain",),
)
def image_add_noise(
    image: Image,
    seed: Annotated[
        int, Int(default=0, min=0, max=UINT64_MAX, control_after_generate=True, tooltip="Other seeds, other noise.")
    ],
    strength: Annotated[float, Float(default=0.5, min=0.0, max=1.0, step=0.01, tooltip="0 changes nothing.")],
) -> Image:
    """Add noise to pictures."""
    return ops.noisy(image, seed, strength)


@node(
    "Canny",
    title="Detect Edges (Canny)",
    category=CATEGORY,
    python_module="comfy_extras.nodes_canny",
    search_aliases=("edge detection", "outline", "contour detection", "line art"),
    essentials_category="Image Tools",
)
def canny(
    image: Image,
    low_threshold: Annotated[
        float, Float(default=0.4, min=0.01, max=0.99, step=0.01, tooltip="Weaker edges count if they lead to a strong.")
    ],
    high_threshold: Annotated[
        float, Float(default=0.8, min=0.01, max=0.99, step=0.01, tooltip="Edges above it always count.")
    ],
) -> Image:
    """White lines where pictures have edges."""
    if low_threshold > high_threshold:
        raise ValueError(
            f"low_threshold {low_threshold} is above high_threshold {high_threshold}; make it the smaller one"
        )
    return ops.edges(image, low_threshold, high_threshold)


@node(
    "Morphology",
    title="Apply Morphology",
    category=CATEGORY,
    python_module=MORPHOLOGY,
    search_aliases=("erode", "dilate"),
)
def morphology(
    image: Image,
    operation: Annotated[str, Combo(tuple(ops.MORPHOLOGY), tooltip="dilate grows what is light, erode what is dark.")],
    kernel_size: Annotated[int, Int(default=3, min=3, max=999, step=1, tooltip="Of a square, in pixels.")],
) -> Image:
    """Grow, shrink and outline what is light in pictures."""
    return ops.MORPHOLOGY[operation](image, kernel_size)


@node(
    "ImageRGBToYUV",
    title="Image RGB to YUV",
    category="image/color",
    outputs=("Y", "U", "V"),
    python_module=MORPHOLOGY,
    search_aliases=("color space conversion",),
)
def image_rgb_to_yuv(image: Image) -> tuple[Image, Image, Image]:
    """The lightness of pictures and their two colour differences, each as grey pictures."""
    y, u, v = ops.to_yuv(image).unbind(-1)
    return tuple(one[..., None].expand(-1, -1, -1, 3) for one in (y, u, v))  # type: ignore[return-value]


@node(
    "ImageYUVToRGB",
    title="Image YUV to RGB",
    category="image/color",
    python_module=MORPHOLOGY,
    search_aliases=("color space conversion",),
)
def image_yuv_to_rgb(Y: Image, U: Image, V: Image) -> Image:
    """Pictures from their lightness and their two colour differences."""
    if not Y.shape[:3] == U.shape[:3] == V.shape[:3]:
        shapes = ", ".join(f"{len(one)} of {one.shape[2]} x {one.shape[1]}" for one in (Y, U, V))
        raise ValueError(f"Y, U and V must be as many pictures of one size, not {shapes}")
    return ops.from_yuv(torch.stack([one.mean(dim=-1) for one in (Y, U, V)], dim=-1))
