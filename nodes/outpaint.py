"""Nodes that make room around pictures."""

from __future__ import annotations

from typing import Annotated

from comfy_core.media.outpaint import pad_for_outpaint
from nodes.schema import Int, node
from nodes.types import MAX_RESOLUTION, Image, Mask

Added = Int(default=0, min=0, max=MAX_RESOLUTION, step=8, tooltip="How much is added at that side, in pixels.")


@node(
    "ImagePadForOutpaint",
    title="Pad Image for Outpainting",
    category="image/transform",
    search_aliases=("extend canvas", "expand image"),
)
def image_pad_for_outpaint(
    image: Image,
    left: Annotated[int, Added],
    top: Annotated[int, Added],
    right: Annotated[int, Added],
    bottom: Annotated[int, Added],
    feathering: Annotated[
        int,
        Int(
            default=40,
            min=0,
            max=MAX_RESOLUTION,
            step=1,
            advanced=True,
            tooltip="How far into the picture the mask fades, in pixels, so that no edge shows.",
        ),
    ],
) -> tuple[Image, Mask]:
    """Put a picture on a larger canvas, with a mask of what is new on it."""
    return pad_for_outpaint(image, left, top, right, bottom, feathering)
