"""Conditioning made ready for one run: what the model gets for each entry, and when, where and how much it counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from torch import Tensor

from comfy_core import progress
from comfy_core.concat import repeated
from comfy_core.conditioning import Conditioning
from comfy_core.control.base import ControlBase
from comfy_core.hooks import Hooked, HookedModel
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.regions import Box, bounds_of, box_of, feathered, fitted_mask

STARTS, ENDS = ("start_percent", "clip_start_percent"), ("end_percent", "clip_end_percent")
"""What part of the run an entry is for: as nodes say, and where its text encoder had hooks, as these do."""
PIXELS = 8
"""Of a picture along a cell of its latent, for models that are told the size of the picture."""


@dataclass(frozen=True)
class Condition:
    """One entry of a conditioning, ready for a model: its tensors [1, ...], between which sigmas it counts, and where.

    `steps` are runs of steps, each from the sigma of its first to that of the first after it. `weight`, broadcastable
    to the latent or to the part of it in `box`, says how much it counts in each cell. A `default` counts where no other
    of its side does. `boxes` are the things that GLIGEN puts in their places, and `control` what pictures control; with
    `shares_control` other sides have it too. `hooked` is the model as the entry's hooks want it. The entries of a
    composed prompt, whose mean is taken, say by `guidance_weight` how much they are together. Patches tell entries
    apart by `uuid`.
    """

    inputs: dict[str, Tensor]
    strength: float = 1.0
    sigma_start: float = math.inf
    sigma_end: float = 0.0
    steps: tuple[tuple[float, float], ...] = ((math.inf, -1.0),)
    box: Box | None = None
    weight: Tensor | None = None
    default: bool = False
    boxes: Any = None
    control: ControlBase | None = None
    shares_control: bool = False
    hooked: Hooked | None = None
    guidance_weight: float = 1.0
    uuid: UUID = field(default_factory=uuid4)

    def active(self, sigma: float) -> bool:
        in_steps = any(first >= sigma > after for first, after in self.steps)
        return in_steps and self.sigma_end <= sigma <= self.sigma_start

    def crop(self, tensor: Tensor) -> Tensor:
        """The part of `tensor` [B, C, *latent] that this condition is about."""
        return tensor if self.box is None else self.box.crop(tensor)

    def weight_for(self, x: Tensor) -> Tensor:
        """`weight` for a batch like `x`, its strength aside."""
        if self.weight is None:
            return x.new_ones(1, *(1,) * (x.ndim - 1))
        return repeated(self.weight, len(x)) if len(self.weight) > 1 else self.weight


def further_models(conds: dict[str, Conditioning]) -> list[ModelPatcher]:
    """The models that take part because conditioning asks for them."""
    extras = [extra for side in conds.values() for _, extra in side]
    models = [extra["gligen"][1] for extra in extras if "gligen" in extra]
    models += [model for control in controls_in(conds) for model in control.get_models()]
    return list({id(model): model for model in models}.values())


def controls_in(conds: dict[str, Conditioning]) -> list[ControlBase]:
    """What controls prompts, each once."""
    found = [extra["control"] for side in conds.values() for _, extra in side if extra.get("control") is not None]
    return list({id(control): control for control in found}.values())


@contextmanager
def controls_ready(patcher: ModelPatcher, conds: dict[str, Conditioning]) -> Iterator[None]:
    """Have what controls the prompts ready for a model inside the `with` block.

    Raises ValueError when something is for another family of models.
    """
    controls = controls_in(conds)
    to_sigma = patcher.get_model_object("model_sampling").percent_to_sigma
    try:
        for control in controls:
            control.pre_run(patcher, to_sigma)
        yield
    finally:
        for control in controls:
            control.cleanup()


def process_conds(
    patcher: ModelPatcher,
    conds: dict[str, Conditioning],
    noise: Tensor,
    **run: Any,
) -> dict[str, list[Condition]]:
    """Every side's conditions for a latent shaped like `noise` [B, C, *latent], on the model's device.

    `run` is what the model may want to know besides: `sigmas`, `seed`, `latent_image`, `denoise_mask`. A box that only
    one side has is given to the others too, with their own text, so that cond and uncond are predictions about the same
    part.
    """
    hooked = HookedModel(patcher) if any(extra.get("hooks") for side in conds.values() for _, extra in side) else None
    ready = {
        side: [one for entry in conds[side] for one in _ready(patcher, entry, noise, side, run, hooked)]
        for side in conds
    }
    for side, given in ready.items():
        for other in ready:
            if other != side:
                ready[other] += _opposites(given, ready[other])
    if "positive" in ready:
        for side in ready.keys() - {"positive"}:
            ready[side] = _sharing(ready["positive"], ready[side], "boxes")
            shared = [one for one in ready["positive"] if one.shares_control]
            ready[side] = _sharing(shared, ready[side], "control")
    return ready


def _ready(
    patcher: ModelPatcher,
    entry: list[Any],
    noise: Tensor,
    side: str,
    run: dict[str, Any],
    hooked: HookedModel | None = None,
) -> Iterator[Condition]:
    """The condition an entry makes; none if it lies outside of the picture."""
    tensor, extra = entry
    _check_width(patcher, tensor)
    dims, device = noise.shape[2:], patcher.load_device
    size = {"width": dims[-1] * PIXELS, "height": dims[-2] * PIXELS} if len(dims) > 1 else {}
    about = {"noise": noise, "device": device, "prompt_type": side, **size, **run}
    inputs = patcher.model.extra_conds(**{**about, "cross_attn": tensor, **extra})  # type: ignore[operator]
    if extra.get("attention_mask") is not None and "attention_mask" not in inputs:
        progress.warn("this model's attention cannot be biased: let the style count by the strength type 'multiply'")
    sampling = patcher.get_model_object("model_sampling")
    box = box_of(extra["area"], dims) if extra.get("area") else None
    mask = None if extra.get("mask") is None else fitted_mask(extra["mask"], dims).to(device)
    if mask is not None and extra.get("set_area_to_bounds"):
        box = bounds_of(mask)
    if box is None and (extra.get("area") or extra.get("set_area_to_bounds")):
        progress.warn("a prompt's area lies outside of the picture, or its mask is black: it is not used")
        return
    yield Condition(
        inputs={name: value.to(device) for name, value in inputs.items()},
        strength=extra.get("strength", 1.0),
        sigma_start=min(sampling.percent_to_sigma(extra.get(one, 0.0)) for one in STARTS),
        sigma_end=max(sampling.percent_to_sigma(extra.get(one, 1.0)) for one in ENDS),
        steps=_steps(extra.get("step_ranges"), run.get("sigmas")),
        box=box,
        weight=_weight(box, mask, extra.get("mask_strength", 1.0), dims, device),
        default=bool(extra.get("default")),
        boxes=extra.get("gligen"),
        guidance_weight=extra.get("guidance_weight", 1.0),
        hooked=None if hooked is None else Hooked(hooked, extra.get("hooks") or ()),
        control=extra.get("control"),
        shares_control=bool(extra.get("control_apply_to_uncond")),
    )


def _check_width(patcher: ModelPatcher, text: Tensor) -> None:
    """Raises ValueError for a text that was encoded for another family of models."""
    wanted = getattr(getattr(patcher.model.diffusion_model, "dims", None), "context_dim", text.shape[-1])
    if text.shape[-1] != wanted:
        raise ValueError(
            f"the prompt's vectors are {text.shape[-1]} wide and this model takes {wanted} wide ones: encode it with "
            "the model's own CLIP"
        )


def _steps(shares: list[tuple[float, float]] | None, sigmas: Tensor | None) -> tuple[tuple[float, float], ...]:
    """Runs of steps, given in shares of the run `sigmas` [steps + 1], as sigmas; all steps where nothing is said,
    and in a run that goes up (from a picture to noise)."""
    if shares is None or sigmas is None or sigmas[0] <= sigmas[-1]:
        return Condition.steps
    count = len(sigmas) - 1
    edges = [math.inf, *(float(sigma) for sigma in sigmas[1:-1]), -1.0]
    return tuple((edges[round(first * count)], edges[round(after * count)]) for first, after in shares)


def _weight(box: Box | None, mask: Tensor | None, mask_strength: float, dims: Any, device: Any) -> Tensor | None:
    """How much a condition counts in each cell, its own strength aside; None is the same everywhere."""
    if mask is not None:
        cut = mask if box is None else box.crop(mask)
        return cut[:, None] * mask_strength
    return None if box is None else feathered(box, dims).to(device)


def _opposites(given: list[Condition], others: list[Condition]) -> list[Condition]:
    """For each box in `given` that `others` do not have: the text of the other side's smallest one around it."""
    made: list[Condition] = []
    for one in given:
        if one.box is None:
            continue
        around = _smallest_around(one.box, others + made)
        if around is not None and around.box != one.box:
            made.append(replace(one, inputs=around.inputs, hooked=around.hooked))
    return made


def _smallest_around(box: Box, conditions: list[Condition]) -> Condition | None:
    boxed = [one for one in conditions if one.box is not None and box.inside(one.box)]
    whole = [one for one in conditions if one.box is None]
    if boxed:
        return min(boxed, key=lambda one: one.box.cells if one.box else math.inf)
    return whole[0] if whole else None


def _sharing(positive: list[Condition], others: list[Condition], name: str) -> list[Condition]:
    """The other side's conditions with what the positive one has under a name, unless it has its own."""
    given = [getattr(one, name) for one in positive if one.box is None and getattr(one, name) is not None]
    free = [place for place, one in enumerate(others) if one.box is None and getattr(one, name) is None]
    if not free or any(one.box is None and getattr(one, name) is not None for one in others):
        return others
    shared = list(others)
    for number, value in enumerate(given):
        one = replace(others[free[number % len(free)]], **{name: value})
        if number < len(free):
            shared[free[number]] = one
        else:
            shared.append(one)
    return shared
