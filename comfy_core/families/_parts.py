"""A checkpoint of the Stable Diffusion families from its parts: what there is of model, text encoders and VAE."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from comfy_core.checkpoint import Checkpoint, Missing
from comfy_core.families._clip import Kind, load_clip
from comfy_core.families._ldm import VAE_PREFIX, file_name, load_vae
from comfy_core.families._unet import UNET
from comfy_core.latent_format import LatentFormat
from comfy_core.patcher import ModelPatcher
from comfy_core.text.clip import CLIP
from comfy_core.vae import VAE
from comfy_core.weights import Weights


def checkpoint_of(
    weights: Weights, model: ModelPatcher, texts: Mapping[Kind, tuple[str, ...]], note: str
) -> Checkpoint:
    """The parts of a checkpoint; `texts` says under which prefixes an encoder may be. Nothing but headers is read yet.

    Raises WeightsError when a part is there and not whole.
    """
    return Checkpoint(model=model, clip=_clip(weights, texts), vae=_vae(weights), note=note)


def _clip(weights: Weights, texts: Mapping[Kind, tuple[str, ...]]) -> CLIP | Missing:
    found = {
        kind: weights.under(prefix)
        for kind, prefixes in texts.items()
        for prefix in [next((one for one in prefixes if weights.has_prefix(one)), None)]
        if prefix is not None
    }
    if len(found) == len(texts):
        return load_clip(found)
    what = "text encoder" if not found else f"text encoder {next(one.letter for one in texts if one not in found)!r}"
    return Missing(what, file_name(weights), "add a Load CLIP node")


def _vae(weights: Weights) -> VAE | Missing:
    vae = weights.under(VAE_PREFIX)
    return load_vae(vae) if vae else Missing("VAE", file_name(weights), "add a Load VAE node")


def adapted(latent_format: LatentFormat, weights: Weights) -> LatentFormat:
    """A family's latents as a file may change them by its metadata, `easel.scale_factor` and `easel.latent_rgb`, and by
    how many channels its network makes."""
    metadata = weights.metadata
    channels = weights.shape(UNET + "out.2.weight")[0]
    scale = float(metadata.get("easel.scale_factor", latent_format.scale_factor))
    changed = replace(latent_format, scale_factor=scale, latent_channels=channels)
    rows = json.loads(metadata.get("easel.latent_rgb", "null"))
    if rows is None:
        return changed
    bias = tuple(rows[channels]) if len(rows) > channels else None
    factors = tuple(tuple(row) for row in rows[:channels])
    means = json.loads(metadata.get("easel.latent_rgb_mean", "null"))
    mean_factors = means and tuple(tuple(row) for row in means)
    return replace(
        changed,
        latent_rgb_factors=factors,
        latent_rgb_factors_bias=bias,
        latent_rgb_mean_factors=mean_factors,
    )
