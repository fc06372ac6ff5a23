"""What a patch is, and how a weight is made of a pristine one and its patches.

On the CPU it is made some rows at a time, where the recipes allow it: what is then worked on in float32 stays in the
processor's cache, which takes a third of the time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

AT_ONCE = 2**21
"""Numbers of a weight that are worked on at once on the CPU: 8 MiB in float32."""

Room = Callable[[Tensor, torch.dtype], Tensor]
"""Gives the memory, of its shape and whatever is in it, that a copy of a weight in a type is made in."""

_kept = threading.local()


class Recipe(Protocol):
    """What a patch does to a weight, e.g. a LoRA's up and down matrices. One that changes every row by itself also has
    `rows(first, last)`, the recipe for these rows alone."""

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        """The patched weight; `weight` is float32, on the compute device, and may be changed in place."""
        ...


class Patch(NamedTuple):
    """One change of one weight: `strength_model * W + strength * recipe`, on the rows `offset` (dim, start, length)
    where that is given, `function` applied to the recipe's difference where that is given."""

    strength: float
    recipe: Any
    strength_model: float = 1.0
    offset: tuple[int, int, int] | None = None
    function: Callable[[Tensor], Tensor] | None = None

    @property
    def changes_nothing(self) -> bool:
        return self.strength == 0 and self.strength_model == 1

    @property
    def is_by_rows(self) -> bool:
        return self.offset is None and self.function is None and hasattr(self.recipe, "rows")

    def rows(self, first: int, last: int) -> Patch:
        """The part of a patch by rows that changes some rows."""
        return self._replace(recipe=self.recipe.rows(first, last))


def patched(
    pristine: Tensor, patches: Iterable[Patch], device: torch.device, dtype: torch.dtype, room: Room | None = None
) -> Tensor:
    """A patched copy of a weight on a device, in a type; worked out in float32, in `room` where that is given."""
    patches = [Patch(*patch) for patch in patches]
    if (
        device.type != "cpu"
        or not (pristine.ndim and pristine.numel())
        or not all(patch.is_by_rows for patch in patches)
    ):
        after = applied(patches, pristine.to(device, torch.float32, copy=True))
        if room is None or after.shape != pristine.shape:
            return after.to(dtype)
        return room(pristine, dtype).copy_(after)
    made = torch.empty(pristine.shape, dtype=dtype) if room is None else room(pristine, dtype)
    count = max(1, AT_ONCE // pristine[0].numel())
    for first in range(0, len(pristine), count):
        place, of_rows = made[first : first + count], [patch.rows(first, first + count) for patch in patches]
        before = pristine[first : first + count]
        rows = place if dtype == torch.float32 else _scratch(before.numel()).view_as(before)
        after = applied(of_rows, rows.copy_(before))
        if after.data_ptr() != place.data_ptr():
            place.copy_(after)
    return made


def _scratch(count: int) -> Tensor:
    """Room for so many numbers in float32: that of the time before, for new memory costs more than the work in it."""
    kept = getattr(_kept, "numbers", None)
    if kept is None or kept.numel() < count:
        kept = _kept.numbers = torch.empty(max(count, AT_ONCE))
    return kept[:count]


def applied(patches: Iterable[Patch], weight: Tensor) -> Tensor:
    """A weight after patches, one after the other; it may be changed in place."""
    for patch in patches:
        weight = _apply(Patch(*patch), weight)
    return weight


def _apply(patch: Patch, weight: Tensor) -> Tensor:
    part = weight if patch.offset is None else weight.narrow(*patch.offset)
    before = part * patch.strength_model if patch.strength_model != 1 else part
    if patch.strength == 0:
        return _placed(before, part, weight)
    after = _patched(patch.recipe, before if patch.function is None else before.clone(), patch.strength)
    if patch.function is not None:
        after = before + patch.function(after - before)
    return _placed(after, part, weight)


def _placed(after: Tensor, part: Tensor, weight: Tensor) -> Tensor:
    """The weight with a changed part in its place."""
    if part is weight:
        return after
    part.copy_(after)
    return weight


def _patched(recipe: Any, weight: Tensor, strength: float) -> Tensor:
    if hasattr(recipe, "apply"):
        return recipe.apply(weight, strength)
    kind, values = ("diff", recipe) if len(recipe) == 1 else (recipe[0], recipe[1])
    value = values[0].to(weight.device, weight.dtype)
    if kind == "set":
        return value
    if kind == "diff":
        return weight + strength * value
    raise ValueError(f"there is no recipe {kind!r} for patching a weight")
