"""Where in a picture a prompt counts: a box with soft edges, or a mask. Sizes are in latent cells, rows before columns.

An area is `(height, width, y, x)` in cells, or `("percentage", height, width, y, x)` as shares of the picture; a video
has its frames first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

FEATHER = 8
SMALLEST_BOUNDS = 8


@dataclass(frozen=True)
class Box:
    """A part of a picture: how long it is in every dimension, and where it starts."""

    sizes: tuple[int, ...]
    starts: tuple[int, ...]

    @property
    def cells(self) -> int:
        return math.prod(self.sizes)

    def inside(self, other: Box) -> bool:
        """Whether no cell of this box lies outside of the other."""
        return all(
            start >= other_start and start + size <= other_start + other_size
            for start, size, other_start, other_size in zip(
                self.starts, self.sizes, other.starts, other.sizes, strict=True
            )
        )

    def crop(self, tensor: Tensor) -> Tensor:
        """The part of `tensor` [..., *picture] that lies in the box, as a view; dimensions of one cell stay."""
        first = tensor.ndim - len(self.sizes)
        for dim, (size, start) in enumerate(zip(self.sizes, self.starts, strict=True), start=first):
            if tensor.shape[dim] > 1:
                tensor = tensor.narrow(dim, start, size)
        return tensor


def box_of(area: Sequence[Any], dims: Sequence[int]) -> Box | None:
    """The box of an area in a picture of `dims` cells, cut off at the edges; None if it lies outside altogether.

    An area with fewer dimensions than the picture covers the leading ones (a video's frames) wholly.
    """
    numbers = list(area)
    if numbers[0] == "percentage":
        numbers = numbers[1:]
        count = len(numbers) // 2
        last = dims[-count:]
        sizes = [max(1, round(share * side)) for share, side in zip(numbers[:count], last, strict=True)]
        starts = [round(share * side) for share, side in zip(numbers[count:], last, strict=True)]
    else:
        count = len(numbers) // 2
        sizes, starts = [max(1, size) for size in numbers[:count]], numbers[count:]
    whole = list(dims[: len(dims) - count])
    sizes, starts = whole + sizes, [0] * len(whole) + starts
    cut = [min(size, side - start) for size, start, side in zip(sizes, starts, dims, strict=True)]
    return Box(tuple(cut), tuple(starts)) if min(cut) > 0 else None


def fitted_mask(mask: Tensor, dims: Sequence[int]) -> Tensor:
    """A mask [h, w] or [b, h, w] in the size of a picture, [b, *dims]; a video has it in every frame."""
    if mask.ndim == len(dims):
        mask = mask[None]
    if mask.shape[1:] == tuple(dims):
        return mask
    while mask.ndim > 3:
        mask = mask.flatten(0, 1)
    resized = F.interpolate(mask[:, None].float(), size=tuple(dims[-2:]), mode="bilinear")[:, 0]
    return resized if len(dims) == 2 else resized[:, None].expand(-1, *dims)


def bounds_of(mask: Tensor) -> Box | None:
    """The smallest box around what is not black in a mask [b, h, w], though at least eight cells long where there is
    room; None for a black one."""
    seen = mask.abs().amax(0) > 0
    if not seen.any():
        return None
    rows, columns = seen.any(1).nonzero()[:, 0], seen.any(0).nonzero()[:, 0]
    starts = int(rows[0]), int(columns[0])
    ends = int(rows[-1]) + 1, int(columns[-1]) + 1
    sizes = (max(SMALLEST_BOUNDS, end - start) for start, end in zip(starts, ends, strict=True))
    return box_of((*sizes, *starts), seen.shape)


def feathered(box: Box, dims: Sequence[int]) -> Tensor:
    """The weight of a box [1, 1, *sizes]: 1, falling off towards each edge that is not the picture's own, over eight
    cells or a quarter of the box."""
    weight = torch.ones(1, 1, *box.sizes)
    for dim, (size, start, side) in enumerate(zip(box.sizes, box.starts, dims, strict=True), start=2):
        length = min(FEATHER, size // 4)
        ramp = torch.arange(1, length + 1) / max(1, length)
        line = torch.ones(size)
        if start > 0:
            line[:length] *= ramp
        if start + size < side:
            line[size - length :] *= ramp.flip(0)
        weight = weight * line.view(-1, *(1,) * (weight.ndim - 1 - dim))
    return weight
