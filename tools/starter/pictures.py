"""Pictures of the starter checkpoint, made with Easel's own nodes called as plain functions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image

from nodes.latents import vae_decode
from nodes.loaders import checkpoint_loader_simple
from nodes.sampling import k_sampler
from nodes.text import clip_text_encode
from tools.starter import data, settings

STEPS, CFG, SAMPLER, SCHEDULER = 20, 4.0, "dpmpp_2m", "karras"


@torch.inference_mode()
def paint(prompts: list[str], seeds: list[int]) -> Iterator[Image.Image]:
    """One picture a prompt, at the settings of the default workflow and the model's native size."""
    model, clip, vae = checkpoint_loader_simple(settings.CHECKPOINT.name)
    negative = clip_text_encode(clip=clip, text="")
    for prompt, seed in zip(prompts, seeds, strict=True):
        positive = clip_text_encode(clip=clip, text=prompt)
        edge = data.SIZE // settings.VAE.factor
        latent = {"samples": torch.zeros(1, settings.VAE.latent_channels, edge, edge)}
        latent = k_sampler(model, seed, STEPS, CFG, SAMPLER, SCHEDULER, positive, negative, latent)
        pixels = vae_decode(samples=latent, vae=vae)[0].clamp(0, 1).mul(255).round().byte().numpy()
        yield Image.fromarray(np.ascontiguousarray(pixels))
