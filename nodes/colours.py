"""Nodes for colours: one to pick, and those of a picture brought to another's."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from torch import Tensor

from comfy_core.media.batches import as_many
from comfy_core.media.colours import TRANSFERS, rgba
from nodes.schema import Cases, Combo, Float, Int, Widget, node
from nodes.types import Image

Source = Cases(
    {
        "per_frame": {},
        "uniform": {},
        "target_frame": {
            "target_index": Int(default=0, min=0, max=10000, tooltip="Which picture of the batch, counted from 0.")
        },
    },
    tooltip="By which colours the map is found: each picture's own, those of all of them, or of one of them.",
)


@node(
    "ColorTransfer",
    title="Transfer Color",
    category="image/filters",
    outputs=("image",),
    python_module="comfy_extras.nodes_post_processing",
    search_aliases=(
        "color match",
        "color grading",
        "color correction",
        "match colors",
        "color transform",
        "mkl",
        "reinhard",
        "histogram",
    ),
)
def color_transfer(
    image_target: Image,
    image_ref: Image,
    method: Annotated[str, Combo(tuple(TRANSFERS), tooltip="By means and deviations, by covariance, or by rank.")],
    source_stats: Annotated[dict[str, Any], Source],
    strength: Annotated[float, Float(default=1.0, min=0.0, max=10.0, step=0.01, tooltip="0 changes nothing.")],
) -> Image:
    """Give pictures the colours of other ones."""
    if strength == 0:
        return image_target
    references = as_many(image_ref, len(image_target))
    sources = _sources(image_target, source_stats)
    changed = [
        TRANSFERS[method](*(one[..., :3].reshape(-1, 3) for one in (target, source, reference))).view_as(
            target[..., :3]
        )
        for target, source, reference in zip(image_target, sources, references, strict=True)
    ]
    out = image_target.clone()
    out[..., :3] = image_target[..., :3].lerp(torch.stack(changed).to(out), strength).clamp(0, 1)
    return out


def _sources(images: Tensor, choice: dict[str, Any]) -> Tensor:
    """For each picture, the one whose colours stand for its own. Raises ValueError for a picture that is not there."""
    match choice["source_stats"]:
        case "per_frame":
            return images
        case "uniform":
            return images.flatten(0, 1)[None].expand(len(images), -1, -1, -1)
    index = choice["target_index"]
    if index >= len(images):
        raise ValueError(f"target_index is {index}, and there are {len(images)} pictures, counted from 0")
    return images[index : index + 1].expand_as(images)


@node(
    "ColorToRGBInt",
    title="Color Picker",
    category="utilities",
    outputs=("rgb_int", "hex", "alpha"),
    python_module="comfy_extras.nodes_color",
)
def color_to_rgb_int(
    color: Annotated[str, Widget("COLOR", default="#ffffff", tooltip="The colour.")],
) -> tuple[Annotated[int, Int()], Annotated[str, Widget("COLOR")], Annotated[float, Float()]]:
    """A colour as the number 256² red + 256 green + blue, as text, and how opaque it is."""
    *levels, alpha = rgba(color)
    red, green, blue = (round(255 * level) for level in levels)
    return red * 256**2 + green * 256 + blue, f"#{red:02x}{green:02x}{blue:02x}", alpha
