"""Nodes that write models, text encoders and VAEs to files, with the workflow that made them inside."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from comfy_core import folders
from comfy_core.lora.extraction import extracted
from comfy_core.media.save import png_texts
from comfy_core.model_saving import checkpoint_table, save_table, text_tables, vae_table
from comfy_core.weights import Weights
from nodes.schema import Boolean, Combo, Int, Socket, String, node
from nodes.types import Clip, Model, PngInfo, Prompt, Vae

CATEGORY, MODULE = "model/merging", "comfy_extras.nodes_model_merging"
Prefix = partial(String, tooltip="A name in output/; models saved there are found again by the loaders.")


@node(
    "CheckpointSave",
    title="Save Checkpoint",
    category=CATEGORY,
    is_output=True,
    python_module=MODULE,
    search_aliases=("save model", "export checkpoint", "merge save"),
)
def checkpoint_save(
    model: Model,
    clip: Clip,
    vae: Vae,
    filename_prefix: Annotated[str, Prefix(default="checkpoints/ComfyUI")],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> None:
    """Save a model with its text encoder and VAE, patched and merged as they are, as one checkpoint."""
    _save(checkpoint_table(model, clip, vae), filename_prefix, prompt, extra_pnginfo)


@node(
    "ModelSave",
    category=CATEGORY,
    is_output=True,
    python_module=MODULE,
    search_aliases=("export model", "checkpoint save"),
)
def model_save(
    model: Model,
    filename_prefix: Annotated[str, Prefix(default="diffusion_models/ComfyUI")],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> None:
    """Save a model alone, patched and merged as it is."""
    _save(checkpoint_table(model), filename_prefix, prompt, extra_pnginfo)


@node("CLIPSave", category=CATEGORY, is_output=True, python_module=MODULE)
def clip_save(
    clip: Clip,
    filename_prefix: Annotated[str, Prefix(default="clip/ComfyUI")],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> None:
    """Save each text encoder as a file of its own, patched and merged as it is."""
    for name, table in text_tables(clip).items():
        _save(table, f"{filename_prefix}_{name}", prompt, extra_pnginfo)


@node("VAESave", category=CATEGORY, is_output=True, python_module=MODULE)
def vae_save(
    vae: Vae,
    filename_prefix: Annotated[str, Prefix(default="vae/ComfyUI_vae")],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> None:
    """Save a VAE alone."""
    _save(vae_table(vae), filename_prefix, prompt, extra_pnginfo)


@node(
    "LoraSave",
    title="Extract and Save Lora",
    category="experimental",
    is_output=True,
    experimental=True,
    python_module="comfy_extras.nodes_lora_extract",
    search_aliases=("export lora",),
)
def lora_save(
    filename_prefix: Annotated[str, Prefix(default="loras/ComfyUI_extracted_lora")],
    rank: Annotated[
        int, Int(default=8, min=1, max=4096, step=1, advanced=True, tooltip="More is nearer, in a larger file.")
    ],
    lora_type: Annotated[
        str,
        Combo(("standard", "full_diff"), advanced=True, tooltip="Two thin matrices, or all of the difference."),
    ],
    bias_diff: Annotated[bool, Boolean(default=True, advanced=True, tooltip="Biases and norms, too.")],
    model_diff: Annotated[Any, Socket("MODEL", tooltip="The output of ModelMergeSubtract.")] | None = None,
    text_encoder_diff: Annotated[Any, Socket("CLIP", tooltip="The output of CLIPMergeSubtract.")] | None = None,
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> None:
    """Save what one model has learned over another as a LoRA."""
    if model_diff is None and text_encoder_diff is None:
        return
    text = None if text_encoder_diff is None else text_encoder_diff.patcher
    tensors = extracted(model_diff, text, rank if lora_type == "standard" else None, bias_diff)
    _save(Weights.of(tensors), filename_prefix, prompt, extra_pnginfo)


def _save(table: Weights, prefix: str, prompt: Any, extra_pnginfo: Any) -> None:
    save_table(table, folders.current().output, prefix, png_texts(prompt, extra_pnginfo))
