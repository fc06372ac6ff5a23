"""Changing the size of images and latents, with the methods workflows name."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

LATENT_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")
IMAGE_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")
CROPS = ("disabled", "center")


def common_upscale(samples: Tensor, width: int, height: int, upscale_method: str, crop: str) -> Tensor:
    """`samples` [B, C, H, W] resized to `width` x `height`; with crop `center` the longer way is cut first so that the
    picture keeps its proportions."""
    if crop == "center":
        samples = _centre(samples, width / height)
    if upscale_method == "bislerp":
        return bislerp(samples, width, height)
    if upscale_method == "lanczos":
        return lanczos(samples, width, height)
    return F.interpolate(samples, size=(height, width), mode=upscale_method)


def lanczos(samples: Tensor, width: int, height: int) -> Tensor:
    """Pillow's Lanczos filter, on 8-bit pictures [B, C, H, W] in 0..1."""
    pixels = samples.clamp(0, 1).mul(255).byte().movedim(1, -1).cpu().numpy()
    resized = [_resize(one, width, height) for one in pixels]
    return torch.stack(resized).movedim(-1, 1).to(samples.device, samples.dtype)


def _resize(pixels: np.ndarray, width: int, height: int) -> Tensor:
    single = pixels.shape[-1] == 1
    picture = Image.fromarray(pixels[..., 0] if single else pixels)
    out = np.array(picture.resize((width, height), Image.Resampling.LANCZOS)).astype(np.float32) / 255.0
    return torch.from_numpy(out[..., None] if single else out)


def bislerp(samples: Tensor, width: int, height: int) -> Tensor:
    """Bilinear in direction: between neighbours the channel vector turns on the sphere (Shoemake 1985) while its length
    changes linearly, so that a latent [B, C, H, W] keeps its contrast."""
    out = _slerp_along(samples.float(), width, dim=3)
    return _slerp_along(out, height, dim=2).to(samples.dtype)


def _slerp_along(samples: Tensor, size: int, dim: int) -> Tensor:
    old = samples.shape[dim]
    places = torch.arange(old, dtype=torch.float32, device=samples.device)[None, None, None]
    places = F.interpolate(places, size=(1, size), mode="bilinear").flatten()
    low = places.long()
    high = (low + 1).clamp(max=old - 1)
    shape = [1, 1, 1, 1]
    shape[dim] = size
    return _slerp(samples.index_select(dim, low), samples.index_select(dim, high), places.frac().view(shape))


def _slerp(a: Tensor, b: Tensor, ratio: Tensor) -> Tensor:
    length_a, length_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    unit_a, unit_b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    cosine = (unit_a * unit_b).sum(dim=1, keepdim=True)
    angle = cosine.clamp(-1, 1).acos()
    turned = (((1 - ratio) * angle).sin() * unit_a + (ratio * angle).sin() * unit_b) / angle.sin()
    turned = turned * (length_a * (1 - ratio) + length_b * ratio)
    turned = torch.where(cosine > 1 - 1e-5, a, turned)
    return torch.where(cosine < 1e-5 - 1, a * (1 - ratio) + b * ratio, turned)


def _centre(samples: Tensor, aspect: float) -> Tensor:
    height, width = samples.shape[-2:]
    x = y = 0
    if width / height > aspect:
        x = round((width - height * aspect) / 2)
    elif width / height < aspect:
        y = round((height - width / aspect) / 2)
    return samples.narrow(-2, y, height - 2 * y).narrow(-1, x, width - 2 * x)
