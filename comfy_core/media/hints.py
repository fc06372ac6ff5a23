"""Pictures [B, H, W, 3] in 0..1 as ControlNets take them, where no trained network is needed to make them so.

Most are what the annotators of ControlNet's releases do (lllyasviel/ControlNet, sd-webui-controlnet), by formula.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.media.resize import common_upscale

MASKED = -1.0
"""The value of pixels that an inpainting ControlNet is to make up."""
CELL = 64
BINOMIAL = (1.0, 4.0, 6.0, 4.0, 1.0)
MIDDLE_GREY = 127 / 255


def at_resolution(images: Tensor, resolution: int) -> Tensor:
    """Pictures whose shorter side has so many pixels."""
    height, width = images.shape[1:3]
    scale = resolution / min(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size == (width, height):
        return images[..., :3]
    method = "area" if scale < 1 else "lanczos"
    return common_upscale(images[..., :3].movedim(-1, 1), *size, method, "disabled").movedim(1, -1)


# --- lines -----------------------------------------------------------------------------------------------------------


def scribble(images: Tensor) -> Tensor:
    """White where any colour is dark: a drawing turned to white on black."""
    return _grey((images.amin(-1) < MIDDLE_GREY).to(images))


def difference_of_gaussians(images: Tensor, threshold: float) -> Tensor:
    """White where every colour is darker than around it, by half of `threshold` (0..1): strokes as of a pen. After
    Winnemöller et al. 2012, "XDoG"."""
    darker = (gaussian(images, 5.0) - gaussian(images, 0.5)).amin(-1)
    return _grey((2 * darker > threshold).to(images))


def line_art(images: Tensor, sigma: float, threshold: float) -> Tensor:
    """White lines where pictures are darker than around, as grey as they are; what is above `threshold` (0..1) says how
    strong a usual line is."""
    darker = (gaussian(images, sigma) - images).amin(-1).clamp(0, 1)
    usual = [one[one > threshold].median() if (one > threshold).any() else one.new_zeros(()) for one in darker]
    strength = torch.stack(usual).clamp(min=16 / 255)
    return _grey((darker / strength[:, None, None] * MIDDLE_GREY).clamp(0, 1))


def soft_edges(images: Tensor, sigma: float) -> Tensor:
    """How steep pictures are in their steepest colour, the steepest white: soft lines as of trained edge detectors."""
    x, y = _slopes(gaussian(images, sigma).movedim(-1, 1))
    steep = (x**2 + y**2).sqrt().amax(1)
    return _grey(steep / steep.amax(dim=(1, 2), keepdim=True).clamp(min=1e-6))


def binary(images: Tensor, threshold: float) -> Tensor:
    """White where pictures are no lighter than a threshold (0..1)."""
    return _grey((_lightness(images) <= threshold).to(images))


# --- colours ---------------------------------------------------------------------------------------------------------


def colour_grid(images: Tensor) -> Tensor:
    """Pictures of squares of 64 pixels, each of one colour."""
    height, width = images.shape[1:3]
    small = F.interpolate(images.movedim(-1, 1), (max(1, height // CELL), max(1, width // CELL)), mode="area")
    return F.interpolate(small, (height, width), mode="nearest-exact").movedim(1, -1)


def luminance(images: Tensor, gamma: float) -> Tensor:
    """The lightness L* of CIE 1976 as the eye sees it, 0..1, raised to `gamma`."""
    linear = torch.where(images > 0.04045, ((images + 0.055) / 1.055).clamp(min=0) ** 2.4, images / 12.92)
    y = linear @ linear.new_tensor([0.212671, 0.715160, 0.072169])
    lightness = torch.where(y > 0.008856, 1.16 * y.clamp(min=0) ** (1 / 3) - 0.16, 9.033 * y)
    return _grey(lightness.clamp(0, 1) ** gamma)


def intensity(images: Tensor, gamma: float) -> Tensor:
    """The strongest colour of each pixel, raised to `gamma`."""
    return _grey(images.amax(-1).clamp(0, 1) ** gamma)


def tile(images: Tensor, halvings: int) -> Tensor:
    """Pictures without their detail: shrunk by half so many times, and smoothly enlarged again."""
    height, width = images.shape[1:3]
    size = max(1, height >> halvings), max(1, width >> halvings)
    out = F.interpolate(images.movedim(-1, 1), size, mode="area")
    for _ in range(halvings):
        out = _doubled(out)
    return F.interpolate(out, (height, width), mode="bilinear").clamp(0, 1).movedim(1, -1)


def shuffled(images: Tensor, seed: int, waves: int = 256) -> Tensor:
    """The content of pictures at random places: what is near stays near, over `waves` pixels."""
    height, width = images.shape[1:3]
    generator = torch.Generator().manual_seed(seed)
    size = height + 2 * waves, width + 2 * waves
    noise = torch.rand((1, 2, size[0] // waves + 2, size[1] // waves + 2), generator=generator)
    places = F.interpolate(noise, size, mode="bicubic")[:, :, waves : waves + height, waves : waves + width]
    low, high = (getattr(places, name)(dim=(2, 3), keepdim=True) for name in ("amin", "amax"))
    grid = ((places - low) / (high - low).clamp(min=1e-6) * 2 - 1).movedim(1, -1).to(images)
    moved = F.grid_sample(images.movedim(-1, 1), grid.expand(len(images), -1, -1, -1), align_corners=True)
    return moved.movedim(1, -1)


# --- given maps ------------------------------------------------------------------------------------------------------


def depth_levels(maps: Tensor, near_is_white: bool, share: float) -> Tensor:
    """Depths spread over 0..1, each picture by itself; `share` of the pixels at either end may be cut off. What is near
    comes out white, whichever way the maps have it."""
    depth = _lightness(maps)
    if not near_is_white:
        depth = 1 - depth
    flat = depth.flatten(1).sort(dim=1).values
    cut = min(int(share * flat.shape[1]), (flat.shape[1] - 1) // 2)
    low, high = flat[:, cut, None, None], flat[:, -1 - cut, None, None]
    return _grey(((depth - low) / (high - low).clamp(min=1e-6)).clamp(0, 1))


def normals_from_depth(maps: Tensor, strength: float, background: float) -> Tensor:
    """The directions that surfaces face, of maps where near is white: red to the right, green up, blue to the eye.
    What is darker than `background` faces the eye."""
    depth = _lightness(maps)
    x, y = (one[:, 0] for one in _slopes(depth[:, None]))
    here = (depth > background).to(depth) * strength * max(depth.shape[1:]) / 8
    faced = F.normalize(torch.stack([-x * here, y * here, torch.ones_like(x)], dim=-1), dim=-1)
    return faced / 2 + 0.5


def masked_out(images: Tensor, mask: Tensor, black: bool) -> Tensor:
    """Pictures with the pixels under the white of a mask [b, H, W] at -1, as inpainting ControlNets of Stable Diffusion
    1 take them, or black, as those of SDXL do."""
    fitted = F.interpolate(mask.reshape(-1, 1, *mask.shape[-2:]).float(), images.shape[1:3], mode="bilinear")
    away = (fitted > 0.5).movedim(1, -1).expand(len(images) if len(fitted) == 1 else -1, -1, -1, 3)
    return images[..., :3].masked_fill(away, 0.0 if black else MASKED)


# --- parts -----------------------------------------------------------------------------------------------------------


def gaussian(images: Tensor, sigma: float) -> Tensor:
    """Gaussian blur [B, H, W, C], mirrored at the border; 0 is none."""
    if sigma <= 0:
        return images
    radius = min(math.ceil(3 * sigma), min(images.shape[1:3]) - 1)
    line = torch.exp(-(torch.arange(-radius, radius + 1, dtype=torch.float32) ** 2) / (2 * sigma**2))
    return _along_both(images.movedim(-1, 1), (line / line.sum()).to(images)).movedim(1, -1)


def _along_both(maps: Tensor, line: Tensor) -> Tensor:
    channels, radius = maps.shape[1], len(line) // 2
    out = F.pad(maps, (radius,) * 4, mode="reflect") if radius else maps
    out = F.conv2d(out, line.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
    return F.conv2d(out, line.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)


def _slopes(maps: Tensor) -> tuple[Tensor, Tensor]:
    """How maps [B, C, H, W] grow to the right and downwards, a pixel (Sobel's filters)."""
    kernel = maps.new_tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    padded, channels = F.pad(maps, (1, 1, 1, 1), mode="replicate"), maps.shape[1]
    x, y = (F.conv2d(padded, one.expand(channels, 1, 3, 3), groups=channels) for one in (kernel, kernel.T))
    return x, y


def _doubled(maps: Tensor) -> Tensor:
    """Twice as large, by the binomial filter of Burt & Adelson 1983."""
    line = maps.new_tensor(BINOMIAL) / 8
    kernel = (line[:, None] * line).expand(maps.shape[1], 1, -1, -1)
    spread = F.conv_transpose2d(F.pad(maps, (1, 1, 1, 1), mode="replicate"), kernel, stride=2, groups=maps.shape[1])
    return spread[:, :, 4:-3, 4:-3]


def _lightness(images: Tensor) -> Tensor:
    return images[..., :3].mean(-1) if images.shape[-1] > 1 else images[..., 0]


def _grey(maps: Tensor) -> Tensor:
    return maps[..., None].expand(*maps.shape, 3)
