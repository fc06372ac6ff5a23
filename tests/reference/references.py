"""Networks of diffusers and transformers with the weights of a checkpoint, converted by their own converters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import diffusers
import torch
import transformers
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint
from diffusers.models.embeddings import get_timestep_embedding
from torch import Tensor

from comfy_core.networks.autoencoder_kl import AutoencoderDims
from comfy_core.networks.clip_text import ClipTextDims
from comfy_core.networks.unet import UNetDims

UNET = "model.diffusion_model."
VAE = "first_stage_model."
OF_CONTROLNETS = (
    "down_block_types",
    "block_out_channels",
    "layers_per_block",
    "transformer_layers_per_block",
    "cross_attention_dim",
    "attention_head_dim",
    "use_linear_projection",
    "norm_num_groups",
    "addition_embed_type",
    "addition_time_embed_dim",
    "projection_class_embeddings_input_dim",
)
"""What diffusers' ControlNets and U-Nets are told alike."""


def empty_unet(dims: UNetDims) -> Any:
    """Diffusers' network of these dimensions."""
    attends = [any(level) for level in dims.depths]
    return diffusers.UNet2DConditionModel(
        in_channels=dims.in_channels,
        out_channels=dims.out_channels,
        block_out_channels=[dims.model_channels * mult for mult in dims.channel_mult],
        layers_per_block=dims.res_blocks[0],
        down_block_types=["CrossAttnDownBlock2D" if one else "DownBlock2D" for one in attends],
        up_block_types=["CrossAttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)],
        mid_block_type="UNetMidBlock2DCrossAttn" if dims.middle_depth >= 0 else "UNetMidBlock2D",
        transformer_layers_per_block=[_depth(level, dims.middle_depth) for level in dims.depths],
        reverse_transformer_layers_per_block=[list(level) for level in reversed(dims.up_depths)],
        cross_attention_dim=dims.context_dim,
        attention_head_dim=[dims.heads_for(dims.model_channels * mult) for mult in dims.channel_mult],
        use_linear_projection=dims.linear_projections,
        norm_num_groups=dims.norm_groups,
        time_cond_proj_dim=dims.guidance_dim or None,
        **_vector(dims),
    )


def _depth(level: tuple[int, ...], middle: int) -> int | list[int]:
    """The depths of a level; where it has none, the middle's, which diffusers takes from the last one."""
    return list(level) if any(level) else max(middle, 1)


def _vector(dims: UNetDims) -> dict[str, Any]:
    if not dims.vector_dim:
        return {}
    if any(dims.depths[0]):
        return {"class_embed_type": "projection", "projection_class_embeddings_input_dim": dims.vector_dim}
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": dims.vector_dim,
    }


def empty_controlnet(dims: UNetDims, hint: tuple[int, ...] = (16, 32, 96, 256), **union: int) -> Any:
    """Diffusers' ControlNet for a U-Net of these dimensions, or its union, which `union` describes."""
    config = {name: value for name, value in empty_unet(dims).config.items() if name in OF_CONTROLNETS}
    config |= {"conditioning_embedding_out_channels": hint}
    if union:
        return diffusers.ControlNetUnionModel(**config, **union)
    middle = "UNetMidBlock2DCrossAttn" if dims.middle_depth >= 0 else "UNetMidBlock2D"
    return diffusers.ControlNetModel(**config, mid_block_type=middle)


def reference_unet(weights: Mapping[str, Tensor], dims: UNetDims) -> Any:
    """Diffusers' network with the U-Net of a checkpoint."""
    unet = empty_unet(dims)
    of_unet = {name: value for name, value in weights.items() if name.startswith(UNET)}
    converted = convert_ldm_unet_checkpoint(dict(of_unet), dict(unet.config))
    if dims.guidance_dim:  # not known to the converter
        converted["time_embedding.cond_proj.weight"] = of_unet[UNET + "time_embed.cond_proj.weight"]
    unet.load_state_dict(converted)
    return unet.eval()


def reference_vae(weights: Mapping[str, Tensor], dims: AutoencoderDims) -> Any:
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


def reference_text(weights: Mapping[str, Tensor], dims: ClipTextDims, prefix: str, projected: bool = False) -> Any:
    """The text encoder under `prefix`, in either layout; OpenCLIP's is converted by its definition."""
    config = transformers.CLIPTextConfig(
        vocab_size=dims.vocabulary,
        hidden_size=dims.width,
        intermediate_size=dims.mlp_width,
        num_hidden_layers=dims.layers,
        num_attention_heads=dims.heads,
        hidden_act=dims.activation,
        projection_dim=dims.projection or dims.width,
        eos_token_id=49407,
    )
    text = (transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel)(config)
    of_text = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    if "positional_embedding" in of_text:
        of_text = from_open_clip(of_text, dims.layers)
    own = text.state_dict()
    inner = "text_model." if any(name.startswith("text_model.") for name in own) else ""
    named = {name if name in own else inner + name: value for name, value in of_text.items()}
    text.load_state_dict({name: value for name, value in named.items() if name in own})
    return text.eval()


def from_open_clip(state: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    """OpenCLIP's text transformer under the names of `transformers`."""
    found = {
        "embeddings.token_embedding.weight": state["token_embedding.weight"],
        "embeddings.position_embedding.weight": state["positional_embedding"],
        "final_layer_norm.weight": state["ln_final.weight"],
        "final_layer_norm.bias": state["ln_final.bias"],
        "text_projection.weight": state["text_projection"].T,
    }
    for i in range(layers):
        ours, theirs = f"encoder.layers.{i}", f"transformer.resblocks.{i}"
        for kind in ("weight", "bias"):
            q, k, v = state[f"{theirs}.attn.in_proj_{kind}"].chunk(3)
            found |= {f"{ours}.self_attn.{n}_proj.{kind}": x for n, x in zip("qkv", (q, k, v), strict=True)}
            found[f"{ours}.self_attn.out_proj.{kind}"] = state[f"{theirs}.attn.out_proj.{kind}"]
            found[f"{ours}.layer_norm1.{kind}"] = state[f"{theirs}.ln_1.{kind}"]
            found[f"{ours}.layer_norm2.{kind}"] = state[f"{theirs}.ln_2.{kind}"]
            found[f"{ours}.mlp.fc1.{kind}"] = state[f"{theirs}.mlp.c_fc.{kind}"]
            found[f"{ours}.mlp.fc2.{kind}"] = state[f"{theirs}.mlp.c_proj.{kind}"]
    return found


def vectors(width: int, images: bool, generator: torch.Generator) -> tuple[Tensor | None, dict[str, Any]]:
    """A vector beside the text as we take it, and as diffusers does: whole, or as pooled text and numbers."""
    if not width:
        return None, {}
    if images:
        y = torch.randn((2, width), generator=generator)
        return y, {"class_labels": y}
    count = width // 256
    pooled = torch.randn((2, width - 256 * count), generator=generator)
    numbers = torch.rand((2, count), generator=generator) * 1024
    sines = get_timestep_embedding(numbers.flatten(), 256, flip_sin_to_cos=True, downscale_freq_shift=0)
    y = torch.cat([pooled, sines.reshape(2, -1)], dim=1)
    return y, {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": numbers}}
