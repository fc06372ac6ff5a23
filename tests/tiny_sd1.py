"""A tiny checkpoint in the exact layout of Stable Diffusion 1.x, with every parameter random: small enough for a test,
whole enough for the real code.

    path = write_checkpoint(tmp_path / "tiny.safetensors")
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from comfy_core.networks.autoencoder_kl import AutoencoderDims, AutoencoderKL
from comfy_core.networks.clip_text import ClipText, ClipTextDims
from comfy_core.networks.unet import UNet, UNetDims


@dataclass(frozen=True)
class Tiny:
    """The three parts' dimensions. Images are `vae.factor` times as wide as latents."""

    unet: UNetDims
    vae: AutoencoderDims
    clip: ClipTextDims
    scale_factor: float = 0.18215

    @property
    def metadata(self) -> dict[str, str]:
        return {
            "easel.norm_groups": str(self.unet.norm_groups),
            "easel.num_heads": str(self.unet.heads),
            "easel.vae_norm_groups": str(self.vae.norm_groups),
            "easel.clip_heads": str(self.clip.heads),
            "easel.scale_factor": str(self.scale_factor),
        }


SMALL = Tiny(
    unet=UNetDims(
        model_channels=32,
        channel_mult=(1, 2),
        res_blocks=(1, 1),
        depths=((1,), (1,)),
        up_depths=((1, 1), (1, 1)),
        context_dim=32,
        heads=4,
        norm_groups=8,
    ),
    vae=AutoencoderDims(channels=16, channel_mult=(1, 2, 2, 2), res_blocks=1, norm_groups=8),
    clip=ClipTextDims(width=32, layers=2, heads=2, mlp_width=64),
)
"""One residual block a level, two levels; still eight pixels per latent."""

DEEP = Tiny(
    unet=UNetDims(model_channels=32, context_dim=32, norm_groups=16),
    vae=AutoencoderDims(channels=32, norm_groups=16),
    clip=ClipTextDims(width=32, layers=12, heads=2, mlp_width=64),
)
"""All levels, blocks and layers of Stable Diffusion 1.5, 686 + 248 + 196 tensors, at a tenth of its width."""


def tensors(tiny: Tiny = SMALL, seed: int = 0) -> dict[str, Tensor]:
    """The checkpoint's tensors by name, every parameter drawn with the variance that keeps signals alive."""
    parts = {
        "model.diffusion_model.": UNet(tiny.unet),
        "first_stage_model.": AutoencoderKL(tiny.vae),
        "cond_stage_model.transformer.text_model.": ClipText(tiny.clip),
    }
    generator = torch.Generator().manual_seed(seed)
    found: dict[str, Tensor] = {}
    for prefix, network in parts.items():
        randomise(network, generator)
        found |= {prefix + name: value.clone() for name, value in network.state_dict().items()}
    found["cond_stage_model.transformer.text_model.embeddings.position_ids"] = torch.arange(77)[None]
    return found


def randomise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw every parameter anew: zero-initialised layers would hide errors."""
    norms = {id(p) for m in network.modules() if isinstance(m, nn.GroupNorm | nn.LayerNorm) for p in [m.weight]}
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if id(parameter) in norms:
                parameter.copy_(1 + 0.1 * noise)
            elif parameter.ndim <= 1:
                parameter.copy_(0.1 * noise)
            else:
                parameter.copy_(noise / parameter[0].numel() ** 0.5)


def write_checkpoint(
    path: Path, tiny: Tiny = SMALL, seed: int = 0, dtype: torch.dtype = torch.float32, without: tuple[str, ...] = ()
) -> Path:
    """Write the checkpoint to `path` and return it; parts whose names start with one of `without` are left out."""
    kept = {
        name: value.to(dtype) if value.is_floating_point() else value
        for name, value in tensors(tiny, seed).items()
        if not name.startswith(without or ("\0",))
    }
    save_file(kept, path, metadata=tiny.metadata)
    return path
