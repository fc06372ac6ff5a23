"""Nodes that cut, turn, fill and write down lists of noise levels."""

from __future__ import annotations

from typing import Annotated

from comfy_core import progress
from comfy_core.sampling import sigmas as edit
from nodes.schema import Boolean, Combo, Float, Int, String, node
from nodes.types import Model, Sigmas

CATEGORY = "model/sampling/sigmas"
MODULE = "comfy_extras.nodes_custom_sampler"
PARTS = ("high_sigmas", "low_sigmas")


@node("SplitSigmas", category=CATEGORY, outputs=PARTS, python_module=MODULE)
def split_sigmas(
    sigmas: Sigmas,
    step: Annotated[int, Int(default=0, min=0, max=10_000, tooltip="How long the first part is.")],
) -> tuple[Sigmas, Sigmas]:
    """Share a run between two samplers."""
    if step >= len(sigmas):
        progress.warn(f"these sigmas are {max(len(sigmas) - 1, 0)} steps, fewer than {step}: the second part is empty")
    return edit.split(sigmas, step)


@node("SplitSigmasDenoise", category=CATEGORY, outputs=PARTS, python_module=MODULE)
def split_sigmas_denoise(
    sigmas: Sigmas,
    denoise: Annotated[
        float, Float(default=1.0, min=0.0, max=1.0, step=0.01, tooltip="The second part's share of the steps.")
    ],
) -> tuple[Sigmas, Sigmas]:
    """Share a run between two samplers by a share of its steps."""
    return edit.split_by_denoise(sigmas, denoise)


@node("FlipSigmas", category=CATEGORY, python_module=MODULE)
def flip_sigmas(sigmas: Sigmas) -> Sigmas:
    """The way back: with `euler` or `ddim` and no noise added, from a picture to the noise it would come from."""
    return edit.flipped(sigmas)


@node("SetFirstSigma", category=CATEGORY, python_module=MODULE)
def set_first_sigma(
    sigmas: Sigmas,
    sigma: Annotated[
        float, Float(default=136.0, min=0.0, max=20_000.0, step=0.001, round=False, tooltip="The new first level.")
    ],
) -> Sigmas:
    """Begin at another noise level."""
    return edit.with_first(sigmas, sigma)


@node("ExtendIntermediateSigmas", category=CATEGORY, python_module=MODULE, search_aliases=("interpolate sigmas",))
def extend_intermediate_sigmas(
    sigmas: Sigmas,
    steps: Annotated[int, Int(default=2, min=1, max=100, tooltip="How many steps become of one.")],
    start_at_sigma: Annotated[
        float,
        Float(
            default=-1.0,
            min=-1.0,
            max=20_000.0,
            step=0.01,
            round=False,
            tooltip="Steps from higher levels stay as they are; -1 is without bounds.",
        ),
    ],
    end_at_sigma: Annotated[
        float,
        Float(
            default=12.0,
            min=0.0,
            max=20_000.0,
            step=0.01,
            round=False,
            tooltip="Steps from lower levels stay as they are.",
        ),
    ],
    spacing: Annotated[str, Combo(edit.SPACINGS, tooltip="Even, or first long, or first short.")],
) -> Sigmas:
    """Take finer steps in a stretch of a schedule."""
    return edit.extended(sigmas, steps, start_at_sigma, end_at_sigma, spacing)


@node("SamplingPercentToSigma", category=CATEGORY, outputs=("sigma_value",), python_module=MODULE)
def sampling_percent_to_sigma(
    model: Model,
    sampling_percent: Annotated[
        float, Float(default=0.0, min=0.0, max=1.0, step=0.0001, tooltip="The share of the way from noise to picture.")
    ],
    return_actual_sigma: Annotated[
        bool,
        Boolean(tooltip="At the ends: the model's own first and last level, in place of one above all and 0."),
    ],
) -> Annotated[float, Float()]:
    """The noise level at a share of the way."""
    sampling = model.get_model_object("model_sampling")
    if return_actual_sigma and sampling_percent in (0.0, 1.0):
        return float(sampling.sigma_max if sampling_percent == 0.0 else sampling.sigma_min)
    return sampling.percent_to_sigma(sampling_percent)


@node(
    "ManualSigmas",
    category=CATEGORY,
    experimental=True,
    python_module=MODULE,
    search_aliases=("custom noise schedule", "define sigmas"),
)
def manual_sigmas(
    sigmas: Annotated[str, String(default="1, 0.5", tooltip="Numbers with commas between them, the last usually 0.")],
) -> Sigmas:
    """Noise levels of one's own."""
    return edit.written(sigmas)
