"""One link of the chain that controls a prompt: pictures, how much they count, and when. Methods that the ecosystem
calls have its names.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from copy import copy
from enum import Enum
from typing import Any, Self

import torch
from torch import Tensor

from comfy_core.concat import repeated
from comfy_core.networks.unet import Control
from comfy_core.patcher import ModelPatcher

Size = tuple[int, int]
"""Height and width of a latent, in cells."""


class StrengthType(Enum):
    """How the strength counts: the same everywhere, or raised to a power that grows away from the middle, so that less
    is added to fine detail."""

    CONSTANT = 1
    LINEAR_UP = 2


class ControlBase(ABC):
    """Adds to the feature maps of a model what it sees in pictures.

    `cond_hint_original` [b, 3, H, W] are the pictures, 0..1; `extra_args` go to the network as they are. What is worked
    out for a run is kept from `pre_run` to `cleanup`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.cond_hint_original: Tensor | None = None
        self.strength = 1.0
        self.strength_type = StrengthType.CONSTANT
        self.timestep_percent_range = (0.0, 1.0)
        self.timestep_range = (math.inf, 0.0)
        self.global_average_pooling = False
        self.previous_controlnet: ControlBase | None = None
        self.extra_args: dict[str, Any] = {}
        self._seen: dict[Size, list[Tensor]] = {}

    def copy(self) -> Self:
        """Another user of the same weights, with settings of its own."""
        twin = copy(self)
        twin.extra_args, twin._seen = dict(self.extra_args), {}
        return twin

    def set_cond_hint(
        self, cond_hint: Tensor, strength: float = 1.0, timestep_percent_range: tuple[float, float] = (0.0, 1.0)
    ) -> Self:
        """Show it pictures [b, C, H, W], which count from one share of the run to another."""
        self.cond_hint_original = cond_hint[:, :3] if cond_hint.shape[1] > 1 else cond_hint.expand(-1, 3, -1, -1)
        self.strength = strength
        self.timestep_percent_range = timestep_percent_range
        return self

    def set_previous_controlnet(self, controlnet: ControlBase | None) -> Self:
        """What counts besides."""
        self.previous_controlnet = controlnet
        return self

    def set_extra_arg(self, argument: str, value: Any = None) -> None:
        self.extra_args[argument] = value

    def chain(self) -> Iterator[ControlBase]:
        """This one and those before it."""
        yield self
        if self.previous_controlnet is not None:
            yield from self.previous_controlnet.chain()

    def get_models(self) -> list[ModelPatcher]:
        """The models of the chain that a run needs, once it is ready for it."""
        return [one.patcher for one in self.chain()]

    def pre_run(self, model: ModelPatcher, percent_to_timestep_function: Callable[[float], float]) -> None:
        """Make the chain ready for a run of `model`. Raises ValueError when one of it is for another family."""
        for one in self.chain():
            start, end = (percent_to_timestep_function(share) for share in one.timestep_percent_range)
            one.timestep_range = start, end
            one.fit(model)

    def cleanup(self) -> None:
        """Forget what was worked out for a run."""
        for one in self.chain():
            one._seen = {}

    def get_control(
        self,
        x_noisy: Tensor,
        t: Tensor,
        cond: dict[str, Any],
        batched_number: int,
        transformer_options: dict[str, Any] | None = None,
    ) -> Control | None:
        """What the chain adds for a batch of `batched_number` conditions at the sigmas `t` [B]; None for nothing.

        `x_noisy` [B, C, h, w] is the latent as the sampler has it, `cond` what the model is given besides.
        """
        before = self.previous_controlnet
        added = None if before is None else before.get_control(x_noisy, t, cond, batched_number, transformer_options)
        start, end = self.timestep_range
        if not end <= float(t[0]) <= start:
            return added
        return summed(self._scaled(self.residuals(x_noisy, t, cond, batched_number)), added)

    def seen(self, x: Tensor, batched_number: int) -> list[Tensor]:
        """What is seen in the pictures at the size of the latents `x`: maps for each of these. Pictures that are fewer
        than the latents of a condition are shown again, those that are more are not."""
        size = x.shape[2], x.shape[3]
        if size not in self._seen:
            self._seen[size] = self.look(size)
        count = len(x) // batched_number
        return [repeated(one, count).repeat(batched_number, 1, 1, 1) for one in self._seen[size]]

    def _scaled(self, control: Control) -> Control:
        return {
            place: [None if one is None else self._pooled(one) * by for one, by in zip(maps, by_map, strict=True)]
            for place, maps in control.items()
            for by_map in [self._strengths(place, len(maps))]
        }

    def _strengths(self, place: str, count: int) -> list[float]:
        if self.strength_type == StrengthType.LINEAR_UP and place == "output":
            return [self.strength ** float(count - number) for number in range(count)]
        return [self.strength] * count

    def _pooled(self, one: Tensor) -> Tensor:
        return one.mean(dim=(2, 3), keepdim=True) if self.global_average_pooling else one

    @property
    @abstractmethod
    def patcher(self) -> ModelPatcher:
        """The network of this one."""

    @abstractmethod
    def fit(self, model: ModelPatcher) -> None:
        """Make this one ready for a model. Raises ValueError if it is for another family."""

    @abstractmethod
    def look(self, size: Size) -> list[Tensor]:
        """What is seen in the pictures at a size, the same in every step."""

    @abstractmethod
    def residuals(self, x: Tensor, t: Tensor, cond: dict[str, Any], batched_number: int) -> Control:
        """What this one adds, at full strength."""


def summed(one: Control, other: Control | None) -> Control:
    """Two controls as one. Lists end with what is for the first block: the shorter one is filled up in front."""
    if other is None:
        return one
    return {place: _summed(one.get(place, ()), other.get(place, ())) for place in {**one, **other}}


def _summed(one: Any, other: Any) -> list[Tensor | None]:
    count = max(len(one), len(other))
    pairs = zip(*([None] * (count - len(maps)) + list(maps) for maps in (one, other)), strict=True)
    return [b if a is None else a if b is None else torch.add(a, b.to(a)) for a, b in pairs]
