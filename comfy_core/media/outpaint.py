"""A picture on a larger canvas, for a model to fill in what is new."""

from __future__ import annotations

import torch
from torch import Tensor

GREY = 0.5


def pad_for_outpaint(
    image: Tensor, left: int, top: int, right: int, bottom: int, feathering: int
) -> tuple[Tensor, Tensor]:
    """Pictures [B, H, W, C] with so many pixels of grey at each side, and a mask [1, H', W'] of what is to be made.

    The mask is 1 on the grey. Inside the picture it falls off from the sides that were padded, by the square of the
    distance, to 0 after `feathering` pixels; pictures that are not twice as large as that have a sharp edge.
    """
    count, height, width, channels = image.shape
    size = height + top + bottom, width + left + right
    canvas = image.new_full((count, *size, channels), GREY)
    canvas[:, top : top + height, left : left + width] = image
    mask = torch.ones(1, *size)
    mask[:, top : top + height, left : left + width] = _faded(height, width, (left, top, right, bottom), feathering)
    return canvas, mask


def _faded(height: int, width: int, padded: tuple[int, int, int, int], feathering: int) -> Tensor:
    if not 0 < 2 * feathering < min(height, width):
        return torch.zeros(height, width)
    left, top, right, bottom = padded
    rows, columns = torch.arange(height)[:, None], torch.arange(width)[None]
    far = torch.tensor(feathering)
    distances = [
        columns if left else far,
        rows if top else far,
        width - columns if right else far,
        height - rows if bottom else far,
    ]
    nearest = distances[0]
    for distance in distances[1:]:
        nearest = torch.minimum(nearest, distance)
    return ((feathering - nearest.expand(height, width)).clamp(min=0) / feathering) ** 2
