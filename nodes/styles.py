"""Nodes that add to a prompt: the style of a picture, and things in boxes."""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core import folders
from comfy_core.gligen import load_gligen, with_text_box
from comfy_core.patcher import ModelPatcher
from comfy_core.style_model import StyleModel, load_style_model, with_style
from comfy_core.weights import open_weights
from nodes.conditioning import CELL
from nodes.loaders import file_state
from nodes.schema import Combo, File, Float, Int, Socket, String, node
from nodes.types import MAX_RESOLUTION, Clip, ClipVisionOutput, Conditioning

Style = Annotated[StyleModel, Socket("STYLE_MODEL", tooltip="What turns a picture into words of a prompt.")]
Gligen = Annotated[ModelPatcher, Socket("GLIGEN", tooltip="What lets the model put things into boxes.")]
Side = Int(default=64, min=8, max=MAX_RESOLUTION, step=8, tooltip="Of the box, in pixels.")
Start = Int(default=0, min=0, max=MAX_RESOLUTION, step=8, tooltip="Where the box begins, in pixels.")


@node("StyleModelLoader", title="Load Style Model", category="model/loaders")
def style_model_loader(
    style_model_name: Annotated[str, File("style_models", tooltip="A file in models/style_models/.")],
) -> Style:
    """Open a style model."""
    return load_style_model(open_weights(folders.current().find_model("style_models", style_model_name)))


@node("StyleModelApply", title="Apply Style Model", category="model/conditioning", search_aliases=("style transfer",))
def style_model_apply(
    conditioning: Conditioning,
    style_model: Style,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[
        float, Float(default=1.0, min=0.0, max=10.0, step=0.001, tooltip="How much the picture counts in the prompt.")
    ],
    strength_type: Annotated[
        str,
        Combo(
            ("multiply", "attn_bias"),
            tooltip="Make the picture's words larger, or have more attention paid to them (FLUX).",
        ),
    ],
) -> Conditioning:
    """Put a picture, as words, behind a prompt."""
    words = style_model.get_cond(clip_vision_output)
    return with_style(conditioning, words, strength, strength_type == "attn_bias")


@node("GLIGENLoader", title="Load GLIGEN Model", category="model/loaders")
def gligen_loader(gligen_name: Annotated[str, File("gligen", tooltip="A file in models/gligen/.")]) -> Gligen:
    """Open a GLIGEN model."""
    return load_gligen(open_weights(folders.current().find_model("gligen", gligen_name)))


@node("GLIGENTextBoxApply", title="Apply GLIGEN Text Box", category="model/conditioning/gligen")
def gligen_text_box_apply(
    conditioning_to: Conditioning,
    clip: Clip,
    gligen_textbox_model: Gligen,
    text: Annotated[str, String(multiline=True, dynamicPrompts=True, tooltip="What is to be in the box.")],
    width: Annotated[int, Side],
    height: Annotated[int, Side],
    x: Annotated[int, Start],
    y: Annotated[int, Start],
) -> Conditioning:
    """Have a thing in a box of the picture. Several in a row are several things."""
    _, pooled = clip.encode_from_tokens(clip.tokenize(text), return_pooled=True)
    box = height // CELL, width // CELL, y // CELL, x // CELL
    return with_text_box(conditioning_to, gligen_textbox_model, pooled, box)


@style_model_loader.fingerprint
def _(style_model_name: str | None) -> list[Any]:
    return file_state("style_models", style_model_name)


@gligen_loader.fingerprint
def _(gligen_name: str | None) -> list[Any]:
    return file_state("gligen", gligen_name)
