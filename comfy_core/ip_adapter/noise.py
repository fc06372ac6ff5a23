"""Noise to show an IP-Adapter as the negative picture: with it, what is seen in none is not the same for every picture.

The same pictures and settings give the same noise.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from comfy_core.media.hints import gaussian, shuffled

SIDE = 224
SEED = 0


def _random(images: Tensor) -> Tensor:
    return torch.rand(images.shape, generator=torch.Generator().manual_seed(SEED)).to(images)


def _normal(images: Tensor) -> Tensor:
    return torch.randn(images.shape, generator=torch.Generator().manual_seed(SEED)).to(images)


NOISES: dict[str, Callable[[Tensor, float], Tensor]] = {
    "fade": lambda images, strength: torch.lerp(images, _random(images), strength),
    "dissolve": lambda images, strength: torch.where(_random(images)[..., :1] < strength, _random(images), images),
    "gaussian": lambda images, strength: images + strength * _normal(images),
    "shuffle": lambda images, strength: torch.lerp(images, shuffled(images, SEED, waves=SIDE // 4), strength),
}
"""How pictures [B, H, W, 3] become noise, by a strength of 0..1."""


def noise_of(images: Tensor | None, kind: str, strength: float, blur: int) -> Tensor:
    """Pictures made noise, blurred over so many pixels; without pictures, noise alone."""
    images = torch.zeros(1, SIDE, SIDE, 3) if images is None else images[..., :3]
    return gaussian(NOISES[kind](images, strength).clamp(0, 1), blur / 3)
