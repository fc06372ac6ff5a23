"""Nodes that look at pictures and put what they see into prompts."""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core import folders
from comfy_core.conditioning import appended
from comfy_core.families import load_checkpoint
from comfy_core.families.sd2_unclip import VISION
from comfy_core.vision import load_clip_vision
from comfy_core.weights import open_weights
from nodes.loaders import CheckpointName, file_state, shown
from nodes.schema import Combo, File, Float, node
from nodes.types import Clip, ClipVision, ClipVisionOutput, Conditioning, Image, Model, Vae


@node("CLIPVisionLoader", title="Load CLIP Vision", category="model/loaders")
def clip_vision_loader(
    clip_name: Annotated[str, File("clip_vision", tooltip="A file in models/clip_vision/.")],
) -> ClipVision:
    """Open a CLIP vision encoder."""
    return load_clip_vision(open_weights(folders.current().find_model("clip_vision", clip_name)))


@node("unCLIPCheckpointLoader", title="Load unCLIP Checkpoint", category="model/loaders")
def unclip_checkpoint_loader(
    ckpt_name: CheckpointName,
) -> tuple[Model, Clip, Vae, ClipVision]:
    """Open a checkpoint that has a CLIP vision encoder in it."""
    path = folders.current().find_model("checkpoints", ckpt_name)
    return *shown(load_checkpoint(path)), load_clip_vision(open_weights(path).under(VISION))


@node("CLIPVisionEncode", title="CLIP Vision Encode", category="model/conditioning")
def clip_vision_encode(
    clip_vision: ClipVision,
    image: Image,
    crop: Annotated[str, Combo(("center", "none"), tooltip="Look at the middle square, or at all, squeezed into one.")],
) -> ClipVisionOutput:
    """Look at a picture."""
    return clip_vision.encode_image(image, crop=crop == "center")


@node("unCLIPConditioning", category="model/conditioning")
def unclip_conditioning(
    conditioning: Conditioning,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[
        float,
        Float(default=1.0, min=-10.0, max=10.0, step=0.01, tooltip="How much the picture counts against others."),
    ],
    noise_augmentation: Annotated[
        float,
        Float(default=0.0, min=0.0, max=1.0, step=0.01, tooltip="How freely it is followed: 0 closely, 1 hardly."),
    ],
) -> Conditioning:
    """Show an unCLIP model a picture, beside the prompt. Several in a row are mixed."""
    if strength == 0:
        return conditioning
    shown = {
        "clip_vision_output": clip_vision_output,
        "strength": strength,
        "noise_augmentation": noise_augmentation,
    }
    return appended(conditioning, "unclip_conditioning", shown)


@clip_vision_loader.fingerprint
def _(clip_name: str | None) -> list[Any]:
    return file_state("clip_vision", clip_name)


@unclip_checkpoint_loader.fingerprint
def _(ckpt_name: str | None) -> list[Any]:
    return file_state("checkpoints", ckpt_name)
