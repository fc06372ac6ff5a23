"""A small picture of a latent while it is sampled: by a matrix from latent channels to colours, or a small decoder."""

from __future__ import annotations

import io
from functools import cache, lru_cache
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from comfy_core import preview_method, progress
from comfy_core.latent_format import LatentFormat
from comfy_core.memory import residency
from comfy_core.patcher import ModelPatcher
from comfy_core.progress import Preview
from comfy_core.vae_files import find_approximation, load_small_decoder
from comfy_core.weights import WeightsError

SIZE = 512
QUALITY = 95


def preview_of(latent: Tensor, latent_format: LatentFormat) -> Preview | None:
    """What makes the preview of a scaled latent [B, C, h, w] when somebody wants to see it; None if nobody does."""
    if preview_method.current() == "none":
        return None
    return lambda: latent_preview(latent, latent_format)


def latent_preview(latent: Tensor, latent_format: LatentFormat) -> tuple[str, bytes]:
    """The first picture of a scaled latent [B, C, h, w] as `("image/jpeg", bytes)`, its longer side 512 pixels."""
    image = latent_picture(latent, latent_format)
    scale = SIZE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    file = io.BytesIO()
    image.resize(size, Image.Resampling.BILINEAR).save(file, "JPEG", quality=QUALITY)
    return "image/jpeg", file.getvalue()


def latent_picture(latent: Tensor, latent_format: LatentFormat) -> Image.Image:
    """The first picture of a scaled latent [B, C, h, w], as large as the method of the run makes it."""
    decoder = _decoder(latent_format)
    return latent_to_image(latent[0], latent_format) if decoder is None else decoded_image(latent[:1], decoder)


def latent_to_image(latent: Tensor, latent_format: LatentFormat) -> Image.Image:
    """One scaled latent [C, h, w] in rough colours, a pixel for each of its places.

    A format without colour factors shows its first three channels.
    """
    latent = latent.detach().float().cpu()
    factors = latent_format.latent_rgb_factors
    if factors is None:
        rgb = latent[[min(i, len(latent) - 1) for i in range(3)]].movedim(0, -1) / 3
    else:
        rgb = torch.einsum("chw,cr->hwr", latent, torch.tensor(factors))
        rgb = rgb + torch.tensor(latent_format.latent_rgb_factors_bias or (0.0, 0.0, 0.0))
        if latent_format.latent_rgb_mean_factors is not None:
            rgb = rgb + latent.mean((1, 2)) @ torch.tensor(latent_format.latent_rgb_mean_factors)
    return _image((rgb + 1) / 2)


@torch.no_grad()
def decoded_image(latent: Tensor, decoder: ModelPatcher) -> Image.Image:
    """One scaled latent [1, C, h, w] as a small decoder sees it."""
    with residency.use([decoder]):
        pixels = decoder.model(latent.to(decoder.load_device, decoder.model_dtype()))
    return _image(pixels[0].float().cpu().movedim(0, -1))


def _decoder(latent_format: LatentFormat) -> ModelPatcher | None:
    """The small decoder that is to be used, if one is, and is there."""
    method, name = preview_method.current(), latent_format.taesd_decoder_name
    if name is None or method == "latent2rgb" or (method == "auto" and latent_format.latent_rgb_factors is not None):
        return None
    try:
        path = find_approximation(name)
        return _opened(path, path.stat().st_mtime_ns)
    except (FileNotFoundError, WeightsError) as error:
        if method == "taesd":
            _warn_once(f"{str(error).rstrip('.')}. Previews are in rough colours.")
        return None


@cache
def _warn_once(text: str) -> None:
    progress.warn(text)


@lru_cache(maxsize=2)
def _opened(path: Path, written: int) -> ModelPatcher:
    return load_small_decoder(path)


def _image(colours: Tensor) -> Image.Image:
    """Colours [h, w, 3] in 0..1."""
    return Image.fromarray(colours.clamp(0, 1).mul(255).round().byte().numpy(), mode="RGB")
