"""The same random weights in our networks and in those of diffusers and transformers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from tests.tiny_sd1 import DEEP, SMALL, Tiny, tensors, write_checkpoint

os.environ["HF_HUB_OFFLINE"] = "1"
diffusers = pytest.importorskip("diffusers")
transformers = pytest.importorskip("transformers")

from diffusers.loaders.single_file_utils import (  # noqa: E402
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
)

UNET = "model.diffusion_model."
VAE = "first_stage_model."
TEXT = "cond_stage_model.transformer.text_model."


class Pair(NamedTuple):
    """Ours, loaded from a file, and the reference, converted from the same tensors."""

    ours: Checkpoint
    unet: Any
    vae: Any
    text: Any
    tiny: Tiny


@pytest.fixture(scope="session", params=[SMALL, DEEP], ids=["small", "deep"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    tiny: Tiny = request.param
    path: Path = write_checkpoint(tmp_path_factory.mktemp("reference") / "tiny.safetensors", tiny)
    weights = tensors(tiny)
    with torch.no_grad():
        yield Pair(
            load_checkpoint(path),
            reference_unet(weights, tiny),
            reference_vae(weights, tiny),
            reference_text(weights, tiny),
            tiny,
        )
    residency.free_all()


def reference_unet(weights: dict[str, torch.Tensor], tiny: Tiny) -> Any:
    dims = tiny.unet
    attends = [any(level) for level in dims.depths]
    unet = diffusers.UNet2DConditionModel(
        in_channels=dims.in_channels,
        out_channels=dims.out_channels,
        block_out_channels=[dims.model_channels * mult for mult in dims.channel_mult],
        layers_per_block=dims.res_blocks[0],
        down_block_types=["CrossAttnDownBlock2D" if one else "DownBlock2D" for one in attends],
        up_block_types=["CrossAttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)],
        cross_attention_dim=dims.context_dim,
        attention_head_dim=dims.heads,
        norm_num_groups=dims.norm_groups,
    )
    of_unet = {name: value for name, value in weights.items() if name.startswith(UNET)}
    unet.load_state_dict(convert_ldm_unet_checkpoint(of_unet, dict(unet.config)))
    return unet.eval()


def reference_vae(weights: dict[str, torch.Tensor], tiny: Tiny) -> Any:
    dims = tiny.vae
    levels = len(dims.channel_mult)
    vae = diffusers.AutoencoderKL(
        block_out_channels=[dims.channels * mult for mult in dims.channel_mult],
        layers_per_block=dims.res_blocks,
        latent_channels=dims.latent_channels,
        norm_num_groups=dims.norm_groups,
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
    )
    of_vae = {name: value for name, value in weights.items() if name.startswith(VAE)}
    vae.load_state_dict(convert_ldm_vae_checkpoint(of_vae, dict(vae.config)))
    return vae.eval()


def reference_text(weights: dict[str, torch.Tensor], tiny: Tiny) -> Any:
    dims = tiny.clip
    config = transformers.CLIPTextConfig(
        vocab_size=dims.vocabulary,
        hidden_size=dims.width,
        intermediate_size=dims.mlp_width,
        num_hidden_layers=dims.layers,
        num_attention_heads=dims.heads,
        hidden_act=dims.activation,
        eos_token_id=49407,
    )
    text = transformers.CLIPTextModel(config)
    prefix = "text_model." if any(name.startswith("text_model.") for name in text.state_dict()) else ""
    of_text = {prefix + name.removeprefix(TEXT): value for name, value in weights.items() if name.startswith(TEXT)}
    of_text.pop(prefix + "embeddings.position_ids")
    text.load_state_dict(of_text)
    return text.eval()
