"""Nodes that open a model's parts from files of their own: U-Nets, text encoders, pipelines of diffusers."""

from __future__ import annotations

from typing import Annotated, Any

import torch

from comfy_core import folders, parts
from nodes.loaders import file_state, shown
from nodes.schema import Combo, File, node
from nodes.types import Clip, Model, Vae

SINGLE_TYPES = (
    "stable_diffusion",
    "stable_cascade",
    "sd3",
    "stable_audio",
    "mochi",
    "ltxv",
    "pixart",
    "cosmos",
    "lumina2",
    "wan",
    "hidream",
    "chroma",
    "ace",
    "omnigen2",
    "qwen_image",
    "hunyuan_image",
    "flux2",
    "ovis",
    "longcat_image",
    "cogvideox",
    "lens",
    "pixeldit",
    "ideogram4",
    "boogu",
    "krea2",
    "joyimage",
    "mage",
    "minimax",
)
DUAL_TYPES = (
    "sdxl",
    "sd3",
    "flux",
    "hunyuan_video",
    "hidream",
    "hunyuan_image",
    "hunyuan_video_15",
    "kandinsky5",
    "kandinsky5_image",
    "ltxv",
    "newbie",
    "ace",
)
STORED_AS = {
    "default": None,
    "fp8_e4m3fn": torch.float8_e4m3fn,
    "fp8_e4m3fn_fast": torch.float8_e4m3fn,
    "fp8_e5m2": torch.float8_e5m2,
}

EncoderFile = Annotated[str, File("text_encoders", tooltip="A file in models/text_encoders/.")]
Device = Annotated[
    str,
    Combo(
        ("default", "cpu"),
        tooltip="Where the text encoder runs; the CPU spares the accelerator's memory.",
        advanced=True,
    ),
]


@node("UNETLoader", title="Load Diffusion Model", category="model/loaders")
def unet_loader(
    unet_name: Annotated[str, File("diffusion_models", tooltip="A file in models/diffusion_models/.")],
    weight_dtype: Annotated[
        str,
        Combo(
            tuple(STORED_AS),
            tooltip="fp8 halves the memory that the weights take, at some loss of quality.",
            advanced=True,
        ),
    ],
) -> Model:
    """Open a diffusion model without text encoder and VAE."""
    path = folders.current().find_model("diffusion_models", unet_name)
    return parts.load_diffusion_model(path, STORED_AS[weight_dtype])


@node("CLIPLoader", title="Load CLIP", category="model/loaders")
def clip_loader(
    clip_name: EncoderFile,
    type: Annotated[str, Combo(SINGLE_TYPES, tooltip="The family of models that the text encoder is for.")],
    device: Device | None = None,
) -> Clip:
    """Open the text encoder of a family that has one: CLIP-L, OpenCLIP ViT-H or ViT-bigG for Stable Diffusion."""
    return parts.load_text_encoders(_encoders(clip_name), type, _device(device))


@node("DualCLIPLoader", title="Load CLIP (Dual)", category="model/loaders")
def dual_clip_loader(
    clip_name1: EncoderFile,
    clip_name2: EncoderFile,
    type: Annotated[str, Combo(DUAL_TYPES, tooltip="The family of models that the text encoders are for.")],
    device: Device | None = None,
) -> Clip:
    """Open the text encoders of a family that has two: CLIP-L and OpenCLIP ViT-bigG for SDXL, in any order."""
    return parts.load_text_encoders(_encoders(clip_name1, clip_name2), type, _device(device))


@node(
    "DiffusersLoader",
    title="Load Diffusers Model (DEPRECATED)",
    category="model/loaders",
    deprecated=True,
    search_aliases=("load diffusers model",),
)
def diffusers_loader(
    model_path: Annotated[str, File("diffusers", tooltip="A folder in models/diffusers/ with a model_index.json.")],
) -> tuple[Model, Clip, Vae]:
    """Open a pipeline in the folder layout of diffusers."""
    return shown(parts.load_diffusers(folders.current().find_model("diffusers", model_path)))


def _encoders(*names: str) -> list[Any]:
    return [folders.current().find_model("text_encoders", name) for name in names]


def _device(name: str | None) -> torch.device | None:
    return torch.device("cpu") if name == "cpu" else None


@unet_loader.fingerprint
def _(unet_name: str | None, weight_dtype: str | None) -> list[Any]:
    return file_state("diffusion_models", unet_name)


@clip_loader.fingerprint
def _(clip_name: str | None, **options: Any) -> list[Any]:
    return file_state("text_encoders", clip_name)


@dual_clip_loader.fingerprint
def _(clip_name1: str | None, clip_name2: str | None, **options: Any) -> list[Any]:
    return [file_state("text_encoders", name) for name in (clip_name1, clip_name2)]
