"""Masks [B, H, W] in 0..1 changed and combined."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.media.batches import as_many
from comfy_core.progress import check_interrupted


def grown(masks: Tensor, pixels: int, tapered: bool) -> Tensor:
    """Masks whose white reaches `pixels` further (fewer than 0: less far), in the shape of a diamond if `tapered`, else
    of a square: grey dilation and erosion, with nothing beyond the border."""
    if pixels < 0:
        return 1.0 - grown(1.0 - masks, -pixels, tapered)
    steps = min(pixels, sum(masks.shape[-2:]))
    if not tapered:
        return _spread_along(_spread_along(masks, steps, -1), steps, -2)
    for _ in range(steps):
        check_interrupted()
        masks = torch.maximum(_spread_along(masks, 1, -1), _spread_along(masks, 1, -2))
    return masks


def _spread_along(masks: Tensor, pixels: int, dim: int) -> Tensor:
    """The greatest value within so many pixels along one direction."""
    reach = min(pixels, masks.shape[dim])
    padding = (reach, reach) if dim == -1 else (0, 0, reach, reach)
    return greatest_along(F.pad(masks, padding, value=-torch.inf), 2 * reach + 1, dim)


def greatest_along(values: Tensor, size: int, dim: int) -> Tensor:
    """The greatest of each `size` neighbours along a direction, which gets `size` - 1 shorter; windows are doubled, so
    that wide ones cost little more."""
    width = 1
    while width < size:
        step = min(width, size - width)
        rest = values.shape[dim] - step
        values = torch.maximum(values.narrow(dim, 0, rest), values.narrow(dim, step, rest))
        width += step
    return values


def feathered(masks: Tensor, left: int, top: int, right: int, bottom: int) -> Tensor:
    """Masks that fade in from their sides: pixel n of a side's `size` pixels counts (n + 1) / size."""
    height, width = masks.shape[-2:]
    columns = _rise(width, left) * _rise(width, right).flip(0)
    rows = _rise(height, top) * _rise(height, bottom).flip(0)
    return masks * rows.to(masks)[:, None] * columns.to(masks)


def _rise(length: int, pixels: int) -> Tensor:
    pixels = min(pixels, length)
    return ((torch.arange(length) + 1) / pixels).clamp(max=1) if pixels else torch.ones(length)


def _logical(combine: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda one, other: combine(one.round().bool(), other.round().bool()).to(one)


OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "multiply": torch.mul,
    "add": torch.add,
    "subtract": torch.sub,
    "and": _logical(torch.logical_and),
    "or": _logical(torch.logical_or),
    "xor": _logical(torch.logical_xor),
}
"""How two masks become one; the logical ones round first."""


def combined(destination: Tensor, source: Tensor, x: int, y: int, operation: str) -> Tensor:
    """`destination` with `source` laid over it from (x, y) on; what lies outside of it is left out."""
    out = as_many(destination, max(len(destination), len(source))).clone()
    place = out[:, y : y + source.shape[1], x : x + source.shape[2]]
    part = as_many(source, len(out))[:, : place.shape[1], : place.shape[2]].to(out)
    place.copy_(OPERATIONS[operation](place, part))
    return out.clamp(0, 1)


def of_colour(images: Tensor, colour: int) -> Tensor:
    """Masks [B, H, W] that are 1 where pictures [B, H, W, C] have exactly a colour, 0xRRGGBB, in 8 bits."""
    levels = images[..., :3].clamp(0, 1).mul(255).round().int()
    wanted = torch.tensor([colour >> 16 & 255, colour >> 8 & 255, colour & 255], device=levels.device)
    return (levels == wanted).all(-1).float()
