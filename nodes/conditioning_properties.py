"""Nodes that say of a prompt, or of a pair of them, where and when it counts and which hooks it has."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from comfy_core.conditioning import with_mask, with_values
from comfy_core.hooks import combined
from nodes.conditioning import Strength
from nodes.hooks import MODULE, Hooks, Range
from nodes.schema import Combo, node
from nodes.types import Conditioning, Mask, Negative, Positive

Area = Annotated[str, Combo(("default", "mask bounds"), tooltip="All of the picture is seen, or the mask's box alone.")]
PAIR = ("positive", "negative")
single = partial(node, category="advanced/hooks/cond single", experimental=True, python_module=MODULE)
paired = partial(node, category="advanced/hooks/cond pair", outputs=PAIR, experimental=True, python_module=MODULE)


@single("ConditioningSetProperties", title="Cond Set Props")
def conditioning_set_properties(
    cond_NEW: Conditioning,
    strength: Strength,
    set_cond_area: Area,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: Range | None = None,
) -> Conditioning:
    """Say where and when a prompt counts, and which hooks it has."""
    return _set(cond_NEW, strength, set_cond_area, mask, hooks, timesteps)


@single("ConditioningSetPropertiesAndCombine", title="Cond Set Props Combine")
def conditioning_set_properties_and_combine(
    cond: Conditioning,
    cond_NEW: Conditioning,
    strength: Strength,
    set_cond_area: Area,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: Range | None = None,
) -> Conditioning:
    """Say where and when a further prompt counts, and add it to another."""
    return cond + _set(cond_NEW, strength, set_cond_area, mask, hooks, timesteps)


@single("ConditioningSetDefaultCombine", title="Cond Set Default Combine")
def conditioning_set_default_combine(
    cond: Conditioning, cond_DEFAULT: Conditioning, hooks: Hooks | None = None
) -> Conditioning:
    """Add a prompt that counts where no other one does."""
    return cond + _default(cond_DEFAULT, hooks)


@paired("PairConditioningSetProperties", title="Cond Pair Set Props")
def pair_conditioning_set_properties(
    positive_NEW: Positive,
    negative_NEW: Negative,
    strength: Strength,
    set_cond_area: Area,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: Range | None = None,
) -> tuple[Positive, Negative]:
    """Say where and when two prompts count, and which hooks they have."""
    said = strength, set_cond_area, mask, hooks, timesteps
    return _set(positive_NEW, *said), _set(negative_NEW, *said)


@paired("PairConditioningSetPropertiesAndCombine", title="Cond Pair Set Props Combine")
def pair_conditioning_set_properties_and_combine(
    positive: Positive,
    negative: Negative,
    positive_NEW: Positive,
    negative_NEW: Negative,
    strength: Strength,
    set_cond_area: Area,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: Range | None = None,
) -> tuple[Positive, Negative]:
    """Say where and when two further prompts count, and add them to others."""
    said = strength, set_cond_area, mask, hooks, timesteps
    return positive + _set(positive_NEW, *said), negative + _set(negative_NEW, *said)


@paired("PairConditioningSetDefaultCombine", title="Cond Pair Set Default Combine")
def pair_conditioning_set_default_combine(
    positive: Positive,
    negative: Negative,
    positive_DEFAULT: Positive,
    negative_DEFAULT: Negative,
    hooks: Hooks | None = None,
) -> tuple[Positive, Negative]:
    """Add two prompts that count where no others do."""
    return positive + _default(positive_DEFAULT, hooks), negative + _default(negative_DEFAULT, hooks)


@paired("PairConditioningCombine", title="Cond Pair Combine")
def pair_conditioning_combine(
    positive_A: Positive, negative_A: Negative, positive_B: Positive, negative_B: Negative
) -> tuple[Positive, Negative]:
    """Let the model follow both pairs of prompts."""
    return positive_A + positive_B, negative_A + negative_B


def _set(prompts: Any, strength: float, area: str, mask: Any, hooks: Any, timesteps: Any) -> Any:
    prompts = _hooked(prompts, hooks)
    if mask is not None:
        prompts = with_mask(prompts, mask, strength, area != "default")
    if timesteps is not None:
        prompts = with_values(prompts, start_percent=timesteps[0], end_percent=timesteps[1])
    return prompts


def _default(prompts: Any, hooks: Any) -> Any:
    return with_values(_hooked(prompts, hooks), default=True)


def _hooked(prompts: Any, hooks: Any) -> Any:
    """Prompts with further hooks."""
    if not hooks:
        return prompts
    return [[text, {**extra, "hooks": combined(extra.get("hooks"), hooks)}] for text, extra in prompts]
