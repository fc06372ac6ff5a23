"""Pictures [B, H, W, C] in 0..1 blurred, sharpened, reduced to few colours, and their edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from comfy_core.media.images import to_pictures, to_tensor
from comfy_core.media.masks import greatest_along

SHARPEN_GAIN = 10


def blurred(images: Tensor, radius: int, sigma: float) -> Tensor:
    """Gaussian blur over 2 `radius` + 1 pixels, mirrored at the border; `sigma` is in radii, not in pixels.

    Raises ValueError when a picture is not larger than the radius.
    """
    if radius >= min(images.shape[1:3]):
        size = f"{images.shape[2]} x {images.shape[1]}"
        raise ValueError(f"a radius of {radius} is too large for a picture of {size} pixels; choose a smaller one")
    kernel = torch.exp(-(torch.linspace(-1, 1, 2 * radius + 1) ** 2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).to(images)
    channels = images.shape[-1]
    out = F.pad(images.movedim(-1, 1), (radius,) * 4, mode="reflect")
    out = F.conv2d(out, kernel.view(1, 1, 1, -1).expand(channels, -1, -1, -1), groups=channels)
    return F.conv2d(out, kernel.view(1, 1, -1, 1).expand(channels, -1, -1, -1), groups=channels).movedim(1, -1)


def sharpened(images: Tensor, radius: int, sigma: float, alpha: float) -> Tensor:
    """Unsharp mask: ten times `alpha` of what a blur takes away is added."""
    return (images + SHARPEN_GAIN * alpha * (images - blurred(images, radius, sigma))).clamp(0, 1)


def noisy(images: Tensor, seed: int, strength: float) -> Tensor:
    """Pictures with Gaussian noise of a standard deviation added, the same on every device."""
    generator = torch.Generator().manual_seed(seed)
    return (images + strength * torch.randn(images.shape, generator=generator).to(images)).clamp(0, 1)


def edges(images: Tensor, low: float, high: float) -> Tensor:
    """Edges by Canny (1986), white on black: gradients above `high`, and those above `low` that lead to them."""
    from kornia.filters import canny

    return canny(images[..., :3].movedim(-1, 1), low, high)[1].movedim(1, -1).expand(-1, -1, -1, 3)


# --- morphology ------------------------------------------------------------------------------------------------------


def dilated(images: Tensor, size: int) -> Tensor:
    """The greatest value in a square of `size` pixels around each; nothing lies beyond the border."""
    return _greatest(images, size, before=(size - 1) // 2)


def eroded(images: Tensor, size: int) -> Tensor:
    """The smallest value in a square of `size` pixels around each; of an even size it is that of `dilated` turned."""
    return -_greatest(-images, size, before=size // 2)


def _greatest(images: Tensor, size: int, before: int) -> Tensor:
    after = size - 1 - before
    padded = F.pad(images, (0, 0, before, after, before, after), value=-torch.inf)
    return greatest_along(greatest_along(padded, size, 2), size, 1)


def opened(images: Tensor, size: int) -> Tensor:
    return dilated(eroded(images, size), size)


def closed(images: Tensor, size: int) -> Tensor:
    return eroded(dilated(images, size), size)


MORPHOLOGY: dict[str, Callable[[Tensor, int], Tensor]] = {
    "erode": eroded,
    "dilate": dilated,
    "open": opened,
    "close": closed,
    "gradient": lambda images, size: dilated(images, size) - eroded(images, size),
    "bottom_hat": lambda images, size: closed(images, size) - images,
    "top_hat": lambda images, size: images - opened(images, size),
}


# --- colours ---------------------------------------------------------------------------------------------------------

DITHERS = ("none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16")


def quantized(images: Tensor, colors: int, dither: str) -> Tensor:
    """Pictures with so many colours, found by median cut; `dither` is one of DITHERS (bayer-n: ordered, n x n)."""
    return torch.stack([_quantized(one.convert("RGB"), colors, dither) for one in to_pictures(images)]).to(images)


def _quantized(picture: Image.Image, colors: int, dither: str) -> Tensor:
    palette = picture.quantize(colors)
    if dither == "floyd-steinberg":
        return to_tensor(picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB"))
    if dither.startswith("bayer-"):
        picture = _ordered(picture, colors, int(dither.removeprefix("bayer-")))
        return to_tensor(picture.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB"))
    return to_tensor(palette.convert("RGB"))


def _ordered(picture: Image.Image, colors: int, order: int) -> Image.Image:
    """A picture with the threshold of its place added to each pixel, of the height of two steps between colours."""
    spread = 2 * 256 / colors
    pattern = np.tile(bayer(order) - 0.5, (-(-picture.height // order), -(-picture.width // order)))
    pixels = np.array(picture) + spread * pattern[: picture.height, : picture.width, None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def bayer(order: int) -> np.ndarray:
    """Bayer's (1973) matrix of thresholds in 0..1, of a power of 2."""
    if order == 1:
        return np.zeros((1, 1))
    inner = bayer(order // 2)
    return np.block([[inner, inner + 2 / order**2], [inner + 3 / order**2, inner + 1 / order**2]])


def to_yuv(images: Tensor) -> Tensor:
    """RGB as Y, Cb, Cr (ITU-R BT.601, full range, differences around 0.5)."""
    red, green, blue = images[..., :3].unbind(-1)
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return torch.stack([light, (blue - light) * 0.564 + 0.5, (red - light) * 0.713 + 0.5], dim=-1)


def from_yuv(images: Tensor) -> Tensor:
    """The inverse of `to_yuv`, cut to 0..1."""
    light, blue_less, red_less = (one - shift for one, shift in zip(images.unbind(-1), (0, 0.5, 0.5), strict=True))
    red = light + 1.403 * red_less
    green = light - 0.714 * red_less - 0.344 * blue_less
    return torch.stack([red, green, light + 1.773 * blue_less], dim=-1).clamp(0, 1)
