"""Nodes for what a person draws or films in the editor, or writes on pictures."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from comfy_core.media.batches import resized
from comfy_core.media.colours import rgb
from comfy_core.media.images import load_image, read_frames, to_tensor
from comfy_core.media.lettering import lettered
from nodes.images import file_hash, input_path, shown
from nodes.schema import Boolean, Combo, Float, Int, String, Widget, node
from nodes.types import MAX_RESOLUTION, Image, Mask

Side = Int(
    default=512,
    min=64,
    max=4096,
    step=64,
    hidden=True,
    socketless=True,
    tooltip="In pixels, where no picture is given.",
)


CameraSide = Int(default=0, min=0, max=MAX_RESOLUTION, step=1, tooltip="In pixels; 0 is what the camera gives.")


@node(
    "Painter",
    title="Painter",
    category="image",
    has_intermediate_output=True,
    python_module="comfy_extras.nodes_painter",
)
def painter(
    mask: Annotated[
        str,
        String(
            default="", socketless=True, widgetType="PAINTER", image_upload=True, tooltip="What is drawn, as a picture."
        ),
    ],
    width: Annotated[int, Side],
    height: Annotated[int, Side],
    bg_color: Annotated[str, Widget("COLOR", default="#000000", tooltip="The paper, where no picture is given.")],
    image: Image | None = None,
) -> tuple[Image, Mask]:
    """Draw on a picture, or on a sheet of one colour; the mask is white where something is drawn."""
    sheet = torch.tensor(rgb(bg_color)).expand(1, height, width, 3) if image is None else image[:1, ..., :3]
    picture, drawn = _drawn_on(sheet, mask)
    return {"ui": {"images": shown(picture)}, "result": (picture, drawn)}  # type: ignore[return-value]


def _drawn_on(sheet: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """A picture with the drawing of that name over it, and where that is."""
    if not name.strip():
        return sheet.clone(), torch.zeros(sheet.shape[:3])
    drawn = to_tensor(read_frames(input_path(name))[0].convert("RGBA"))[None]
    drawn = resized(drawn, sheet.shape[2], sheet.shape[1], "lanczos")
    return sheet.lerp(drawn[..., :3], drawn[..., 3:]), drawn[..., 3]


@painter.fingerprint
def _(mask: str | None, **others: object) -> str:
    return file_hash(mask) if mask and mask.strip() else ""


@node(
    "WebcamCapture",
    title="Webcam Capture",
    category="image",
    python_module="comfy_extras.nodes_webcam",
    search_aliases=("camera input", "live capture", "camera feed", "snapshot"),
    essentials_category="Basics",
)
def webcam_capture(
    image: Annotated[str, Widget("WEBCAM", socketless=False, tooltip="What the camera sees.")],
    width: Annotated[int, CameraSide],
    height: Annotated[int, CameraSide],
    capture_on_queue: Annotated[bool, Boolean(default=True, tooltip="Take a new picture for every run.")],
) -> Image:
    """A picture from the camera."""
    return load_image(input_path(image))[0]


@webcam_capture.fingerprint
def _(image: str | None, **others: object) -> str:
    return file_hash(image)


@node(
    "TextOverlay",
    title="Draw Text Overlay",
    category="text",
    outputs=("images",),
    python_module="comfy_extras.nodes_text_overlay",
    search_aliases=("text", "label", "caption", "subtitle", "watermark", "title", "addlabel", "overlay"),
)
def text_overlay(
    images: Image,
    text: Annotated[str, String(default="", multiline=True, tooltip="What is written; long lines are broken.")],
    font_size: Annotated[
        float, Float(default=5.0, min=0.5, max=50.0, step=0.5, tooltip="In percent of a picture's height.")
    ],
    color: Annotated[str, Widget("COLOR", default="#ffffff", tooltip="Of the letters.")],
    position: Annotated[str, Combo(("top", "bottom"), default="top", tooltip="Where in a picture.")],
    align: Annotated[str, Combo(("left", "center", "right"), default="left", tooltip="On which side lines begin.")],
    outline: Annotated[bool, Boolean(default=True, tooltip="Black or white around the letters, so that they show.")],
) -> Image:
    """Write on pictures."""
    return lettered(images, text, font_size / 100, rgb(color), position == "bottom", align, outline) if text else images
