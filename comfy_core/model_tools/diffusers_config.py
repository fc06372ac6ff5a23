"""What the folders of diffusers say of their networks in `config.json`, read off the dimensions of ours."""

from __future__ import annotations

from typing import Any

from comfy_core.networks.autoencoder_kl import AutoencoderDims
from comfy_core.networks.clip_text import ClipTextDims
from comfy_core.networks.unet import UNetDims

Config = dict[str, Any]
VECTOR_OF_NUMBERS = 256
MARKS = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}


def unet(dims: UNetDims, is_xl: bool) -> Config:
    attends = [any(level) for level in dims.depths]
    vector: Config = {"projection_class_embeddings_input_dim": dims.vector_dim}
    if dims.vector_dim and is_xl:
        vector |= {"addition_embed_type": "text_time", "addition_time_embed_dim": VECTOR_OF_NUMBERS}
    elif dims.vector_dim:
        vector["class_embed_type"] = "projection"
    return {
        "_class_name": "UNet2DConditionModel",
        "in_channels": dims.in_channels,
        "out_channels": dims.out_channels,
        "block_out_channels": [dims.model_channels * times for times in dims.channel_mult],
        "layers_per_block": dims.res_blocks[0],
        "down_block_types": ["CrossAttnDownBlock2D" if one else "DownBlock2D" for one in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)],
        "mid_block_type": "UNetMidBlock2DCrossAttn" if dims.middle_depth >= 0 else "UNetMidBlock2D",
        "transformer_layers_per_block": [max(level) or max(dims.middle_depth, 1) for level in dims.depths],
        "cross_attention_dim": dims.context_dim,
        "attention_head_dim": [dims.heads_for(dims.model_channels * times) for times in dims.channel_mult],
        "use_linear_projection": dims.linear_projections,
        "norm_num_groups": dims.norm_groups,
        "time_cond_proj_dim": dims.guidance_dim or None,
        "sample_size": 128 if is_xl else 64,
        **(vector if dims.vector_dim else {}),
    }


def vae(dims: AutoencoderDims, scale: float) -> Config:
    levels = len(dims.channel_mult)
    return {
        "_class_name": "AutoencoderKL",
        "in_channels": dims.image_channels,
        "out_channels": dims.image_channels,
        "latent_channels": dims.latent_channels,
        "block_out_channels": [dims.channels * times for times in dims.channel_mult],
        "layers_per_block": dims.res_blocks,
        "norm_num_groups": dims.norm_groups,
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "scaling_factor": scale,
        "force_upcast": False,
    }


def text(dims: ClipTextDims) -> Config:
    return {
        "architectures": ["CLIPTextModelWithProjection" if dims.projection else "CLIPTextModel"],
        "model_type": "clip_text_model",
        "vocab_size": dims.vocabulary,
        "hidden_size": dims.width,
        "intermediate_size": dims.mlp_width,
        "num_hidden_layers": dims.layers,
        "num_attention_heads": dims.heads,
        "max_position_embeddings": dims.positions,
        "hidden_act": dims.activation,
        "projection_dim": dims.projection or dims.width,
        "bos_token_id": 49406,
        "eos_token_id": 49407,
        "pad_token_id": 1,
    }


def tokenizer(pad: str) -> Config:
    return {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": 77,
        "do_lower_case": True,
        "pad_token": pad,
        **MARKS,
    }


def scheduler(is_velocity: bool, zero_snr: bool) -> Config:
    return {
        "_class_name": "EulerDiscreteScheduler",
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "num_train_timesteps": 1000,
        "prediction_type": "v_prediction" if is_velocity else "epsilon",
        "rescale_betas_zero_snr": zero_snr,
        "timestep_spacing": "trailing" if zero_snr else "leading",
        "steps_offset": 1,
        "interpolation_type": "linear",
    }


def index(is_xl: bool) -> Config:
    """`model_index.json`: which class has which folder."""
    parts = {
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
    }
    if is_xl:
        second = {
            "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
            "tokenizer_2": ["transformers", "CLIPTokenizer"],
        }
        return {"_class_name": "StableDiffusionXLPipeline", "force_zeros_for_empty_prompt": True, **parts, **second}
    absent = {"safety_checker": [None, None], "feature_extractor": [None, None], "requires_safety_checker": False}
    return {"_class_name": "StableDiffusionPipeline", **parts, **absent}
