"""How a family's latents are scaled for its network, and how to see them without a decoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class LatentFormat:
    """Latents between nodes are as the autoencoder makes them; networks see them shifted and scaled.

    With `mean` and `std`, one for each channel, they are brought to unit variance before they are scaled.
    `latent_rgb_factors` [channels][3] and `latent_rgb_factors_bias` [3] map a scaled latent to colours about -1..1,
    together with `latent_rgb_mean_factors` [channels][3] of its mean over the picture where there are such;
    `taesd_decoder_name` is the file in models/vae_approx/ that does it better.
    """

    scale_factor: float = 1.0
    shift_factor: float = 0.0
    latent_channels: int = 4
    spacial_downscale_ratio: int = 8
    latent_rgb_factors: Rows | None = None
    latent_rgb_factors_bias: tuple[float, float, float] | None = None
    latent_rgb_mean_factors: Rows | None = None
    taesd_decoder_name: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def process_in(self, latent: Tensor) -> Tensor:
        """From the autoencoder's scale to the network's."""
        if self.mean is not None:
            latent = (latent - _channels(self.mean, latent)) / _channels(self.std, latent)
        return (latent - self.shift_factor) * self.scale_factor

    def process_out(self, latent: Tensor) -> Tensor:
        """From the network's scale to the autoencoder's."""
        latent = latent / self.scale_factor + self.shift_factor
        if self.mean is not None:
            latent = latent * _channels(self.std, latent) + _channels(self.mean, latent)
        return latent


def _channels(values: tuple[float, ...] | None, latent: Tensor) -> Tensor:
    """One value for each channel, beside a latent [B, C, ...]."""
    return torch.tensor(values, device=latent.device, dtype=latent.dtype).view(1, -1, *(1,) * (latent.ndim - 2))
