"""A full-size Stable Diffusion 1.5 checkpoint with random weights, for benchmarks, and diffusers' networks over
the same tensors. Random weights cost what trained ones do.

    python benchmarks/full_size.py /tmp/sd15.safetensors      writes one in half precision: 2.1 GB
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from comfy_core.networks.autoencoder_kl import AutoencoderDims, AutoencoderKL
from comfy_core.networks.build import shapes_only
from comfy_core.networks.clip_text import ClipText, ClipTextDims
from comfy_core.networks.unet import UNet, UNetDims

UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer.text_model."


def tensors(
    dtype: torch.dtype = torch.float32, seed: int = 0, parts: tuple[str, ...] = (UNET, VAE, TEXT)
) -> dict[str, Tensor]:
    """The parameters of a checkpoint by name, drawn so that signals keep their size from layer to layer."""
    generator = torch.Generator().manual_seed(seed)
    found: dict[str, Tensor] = {}
    with shapes_only():
        networks = {UNET: UNet(UNetDims()), VAE: AutoencoderKL(AutoencoderDims()), TEXT: ClipText(ClipTextDims())}
    for prefix in parts:
        norms = {name for name, one in networks[prefix].named_modules() if isinstance(one, nn.GroupNorm | nn.LayerNorm)}
        for name, shape in networks[prefix].state_dict().items():
            noise = torch.randn(shape.shape, generator=generator)
            if name.endswith(".weight") and name.removesuffix(".weight") in norms:
                value = 1 + 0.1 * noise
            else:
                value = noise.mul_(0.1 if noise.ndim == 1 else noise[0].numel() ** -0.5)
            found[prefix + name] = value.to(dtype)
    return found


def write(path: Path, dtype: torch.dtype = torch.float16, seed: int = 0) -> Path:
    """Write a checkpoint to `path`."""
    save_file(tensors(dtype, seed), path)
    return path


def diffusers_unet(weights: dict[str, Tensor]) -> Any:
    """diffusers' U-Net of SD 1.5 over these tensors, not copied."""
    from diffusers import UNet2DConditionModel
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

    with torch.device("meta"):
        unet: Any = UNet2DConditionModel(cross_attention_dim=768, attention_head_dim=8)
    converted = convert_ldm_unet_checkpoint(dict(weights), dict(unet.config))
    unet.load_state_dict(converted, assign=True)
    return unet.eval().requires_grad_(False)


def diffusers_vae(weights: dict[str, Tensor]) -> Any:
    """diffusers' autoencoder of SD 1.5 over these tensors, not copied."""
    from diffusers import AutoencoderKL as Theirs
    from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

    with torch.device("meta"):
        vae: Any = Theirs(
            block_out_channels=[128, 256, 512, 512],
            layers_per_block=2,
            latent_channels=4,
            down_block_types=["DownEncoderBlock2D"] * 4,
            up_block_types=["UpDecoderBlock2D"] * 4,
        )
    converted = convert_ldm_vae_checkpoint(dict(weights), dict(vae.config))
    vae.load_state_dict(converted, assign=True)
    return vae.eval().requires_grad_(False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    print(write(parser.parse_args().file))
