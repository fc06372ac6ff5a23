"""Nodes that encode prompts with what SDXL is told of a picture besides, and prompts for a ControlNet alone."""

from __future__ import annotations

from typing import Annotated

from comfy_core.conditioning import with_values
from comfy_core.text.sdxl import encode_sdxl
from nodes.schema import Float, Int, String, node
from nodes.types import MAX_RESOLUTION, Clip, Conditioning

CATEGORY = "model/conditioning/stable diffusion"
SDXL_MODULE = "comfy_extras.nodes_clip_sdxl"

Original = Int(default=1024, min=0, max=MAX_RESOLUTION, tooltip="Of the picture as it was before cropping, in pixels.")
Cut = Int(default=0, min=0, max=MAX_RESOLUTION, advanced=True, tooltip="How much was cropped off at that edge.")
Target = Int(default=1024, min=0, max=MAX_RESOLUTION, tooltip="Of the picture that is wanted, in pixels.")


@node("CLIPTextEncodeSDXL", title="CLIP Text Encode (SDXL)", category=CATEGORY, python_module=SDXL_MODULE)
def clip_text_encode_sdxl(
    clip: Clip,
    width: Annotated[int, Original],
    height: Annotated[int, Original],
    crop_w: Annotated[int, Cut],
    crop_h: Annotated[int, Cut],
    target_width: Annotated[int, Target],
    target_height: Annotated[int, Target],
    text_g: Annotated[
        str, String(multiline=True, dynamicPrompts=True, tooltip="The prompt for the larger text encoder (bigG).")
    ],
    text_l: Annotated[
        str, String(multiline=True, dynamicPrompts=True, tooltip="The prompt for the smaller text encoder (L).")
    ],
) -> Conditioning:
    """Encode a prompt for each text encoder of SDXL, with the sizes that the model is told."""
    sizes = {
        "width": width,
        "height": height,
        "crop_w": crop_w,
        "crop_h": crop_h,
        "target_width": target_width,
        "target_height": target_height,
    }
    return encode_sdxl(clip, text_g, text_l, **sizes)


@node(
    "CLIPTextEncodeSDXLRefiner", title="CLIP Text Encode (SDXL Refiner)", category=CATEGORY, python_module=SDXL_MODULE
)
def clip_text_encode_sdxl_refiner(
    ascore: Annotated[
        float, Float(default=6.0, min=0.0, max=1000.0, step=0.01, tooltip="How beautiful: 6 is good, 2.5 is bad.")
    ],
    width: Annotated[int, Original],
    height: Annotated[int, Original],
    text: Annotated[str, String(multiline=True, dynamicPrompts=True, tooltip="The prompt.")],
    clip: Clip,
) -> Conditioning:
    """Encode a prompt for the SDXL refiner, with the size and the aesthetic score that it is told."""
    sizes = {"aesthetic_score": ascore, "width": width, "height": height}
    return clip.encode_from_tokens_scheduled(clip.tokenize(text), add_dict=sizes)


@node(
    "CLIPTextEncodeControlnet",
    title="CLIP Text Encode (Controlnet)",
    category="model/conditioning",
    experimental=True,
    python_module="comfy_extras.nodes_cond",
)
def clip_text_encode_controlnet(
    clip: Clip,
    conditioning: Conditioning,
    text: Annotated[
        str, String(multiline=True, dynamicPrompts=True, tooltip="The prompt that the ControlNet sees in its place.")
    ],
) -> Conditioning:
    """Give ControlNets a prompt of their own, while the model follows the one it has."""
    cond, pooled = clip.encode_from_tokens(clip.tokenize(text), return_pooled=True)
    own = {"cross_attn_controlnet": cond, "pooled_output_controlnet": pooled}
    return with_values(conditioning, **own)
