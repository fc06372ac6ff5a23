"""Nodes that join, cut and batch latents along their sides, or along the frames of a video."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from torch import Tensor

from comfy_core import progress
from comfy_core.media.batches import as_many
from nodes.latent_edits import ADVANCED, MODULE, sized
from nodes.schema import Combo, Grow, Int, node
from nodes.types import MAX_RESOLUTION, Latent

AXES = {"x": -1, "y": -2, "t": -3}
Index = Int(
    default=0,
    min=-MAX_RESOLUTION,
    max=MAX_RESOLUTION,
    step=1,
    tooltip="The first one; negative numbers count from the end.",
)
Latents = Annotated[dict[str, Any], Grow("latent", "latent", type="LATENT", min=1, max=50, tooltip="Latents.")]


@node("LatentConcat", category=ADVANCED, python_module=MODULE, search_aliases=("join latents", "stitch latents"))
def latent_concat(
    samples1: Latent,
    samples2: Latent,
    dim: Annotated[
        str,
        Combo(("x", "-x", "y", "-y", "t", "-t"), tooltip="Beside, below or (videos) after; with - in the other order."),
    ],
) -> Latent:
    """Two latents as one, side by side."""
    one = samples1["samples"]
    both = [one, as_many(samples2["samples"], len(one))]
    axis = _axis(one, dim.removeprefix("-"))
    return samples1 | {"samples": torch.cat(both[::-1] if dim.startswith("-") else both, dim=axis)}


@node(
    "LatentCut",
    category=ADVANCED,
    python_module=MODULE,
    search_aliases=("crop latent", "slice latent", "extract region"),
)
def latent_cut(
    samples: Latent,
    dim: Annotated[str, Combo(tuple(AXES), tooltip="Along which side, or (t) along the frames of a video.")],
    index: Annotated[int, Index],
    amount: Annotated[int, Int(default=1, min=1, max=MAX_RESOLUTION, step=1, tooltip="How many cells or frames.")],
) -> Latent:
    """Cut a piece out of latents along one side; what lies outside of them is left out."""
    latent = samples["samples"]
    axis = _axis(latent, dim)
    length = latent.shape[axis]
    start = min(index, length - 1) if index >= 0 else max(0, index + length)
    return samples | {"samples": latent.narrow(axis, start, min(amount, length - start))}


@node(
    "LatentCutToBatch",
    category=ADVANCED,
    python_module=MODULE,
    search_aliases=("slice to batch", "split latent", "tile latent"),
)
def latent_cut_to_batch(
    samples: Latent,
    dim: Annotated[str, Combo(("t", "x", "y"), tooltip="Along which side, or (t) along the frames of a video.")],
    slice_size: Annotated[int, Int(default=1, min=1, max=MAX_RESOLUTION, step=1, tooltip="Cells or frames of each.")],
) -> Latent:
    """Cut latents into slices of one size along one side, as a batch; a rest is left out."""
    latent = samples["samples"]
    axis = _axis(latent, dim) % latent.ndim
    slices = latent.movedim(axis, 1)
    size = min(slice_size, slices.shape[1])
    whole = slices[:, : slices.shape[1] // size * size]
    return samples | {"samples": whole.reshape(-1, size, *whole.shape[2:]).movedim(1, axis)}


@node(
    "BatchLatentsNode",
    title="Batch Latents",
    category="model/latent/batch",
    python_module="comfy_extras.nodes_post_processing",
    search_aliases=("combine latents", "stack latents", "merge latents"),
)
def batch_latents(latents: Latents) -> Latent:
    """Latents as one batch, of the size of the first."""
    first, *others = latents.values()
    batches = [first["samples"], *(sized(one["samples"], first["samples"]) for one in others)]
    places = [place for one in latents.values() for place in one.get("batch_index", range(len(one["samples"])))]
    return first | {"samples": torch.cat(batches), "batch_index": places}


@node(
    "ReplaceVideoLatentFrames",
    title="Replace Video Latent Frames",
    category="model/latent/batch",
    python_module=MODULE,
)
def replace_video_latent_frames(
    destination: Latent, index: Annotated[int, Index], source: Latent | None = None
) -> Latent:
    """Put the frames of one video's latent in place of another's, from one of them on."""
    if source is None:
        return destination
    frames, new = destination["samples"], source["samples"]
    count, length = frames.shape[_axis(frames, "t")], new.shape[_axis(new, "t")]
    start = index + count if index < 0 else index
    if start < 0 or start + length > count:
        progress.warn(f"Frames {start} to {start + length - 1} are not all there: there are {count}. Nothing changed.")
        return destination
    changed = frames.clone()
    changed[:, :, start : start + length] = new
    return destination | {"samples": changed}


@node("TrimVideoLatent", title="Trim Video Latent", category="model/latent", python_module="comfy_extras.nodes_wan")
def trim_video_latent(
    samples: Latent,
    trim_amount: Annotated[int, Int(default=0, min=0, max=99999, tooltip="How many frames of the latent.")],
) -> Latent:
    """Leave out the first frames of a video's latent."""
    latent = samples["samples"]
    count = latent.shape[_axis(latent, "t")]
    if trim_amount >= count:
        raise ValueError(f"the latent has {count} frames, and {trim_amount} are to be left out: none would remain")
    return samples | {"samples": latent[:, :, trim_amount:]}


def _axis(latent: Tensor, name: str) -> int:
    """The dimension of latents [B, C, (frames,) h, w] that is called so. Raises ValueError where there is none."""
    if name == "t" and latent.ndim < 5:
        raise ValueError(f"the latent, of shape {list(latent.shape)}, is no video's: it has no frames; choose x or y")
    return AXES[name]
