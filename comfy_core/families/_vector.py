"""The vector that some U-Nets take beside the text: a pooled prompt or image, and numbers as sinusoids.

Podell et al. 2023 (SDXL), https://arxiv.org/abs/2307.01952, section 2.2; Ramesh et al. 2022 (unCLIP),
https://arxiv.org/abs/2204.06125, section 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from comfy_core.networks.unet import timestep_embedding

WIDTH = 256
"""Of one number as sinusoids."""


def numbers_vector(numbers: Sequence[float]) -> Tensor:
    """Numbers as sinusoids of 256 each: [1, 256 * n]."""
    return timestep_embedding(torch.tensor(numbers, dtype=torch.float32), WIDTH).reshape(1, -1)


def pooled_vector(cond: Mapping[str, Any], width: int, augmentation: Augmentation) -> Tensor:
    """The pooled prompt [1, width] of a conditioning entry, or the images in its place if it has some.

    Raises ValueError when the entry has none of that width.
    """
    images = cond.get("unclip_conditioning")
    if images:
        return image_vector(images, augmentation, cond)[:, :width]
    pooled = cond.get("pooled_output")
    if pooled is None or pooled.shape[-1] != width:
        has = "no pooled vector" if pooled is None else f"a pooled vector of {pooled.shape[-1]} numbers"
        raise ValueError(f"the prompt has {has} and this model takes {width}: encode it with the model's own CLIP")
    return pooled.float()


@dataclass(frozen=True)
class Augmentation:
    """How image embeddings [n, width] are noised: normalised by `mean` and `std`, and noised along a cosine schedule of
    1000 levels."""

    mean: Tensor
    std: Tensor

    @staticmethod
    def plain(width: int) -> Augmentation:
        return Augmentation(torch.zeros(width), torch.ones(width))

    def noised(self, embedding: Tensor, level: int, seed: int) -> Tensor:
        """The embedding [1, width] at a noise level, followed by the level as sinusoids: [1, 2 * width].

        Raises ValueError for an embedding of another width.
        """
        if embedding.shape[-1] != len(self.mean):
            raise ValueError(
                f"the picture was seen by a CLIP vision encoder of width {embedding.shape[-1]} and this model takes "
                f"{len(self.mean)}: use the encoder that belongs to the model"
            )
        noise = torch.randn(embedding.shape, generator=torch.Generator().manual_seed(seed % 2**64))
        kept = cosine_alphas()[level].float()
        x = kept.sqrt() * (embedding.cpu().float() - self.mean) / self.std + (1 - kept).sqrt() * noise
        sinusoids = timestep_embedding(torch.tensor([level]), embedding.shape[-1])
        return torch.cat([x * self.std + self.mean, sinusoids.expand(len(x), -1)], dim=1)


def cosine_alphas(steps: int = 1000, largest: float = 0.999) -> Tensor:
    """The share of the signal left at each step of the cosine schedule (Nichol & Dhariwal 2021, arXiv:2102.09672)."""
    time = torch.arange(steps + 1, dtype=torch.float64) / steps
    signal = ((time + 0.008) / 1.008 * torch.pi / 2).cos() ** 2
    return (1 - (1 - signal[1:] / signal[:-1]).clamp(max=largest)).cumprod(0)


def image_vector(images: Sequence[Mapping[str, Any]], augmentation: Augmentation, cond: Mapping[str, Any]) -> Tensor:
    """One vector [1, 2 * width] of all images: each noised by its `noise_augmentation` 0..1 and weighted by its
    `strength`; several are added, and the sum noised once more by the entry's `noise_augment_merge`."""
    seed, last = cond.get("seed", 0) - 10, len(cosine_alphas()) - 1
    vectors = [
        augmentation.noised(one[None], round(last * image["noise_augmentation"]), seed) * image["strength"]
        for image in images
        for one in image["clip_vision_output"].image_embeds
    ]
    if len(vectors) == 1:
        return vectors[0]
    total = torch.stack(vectors).sum(0)
    level = round(last * cond.get("noise_augment_merge", 0.05))
    return augmentation.noised(total[:, : total.shape[1] // 2], level, seed)
