"""Hooks: LoRAs, or another model as one, that count for some prompts alone and in part of the run.

A conditioning entry names its hooks. While a run is at work the network's weights are exchanged between evaluations, so
that each entry is asked of the model that it is about; entries with the same hooks are asked together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from comfy_core.checkpoint import Checkpoint
from comfy_core.lora import load_lora_for_models
from comfy_core.memory import residency
from comfy_core.merging import UNET, Towards, others
from comfy_core.patcher import ModelPatcher
from comfy_core.text.clip import CLIP
from comfy_core.weights import Weights

Recipes = Mapping[str, list[Any]]
"""What a hook does to each weight, at strength 1."""

INTERPOLATIONS: dict[str, Callable[[float], float]] = {
    "linear": lambda share: share,
    "ease_in": lambda share: share**2,
    "ease_out": lambda share: 1 - (1 - share) ** 2,
    "ease_in_out": lambda share: (1 - math.cos(share * math.pi)) / 2,
}


@dataclass(frozen=True)
class Keyframe:
    """From `start_percent` of the run on, a hook's strength is times `strength`."""

    strength: float
    start_percent: float = 0.0


Keyframes = Sequence[Keyframe]


def with_keyframes(before: Keyframes | None, *more: Keyframe) -> list[Keyframe]:
    """Keyframes in the order of their beginnings."""
    return sorted((*(before or ()), *more), key=lambda one: one.start_percent)


def spread(strengths: list[float], start: float, end: float) -> list[Keyframe]:
    """Keyframes of these strengths at even distances from `start` to `end`."""
    last = max(1, len(strengths) - 1)
    return [Keyframe(one, start + (end - start) * number / last) for number, one in enumerate(strengths)]


@dataclass(frozen=True, eq=False)
class WeightHook:
    """Changes the weights of a model and of its text encoder; `recipes` says how, for either of them."""

    recipes: Callable[[ModelPatcher], Recipes]
    strength_model: float
    strength_clip: float
    keyframes: Keyframes = ()

    def factor(self, is_reached: Callable[[float], bool]) -> float:
        """The strength of the last keyframe whose beginning is reached; before the first one, of that."""
        reached = [one for one in self.keyframes if is_reached(one.start_percent)] or list(self.keyframes[:1])
        return reached[-1].strength if reached else 1.0


Hooks = Sequence[WeightHook]


def combined(*groups: Hooks | None) -> list[WeightHook]:
    """All hooks of several groups, each once."""
    return list(dict.fromkeys(hook for group in groups for hook in group or ()))


def rescheduled(hooks: Hooks, keyframes: Keyframes | None) -> list[WeightHook]:
    """The hooks with other keyframes; without any they count the same all the time."""
    return [replace(hook, keyframes=keyframes or ()) for hook in hooks]


def lora_recipes(lora: Weights) -> Callable[[ModelPatcher], Recipes]:
    """What a LoRA does to a model or to a text encoder."""

    def recipes(patcher: ModelPatcher) -> Recipes:
        bare = patcher.clone()
        bare.patches = {}
        loaded: Any
        if any(name.startswith("clip_") for name in patcher.source):
            loaded = load_lora_for_models(None, CLIP(bare), lora, 0.0, 1.0)[1]
            patches = loaded.patcher.patches
        else:
            loaded = load_lora_for_models(bare, None, lora, 1.0, 0.0)[0]
            patches = loaded.patches
        return {key: [one.recipe for one in given] for key, given in patches.items()}

    return recipes


def model_recipes(checkpoint: Checkpoint) -> Callable[[ModelPatcher], Recipes]:
    """The way to the weights of a checkpoint of the same family; on one of another they raise ValueError."""

    def recipes(patcher: ModelPatcher) -> Recipes:
        is_text = any(name.startswith("clip_") for name in patcher.source)
        other = checkpoint.clip.patcher if is_text else checkpoint.model
        found = others(patcher, other, "" if is_text else UNET)
        return {key: [Towards(one)] for key, one in found.items()}

    return recipes


def patched(patcher: ModelPatcher, given: Iterable[tuple[Recipes, float]]) -> ModelPatcher:
    """A clone with the changes of hooks at these strengths."""
    clone = patcher.clone()
    for recipes, strength in given:
        if strength:
            for number in range(max(map(len, recipes.values()), default=0)):
                clone.add_patches({key: all[number] for key, all in recipes.items() if number < len(all)}, strength)
    return clone


@dataclass(eq=False)
class HookedModel:
    """A model in one run: what each group of hooks makes of it at each strength."""

    patcher: ModelPatcher
    recipes: dict[WeightHook, Recipes] = field(default_factory=dict)
    clones: dict[tuple[Any, ...], ModelPatcher] = field(default_factory=dict)

    def put(self, hooks: Hooks, sigma: float) -> None:
        """Give the network the weights for these hooks at a noise level; it must not be evaluating."""
        to_sigma = self.patcher.get_model_object("model_sampling").percent_to_sigma
        strengths = [
            hook.strength_model * hook.factor(lambda start: sigma <= to_sigma(start) or start == 0) for hook in hooks
        ]
        at = tuple((hook, strength) for hook, strength in zip(hooks, strengths, strict=True) if strength)
        if at not in self.clones:
            given = [(self._recipes(hook), strength) for hook, strength in at]
            self.clones[at] = patched(self.patcher, given) if at else self.patcher
        residency.current().exchange(self.clones[at])

    def _recipes(self, hook: WeightHook) -> Recipes:
        if hook not in self.recipes:
            self.recipes[hook] = hook.recipes(self.patcher)
        return self.recipes[hook]


@dataclass(frozen=True)
class Hooked:
    """The hooks of one entry, and the model of the run."""

    model: HookedModel
    hooks: Hooks

    def put(self, sigma: float) -> None:
        self.model.put(self.hooks, sigma)


def with_text_hooks(clip: CLIP, hooks: Hooks, scheduled: bool) -> CLIP:
    """A text encoder with hooks on it: all the time at their own strengths or, if `scheduled`, one encoding for every
    part of the run in which these are the same."""
    clip = clip.clone()
    of_text = [hook for hook in hooks if hook.strength_clip]
    if scheduled:
        clip.schedule = lambda patcher: _text_schedule(patcher, of_text)
    else:
        clip.patcher = patched(clip.patcher, [(hook.recipes(clip.patcher), hook.strength_clip) for hook in of_text])
    return clip


def _text_schedule(patcher: ModelPatcher, hooks: list[WeightHook]) -> Iterator[tuple[float, float, ModelPatcher]]:
    """Parts of the run, and a text encoder as the hooks make it in each."""
    starts = sorted({0.0, *(one.start_percent for hook in hooks for one in hook.keyframes if one.start_percent < 1)})
    recipes = [hook.recipes(patcher) for hook in hooks]
    for start, end in zip(starts, [*starts[1:], 1.0], strict=True):
        strengths = [hook.strength_clip * hook.factor(start.__ge__) for hook in hooks]
        yield start, end, patched(patcher, zip(recipes, strengths, strict=True))
