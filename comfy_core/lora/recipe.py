"""What every kind of change offers, and how the tensors of one module reach it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor

Parts = Mapping[str, Tensor]
"""The tensors that a file has for one module, by their part in it: `up`, `down`, `hada_w1_a` …"""

Size = tuple[int, int | None]
"""The rows of the matrix that a change fits, and how many numbers each has; None for any number."""


class LoraRecipe(Protocol):
    """A change of one weight [out, in, ...], which as a matrix is [out, in * ...]."""

    @property
    def size(self) -> Size: ...

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        """The changed weight; `weight` is float32 and may be changed in place."""
        ...


def makes_sense(recipe: LoraRecipe) -> bool:
    """Whether the shapes of a change's tensors tell what it fits."""
    try:
        rows, _ = recipe.size
    except IndexError:
        return False
    return rows > 0


def fits(recipe: LoraRecipe, shape: tuple[int, ...]) -> bool:
    """Whether a change is one for a weight of this shape."""
    (rows, columns), (first, *rest) = recipe.size, shape or (1,)
    width = 1
    for side in rest:
        width *= side
    return rows == first and columns in (None, width)


def scale_of(alpha: float | None, rank: int) -> float:
    """alpha / rank; 1 without alpha."""
    return 1.0 if alpha is None else alpha / rank


def like(tensor: Tensor, weight: Tensor) -> Tensor:
    """A file's tensor on the weight's device, in its type."""
    return tensor.to(weight.device, weight.dtype)


def flat(tensor: Tensor) -> Tensor:
    """A convolution's weight as a matrix."""
    return tensor.reshape(tensor.shape[0], -1)
