"""Nodes that put LoRAs on models."""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core import folders
from comfy_core.lora import load_lora_for_models
from comfy_core.weights import open_weights
from nodes.loaders import file_state
from nodes.schema import File, node
from nodes.types import Clip, Model, Strength

ALIASES = ("lora", "load lora", "apply lora", "lora loader", "lora model")
LoraName = Annotated[str, File("loras", tooltip="A file in models/loras/.")]


@node(
    "LoraLoader",
    title="Load LoRA (Model and CLIP)",
    category="model/loaders",
    search_aliases=ALIASES,
    essentials_category="Image Generation",
)
def lora_loader(
    model: Model, clip: Clip, lora_name: LoraName, strength_model: Strength, strength_clip: Strength
) -> tuple[Model, Clip]:
    """Put a LoRA on a model and its text encoder. Several in a row add up."""
    if strength_model == 0 and strength_clip == 0:
        return model, clip
    lora = open_weights(folders.current().find_model("loras", lora_name))
    return load_lora_for_models(model, clip, lora, strength_model, strength_clip)  # type: ignore[return-value]


@node(
    "LoraLoaderModelOnly",
    title="Load LoRA",
    category="model/loaders",
    search_aliases=ALIASES,
    essentials_category="Image Generation",
)
def lora_loader_model_only(model: Model, lora_name: LoraName, strength_model: Strength) -> Model:
    """Put a LoRA on a model; the part of it that is for the text encoder is not used."""
    if strength_model == 0:
        return model
    lora = open_weights(folders.current().find_model("loras", lora_name))
    return load_lora_for_models(model, None, lora, strength_model, 0)[0]  # type: ignore[return-value]


@lora_loader.fingerprint
@lora_loader_model_only.fingerprint
def _(lora_name: str | None, **_: Any) -> list[Any]:
    return file_state("loras", lora_name)
