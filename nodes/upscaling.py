"""Nodes that enlarge pictures with networks made for it."""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core import folders
from comfy_core.upscale import UpscaleModel as Upscaler
from comfy_core.upscale import load_upscale_model
from nodes.loaders import file_state
from nodes.schema import File, Socket, node
from nodes.types import Image

MODULE = "comfy_extras.nodes_upscale_model"
UpscaleModel = Annotated[Upscaler, Socket("UPSCALE_MODEL", tooltip="A network that enlarges or mends pictures.")]


@node("UpscaleModelLoader", title="Load Upscale Model", category="model/loaders", python_module=MODULE)
def upscale_model_loader(
    model_name: Annotated[str, File("upscale_models", tooltip="A file in models/upscale_models/.")],
) -> UpscaleModel:
    """Open an upscaling network: ESRGAN and its kin, SwinIR, HAT, DAT, SPAN and others."""
    return load_upscale_model(folders.current().find_model("upscale_models", model_name))


@node(
    "ImageUpscaleWithModel",
    title="Upscale Image (using Model)",
    category="image/upscaling",
    python_module=MODULE,
    search_aliases=(
        "upscale",
        "upscaler",
        "upsc",
        "enlarge image",
        "super resolution",
        "hires",
        "superres",
        "increase resolution",
    ),
)
def image_upscale_with_model(upscale_model: UpscaleModel, image: Image) -> Image:
    """Enlarge pictures with a network, in tiles; by how much is the network's own affair."""
    return upscale_model.upscale(image)


@upscale_model_loader.fingerprint
def _(model_name: str | None) -> list[Any]:
    return file_state("upscale_models", model_name)
