"""Nodes that change encoded prompts: mix them, and say where, when and how much they count."""

from __future__ import annotations

from typing import Annotated

from comfy_core import conditioning as change
from nodes.schema import Combo, Float, Int, node
from nodes.types import MAX_RESOLUTION, Conditioning, Mask

CATEGORY = "model/conditioning/transform"
CELL = 8
"""Pixels of a picture along a cell of its latent."""

Strength = Annotated[
    float,
    Float(default=1.0, min=0.0, max=10.0, step=0.01, tooltip="How much the prompt counts there against other prompts."),
]
Share = Float(default=1.0, min=0, max=1.0, step=0.01, tooltip="As a share of the picture.")
Place = Float(default=0, min=0, max=1.0, step=0.01, tooltip="Where it begins, as a share of the picture.")
Side = Int(default=64, min=64, max=MAX_RESOLUTION, step=8, tooltip="Of the area, in pixels.")
Start = Int(default=0, min=0, max=MAX_RESOLUTION, step=8, tooltip="Where the area begins, in pixels.")


@node(
    "ConditioningCombine",
    title="Conditioning (Combine)",
    category=CATEGORY,
    search_aliases=(
        "combine",
        "merge conditioning",
        "combine prompts",
        "merge prompts",
        "mix prompts",
        "add prompt",
    ),
    essentials_category="Image Generation",
)
def conditioning_combine(conditioning_1: Conditioning, conditioning_2: Conditioning) -> Conditioning:
    """Let the model follow both prompts: what it predicts for each is averaged at every step."""
    return conditioning_1 + conditioning_2


@node("ConditioningConcat", title="Conditioning (Concat)", category=CATEGORY)
def conditioning_concat(conditioning_to: Conditioning, conditioning_from: Conditioning) -> Conditioning:
    """One prompt after the other, as one longer prompt whose parts do not mix."""
    return change.concatenated(conditioning_to, conditioning_from)


@node(
    "ConditioningAverage",
    title="Conditioning (Average)",
    category=CATEGORY,
    search_aliases=("blend prompts", "interpolate conditioning", "mix prompts", "style fusion", "weighted blend"),
)
def conditioning_average(
    conditioning_to: Conditioning,
    conditioning_from: Conditioning,
    conditioning_to_strength: Annotated[
        float,
        Float(default=1.0, min=0.0, max=1.0, step=0.01, tooltip="1 is the first prompt alone, 0 the second."),
    ],
) -> Conditioning:
    """One prompt between two, word by word."""
    return change.averaged(conditioning_to, conditioning_from, conditioning_to_strength)


@node(
    "ConditioningMultiply",
    title="Conditioning (Multiply)",
    category=CATEGORY,
    search_aliases=("scale conditioning", "scale prompt", "multiply conditioning", "multiply prompt"),
)
def conditioning_multiply(
    conditioning: Conditioning,
    multiplier: Annotated[
        float, Float(default=1.0, min=-100.0, max=100.0, step=0.01, tooltip="1 changes nothing, 0 is no prompt.")
    ],
) -> Conditioning:
    """Scale the vectors of a prompt."""
    return change.multiplied(conditioning, multiplier)


@node(
    "ConditioningZeroOut",
    title="Conditioning Zero Out",
    category=CATEGORY,
    search_aliases=("null conditioning", "clear conditioning"),
)
def conditioning_zero_out(conditioning: Conditioning) -> Conditioning:
    """A prompt of zeros, which says less than an empty one."""
    return change.zeroed(conditioning)


@node(
    "ConditioningSetArea",
    title="Conditioning (Set Area)",
    category=CATEGORY,
    search_aliases=("regional prompt", "area prompt", "spatial conditioning", "localized prompt"),
)
def conditioning_set_area(
    conditioning: Conditioning,
    width: Annotated[int, Side],
    height: Annotated[int, Side],
    x: Annotated[int, Start],
    y: Annotated[int, Start],
    strength: Strength,
) -> Conditioning:
    """Let a prompt count in a box of the picture alone, given in pixels."""
    return change.with_area(conditioning, (height // CELL, width // CELL, y // CELL, x // CELL), strength)


@node("ConditioningSetAreaPercentage", title="Conditioning (Set Area with Percentage)", category=CATEGORY)
def conditioning_set_area_percentage(
    conditioning: Conditioning,
    width: Annotated[float, Share],
    height: Annotated[float, Share],
    x: Annotated[float, Place],
    y: Annotated[float, Place],
    strength: Strength,
) -> Conditioning:
    """Let a prompt count in a box of the picture alone, given in shares of its sides."""
    return change.with_area(conditioning, ("percentage", height, width, y, x), strength)


@node("ConditioningSetAreaStrength", title="Conditioning (Set Area Strength)", category=CATEGORY)
def conditioning_set_area_strength(conditioning: Conditioning, strength: Strength) -> Conditioning:
    """Let a prompt count more or less than the others it is combined with."""
    return change.with_values(conditioning, strength=strength)


@node(
    "ConditioningSetMask",
    title="Conditioning (Set Mask)",
    category=CATEGORY,
    search_aliases=("masked prompt", "regional inpaint conditioning", "mask conditioning"),
)
def conditioning_set_mask(
    conditioning: Conditioning,
    mask: Mask,
    strength: Strength,
    set_cond_area: Annotated[
        str,
        Combo(
            ("default", "mask bounds"),
            tooltip="With 'mask bounds' the model sees no more than the box around the white part.",
        ),
    ],
) -> Conditioning:
    """Let a prompt count where a mask is white."""
    return change.with_mask(conditioning, mask, strength, set_cond_area != "default")


@node("ConditioningSetTimestepRange", category=CATEGORY)
def conditioning_set_timestep_range(
    conditioning: Conditioning,
    start: Annotated[float, Float(default=0.0, min=0.0, max=1.0, step=0.001, tooltip="0 is the noisiest step.")],
    end: Annotated[float, Float(default=1.0, min=0.0, max=1.0, step=0.001, tooltip="1 is the last step.")],
) -> Conditioning:
    """Let a prompt count for a part of the sampling alone: early steps decide the layout, late ones the details."""
    return change.with_values(conditioning, start_percent=start, end_percent=end)
