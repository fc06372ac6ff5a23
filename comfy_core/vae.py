"""What nodes call a VAE: an autoencoder between images and latents."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from comfy_core.memory import residency
from comfy_core.memory.devices import offload_device
from comfy_core.networks.autoencoder_kl import AutoencoderKL
from comfy_core.patcher import ModelPatcher

VALUES_PER_PIXEL = 1_000


class VAE:
    """Images are [B, H, W, 3] in 0..1; latents [B, C, h, w] in the autoencoder's own scale."""

    def __init__(self, patcher: ModelPatcher) -> None:
        self.patcher = patcher
        dims = self.first_stage_model.dims
        self.latent_channels = dims.latent_channels
        self.downscale_ratio = self.upscale_ratio = dims.factor

    @property
    def first_stage_model(self) -> AutoencoderKL:
        return self.patcher.model  # type: ignore[return-value]

    @torch.no_grad()
    def decode(self, samples_in: Tensor) -> Tensor:
        """Latents to images. Raises ValueError when the latents are another autoencoder's."""
        if samples_in.ndim != 4 or samples_in.shape[1] != self.latent_channels:
            raise ValueError(
                f"the latent has shape {list(samples_in.shape)} and this VAE decodes [B, {self.latent_channels}, h, w]"
            )
        pixels = samples_in[0, 0].numel() * self.upscale_ratio**2
        with residency.use([self.patcher], self._working_bytes(pixels)):
            images = [self._decode_one(one[None]) for one in samples_in]
        return torch.cat(images).movedim(1, -1)

    @torch.no_grad()
    def encode(self, pixel_samples: Tensor) -> Tensor:
        """Images to latents: the mean of the posterior. Sides are cropped to whole latents."""
        pixels = self.vae_encode_crop_pixels(pixel_samples)[..., :3].movedim(-1, 1)
        if pixels.shape[1] != 3:
            pixels = pixels.expand(-1, 3, -1, -1)
        if not prod(pixels.shape[-2:]):
            raise ValueError(f"the image is smaller than {self.downscale_ratio} pixels along an edge")
        with residency.use([self.patcher], self._working_bytes(prod(pixels.shape[-2:]))):
            latents = [self._encode_one(one[None]) for one in pixels]
        return torch.cat(latents)

    def vae_encode_crop_pixels(self, pixels: Tensor) -> Tensor:
        """The middle of images [B, H, W, C], cut so that both sides are multiples of the autoencoder's factor."""
        for dim in (1, 2):
            size = pixels.shape[dim]
            whole = size // self.downscale_ratio * self.downscale_ratio
            pixels = pixels.narrow(dim, (size - whole) // 2, whole)
        return pixels

    def _decode_one(self, latent: Tensor) -> Tensor:
        out = self.first_stage_model.decode(latent.to(self.patcher.load_device, self.patcher.model_dtype()))
        return ((out.float() + 1) / 2).clamp(0, 1).to(offload_device())

    def _encode_one(self, image: Tensor) -> Tensor:
        scaled = image.to(self.patcher.load_device, self.patcher.model_dtype()) * 2 - 1
        return self.first_stage_model.encode(scaled).float().to(offload_device())

    def _working_bytes(self, pixels: int) -> int:
        return pixels * VALUES_PER_PIXEL * self.patcher.model_dtype().itemsize
