"""Nodes that keep latents in files and open them again."""

from __future__ import annotations

from typing import Annotated

import torch
from safetensors.torch import save

from comfy_core import folders
from comfy_core.media.save import png_texts, save_files
from comfy_core.weights import WeightsError
from comfy_core.weights.safe import open_safetensors
from nodes.images import file_hash, input_path
from nodes.recipe import with_recipe
from nodes.schema import File, String, node
from nodes.types import Latent, PngInfo, Prompt

SAMPLES, VERSION = "latent_tensor", "latent_format_version_0"
SCALE_BEFORE_VERSIONS = 0.18215


@node(
    "SaveLatent",
    title="Save Latent",
    category="model/latent",
    outputs=("samples",),
    is_output=True,
    search_aliases=("export latent",),
)
def save_latent(
    samples: Latent,
    filename_prefix: Annotated[
        str, String(default="latents/ComfyUI", tooltip="May name a subfolder, and hold %year%, %month%, %day% …")
    ],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Latent:
    """Save latents as files in output/, with the workflow inside the file; the mask is not kept."""
    tensors = {SAMPLES: samples["samples"].contiguous(), VERSION: torch.empty(0)}
    content = save(tensors, png_texts(prompt, with_recipe(prompt, extra_pnginfo)) or None)
    files = save_files([lambda file: file.write(content)], folders.current().output, filename_prefix, "_.latent")
    return {"ui": {"latents": [one | {"type": "output"} for one in files]}, "result": (samples,)}  # type: ignore


@node("LoadLatent", title="Load Latent", category="model/latent", search_aliases=("import latent", "open latent"))
def load_latent(
    latent: Annotated[str, File(folders.INPUT_LATENTS, tooltip="A .latent file in input/.")],
) -> Latent:
    """Open a latent that was saved."""
    weights = open_safetensors(input_path(latent))
    if SAMPLES not in weights:
        raise WeightsError(f"{latent} holds no latent: it has no tensor {SAMPLES!r}.")
    scale = 1.0 if VERSION in weights else 1 / SCALE_BEFORE_VERSIONS
    return {"samples": weights[SAMPLES].float() * scale}


@load_latent.fingerprint
def _(latent: str | None) -> str:
    return file_hash(latent)
