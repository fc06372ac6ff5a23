"""Nodes for making a part of a picture anew, and for editing one by a prompt."""

from __future__ import annotations

from typing import Annotated, Any

import torch

from comfy_core.media.inpaint import grown, mask_for, without_masked
from nodes.schema import Boolean, Int, node
from nodes.types import Conditioning, Image, Latent, Mask, Negative, Positive, Vae

RESULTS = ("positive", "negative", "latent")


@node("SetLatentNoiseMask", title="Set Latent Noise Mask", category="model/latent")
def set_latent_noise_mask(samples: Latent, mask: Mask) -> Latent:
    """Let a sampler change a latent only where the mask is white."""
    if mask.ndim < 2:
        raise ValueError(f"a mask is [height, width] or a batch of them, not of shape {list(mask.shape)}")
    return samples | {"noise_mask": mask.reshape(-1, 1, *mask.shape[-2:])}


@node("VAEEncodeForInpaint", title="VAE Encode (for Inpainting)", category="model/latent")
def vae_encode_for_inpaint(
    pixels: Image,
    vae: Vae,
    mask: Mask,
    grow_mask_by: Annotated[
        int, Int(default=6, min=0, max=64, step=1, tooltip="In pixels: the edge is made anew too, and shows no seam.")
    ],
) -> Latent:
    """Encode a picture without its masked part, to be filled at full denoise."""
    fitted = mask_for(pixels, mask)
    cut = vae.vae_encode_crop_pixels(torch.cat([pixels[..., :3], _beside(fitted, pixels)], dim=-1))
    image, fitted = cut[..., :3], cut[..., 3:].movedim(-1, 1)
    return {"samples": vae.encode(without_masked(image, fitted)), "noise_mask": grown(fitted, grow_mask_by)}


@node(
    "InpaintModelConditioning",
    title="InpaintModelConditioning",
    category="model/conditioning",
    outputs=RESULTS,
)
def inpaint_model_conditioning(
    positive: Positive,
    negative: Negative,
    vae: Vae,
    pixels: Image,
    mask: Mask,
    noise_mask: Annotated[
        bool, Boolean(default=True, tooltip="Also let the sampler change nothing outside of the mask.")
    ] = True,
) -> tuple[Positive, Negative, Latent]:
    """Show an inpainting model the picture without its masked part, and the mask."""
    fitted = mask_for(pixels, mask)
    cut = vae.vae_encode_crop_pixels(torch.cat([pixels[..., :3], _beside(fitted, pixels)], dim=-1))
    image, fitted = cut[..., :3], cut[..., 3:].movedim(-1, 1)
    seen = {"concat_latent_image": vae.encode(without_masked(image, fitted)), "concat_mask": fitted}
    latent: dict[str, Any] = {"samples": vae.encode(image)}
    if noise_mask:
        latent["noise_mask"] = fitted
    return _with(positive, seen), _with(negative, seen), latent


@node(
    "InstructPixToPixConditioning",
    category="model/conditioning/instructpix2pix",
    outputs=RESULTS,
    python_module="comfy_extras.nodes_ip2p",
)
def instruct_pix_to_pix_conditioning(
    positive: Positive, negative: Negative, vae: Vae, pixels: Image
) -> tuple[Positive, Negative, Latent]:
    """Show an editing model the picture that the prompt changes."""
    seen = {"concat_latent_image": vae.encode(pixels)}
    empty = {"samples": torch.zeros_like(seen["concat_latent_image"])}
    return _with(positive, seen), _with(negative, seen), empty


def _beside(mask: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    """A mask [b, 1, H, W] as a further channel [B, H, W, 1] of pictures."""
    return mask.movedim(1, -1).expand(len(pixels), -1, -1, -1).to(pixels)


def _with(conditioning: Conditioning, values: dict[str, Any]) -> Conditioning:
    return [[tensor, {**extra, **values}] for tensor, extra in conditioning]
