"""Nodes that pick, mix, turn and paste latents."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from comfy_core.media.resize import common_upscale
from nodes.schema import Combo, Float, Int, node
from nodes.types import MAX_RESOLUTION, Latent

CELL = 8
"""Pixels of a picture along a cell of its latent."""
LEAST = 8
"""Cells that a cropped latent has at least along a side that allows it."""
ADVANCED, MODULE = "model/latent/advanced", "comfy_extras.nodes_latent"
ROTATIONS = ("none", "90 degrees", "180 degrees", "270 degrees")
FLIPS = {"x-axis: vertically": -2, "y-axis: horizontally": -1}

Pixels = Int(default=0, min=0, max=MAX_RESOLUTION, step=8, tooltip="In pixels of the picture.")


@node(
    "LatentFromBatch",
    title="Get Latent From Batch",
    category="model/latent/batch",
    search_aliases=("select from batch", "pick latent", "batch subset"),
)
def latent_from_batch(
    samples: Latent,
    batch_index: Annotated[
        int, Int(default=0, min=-16384, max=16384, tooltip="The first one; negative numbers count from the end.")
    ],
    length: Annotated[int, Int(default=1, min=1, max=64, tooltip="How many.")],
) -> Latent:
    """Take some latents out of a batch; they keep the noise of their places in it."""
    latent = samples["samples"]
    count = len(latent)
    start = min(max(batch_index + count if batch_index < 0 else batch_index, 0), count - 1)
    some = slice(start, min(start + length, count))
    places = samples.get("batch_index", list(range(count)))
    picked = samples | {"samples": latent[some].clone(), "batch_index": places[some]}
    mask = samples.get("noise_mask")
    if mask is not None and len(mask) > 1:
        picked["noise_mask"] = _as_many(mask, count)[some].clone()
    return picked


@node("LatentBatchSeedBehavior", category=ADVANCED, python_module=MODULE)
def latent_batch_seed_behavior(
    samples: Latent,
    seed_behavior: Annotated[
        str, Combo(("random", "fixed"), default="fixed", tooltip="Different noise for each, or the same for all.")
    ],
) -> Latent:
    """Whether the latents of a batch get noise of their own."""
    if seed_behavior == "random":
        return {key: value for key, value in samples.items() if key != "batch_index"}
    place = samples.get("batch_index", [0])[0]
    return samples | {"batch_index": [place] * len(samples["samples"])}


@node(
    "LatentBatch",
    title="Batch Latents (DEPRECATED)",
    category="model/latent/batch",
    deprecated=True,
    python_module=MODULE,
    search_aliases=("combine latents", "merge latents", "join latents"),
)
def latent_batch(samples1: Latent, samples2: Latent) -> Latent:
    """Two batches as one; the second gets the size of the first."""
    one, other = samples1["samples"], samples2["samples"]
    places = [given.get("batch_index", list(range(len(given["samples"])))) for given in (samples1, samples2)]
    return samples1 | {"samples": torch.cat([one, sized(other, one)]), "batch_index": places[0] + places[1]}


@node("LatentAdd", category=ADVANCED, python_module=MODULE, search_aliases=("combine latents", "sum latents"))
def latent_add(samples1: Latent, samples2: Latent) -> Latent:
    """The sum of two latents."""
    return samples1 | {"samples": samples1["samples"] + as_like(samples2["samples"], samples1["samples"])}


@node(
    "LatentSubtract",
    category=ADVANCED,
    python_module=MODULE,
    search_aliases=("difference latent", "remove features"),
)
def latent_subtract(samples1: Latent, samples2: Latent) -> Latent:
    """The difference of two latents."""
    return samples1 | {"samples": samples1["samples"] - as_like(samples2["samples"], samples1["samples"])}


@node(
    "LatentMultiply",
    category=ADVANCED,
    python_module=MODULE,
    search_aliases=("scale latent", "amplify latent", "latent gain"),
)
def latent_multiply(
    samples: Latent,
    multiplier: Annotated[float, Float(default=1.0, min=-10.0, max=10.0, step=0.01, tooltip="1 changes nothing.")],
) -> Latent:
    """A latent times a number."""
    return samples | {"samples": samples["samples"] * multiplier}


@node(
    "LatentInterpolate",
    category=ADVANCED,
    python_module=MODULE,
    search_aliases=("blend latent", "mix latent", "lerp latent", "transition"),
)
def latent_interpolate(
    samples1: Latent,
    samples2: Latent,
    ratio: Annotated[float, Float(default=1.0, min=0.0, max=1.0, step=0.01, tooltip="The share of the first.")],
) -> Latent:
    """A mix of two latents: their directions are mixed, and so are their lengths."""
    one = samples1["samples"]
    other = as_like(samples2["samples"], one)
    lengths = [part.norm(dim=1, keepdim=True) for part in (one, other)]
    ways = [(part / length).nan_to_num() for part, length in zip((one, other), lengths, strict=True)]
    way = ratio * ways[0] + (1 - ratio) * ways[1]
    way = (way / way.norm(dim=1, keepdim=True)).nan_to_num()
    return samples1 | {"samples": way * (ratio * lengths[0] + (1 - ratio) * lengths[1])}


@node(
    "LatentBlend",
    title="Latent Blend",
    category="experimental",
    search_aliases=("mix latents", "interpolate latents"),
)
def latent_blend(
    samples1: Latent,
    samples2: Latent,
    blend_factor: Annotated[float, Float(default=0.5, min=0, max=1, step=0.01, tooltip="The share of the first.")],
) -> Latent:
    """A weighted mean of two latents."""
    one = samples1["samples"]
    other = _as_many(sized(samples2["samples"], one, "bicubic"), len(one))
    return samples1 | {"samples": blend_factor * one + (1 - blend_factor) * other}


@node("LatentFlip", title="Flip Latent", category="model/latent/transform", search_aliases=("mirror latent",))
def latent_flip(
    samples: Latent, flip_method: Annotated[str, Combo(tuple(FLIPS), tooltip="Upside down, or left to right.")]
) -> Latent:
    """Mirror latents."""
    return samples | {"samples": samples["samples"].flip(FLIPS[flip_method])}


@node("LatentRotate", title="Rotate Latent", category="model/latent/transform")
def latent_rotate(samples: Latent, rotation: Annotated[str, Combo(ROTATIONS, tooltip="Clockwise.")]) -> Latent:
    """Turn latents."""
    return samples | {"samples": samples["samples"].rot90(ROTATIONS.index(rotation), dims=(-1, -2))}


@node(
    "LatentCrop",
    title="Crop Latent",
    category="model/latent/transform",
    search_aliases=("trim latent", "cut latent"),
)
def latent_crop(
    samples: Latent,
    width: Annotated[int, Int(default=512, min=64, max=MAX_RESOLUTION, step=8, tooltip="In pixels of the picture.")],
    height: Annotated[int, Int(default=512, min=64, max=MAX_RESOLUTION, step=8, tooltip="In pixels of the picture.")],
    x: Annotated[int, Pixels],
    y: Annotated[int, Pixels],
) -> Latent:
    """Cut a part out of latents; what lies outside of them is left out."""
    latent = samples["samples"]
    left, top = (
        max(0, min(place // CELL, side - LEAST)) for place, side in ((x, latent.shape[-1]), (y, latent.shape[-2]))
    )
    return samples | {"samples": latent[..., top : top + height // CELL, left : left + width // CELL]}


@node(
    "LatentComposite",
    title="Latent Composite",
    category="model/latent",
    search_aliases=("overlay latent", "layer latent", "paste latent"),
)
def latent_composite(
    samples_to: Latent,
    samples_from: Latent,
    x: Annotated[int, Pixels],
    y: Annotated[int, Pixels],
    feather: Annotated[
        int,
        Int(default=0, min=0, max=MAX_RESOLUTION, step=8, tooltip="Over how many pixels an edge inside fades in."),
    ],
) -> Latent:
    """Paste a latent into another one."""
    into = samples_to["samples"].clone()
    left, top = x // CELL, y // CELL
    place = into[..., top : top + samples_from["samples"].shape[-2], left : left + samples_from["samples"].shape[-1]]
    part = _as_many(samples_from["samples"], len(into))[..., : place.shape[-2], : place.shape[-1]]
    rows = _fade(place.shape[-2], feather // CELL, top > 0, top + place.shape[-2] < into.shape[-2])
    columns = _fade(place.shape[-1], feather // CELL, left > 0, left + place.shape[-1] < into.shape[-1])
    place.lerp_(part.to(into), (rows[:, None] * columns).to(into).expand_as(place))
    return samples_to | {"samples": into}


def _fade(length: int, feather: int, at_start: bool, at_end: bool) -> Tensor:
    """Weights that rise to 1 over `feather` cells from the ends that are asked for."""
    if not feather:
        return torch.ones(length)
    rise = ((torch.arange(length) + 1) / feather).clamp(max=1)
    return (rise if at_start else torch.ones(length)) * (rise.flip(0) if at_end else torch.ones(length))


def as_like(latent: Tensor, other: Tensor) -> Tensor:
    """Latents of the size and number of others. Raises ValueError when they have different channels."""
    return _as_many(sized(latent, other), len(other))


def sized(latent: Tensor, other: Tensor, method: str = "bilinear") -> Tensor:
    """A latent with the sides of another. Raises ValueError when they have different channels."""
    if latent.shape[1:-2] != other.shape[1:-2]:
        raise ValueError(
            f"latents of {other.shape[1]} and of {latent.shape[1]} channels are of two kinds of model and do not mix"
        )
    if latent.shape[-2:] == other.shape[-2:]:
        return latent
    return common_upscale(latent, other.shape[-1], other.shape[-2], method, "center")


def _as_many(batch: Tensor, count: int) -> Tensor:
    """A batch repeated or cut to `count`."""
    return batch.repeat(-(-count // len(batch)), *(1,) * (batch.ndim - 1))[:count]
