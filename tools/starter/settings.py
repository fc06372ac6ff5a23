"""The shape of the starter model and where its training keeps its work."""

from __future__ import annotations

from pathlib import Path

from comfy_core.networks.autoencoder_kl import AutoencoderDims
from comfy_core.networks.clip_text import ClipTextDims
from comfy_core.networks.unet import UNetDims

WORK = Path(__file__).with_name("work")
CHECKPOINT = Path(__file__).resolve().parents[2] / "models" / "checkpoints" / "easel-starter.safetensors"

VAE = AutoencoderDims(channels=16, channel_mult=(1, 2, 4, 8), res_blocks=1, norm_groups=2)
TEXT = ClipTextDims(width=128, layers=3, heads=2, mlp_width=512)
UNET = UNetDims(
    model_channels=64,
    channel_mult=(1, 2, 3),
    res_blocks=(1, 1, 1),
    depths=((0,), (1,), (1,)),
    up_depths=((0, 0), (1, 1), (1, 1)),
    context_dim=TEXT.width,
    heads=8,
    norm_groups=8,
)
