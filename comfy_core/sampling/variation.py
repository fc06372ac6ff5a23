"""Variations of A1111's web UI: noise on the way from one seed's to another's, and noise drawn for another size.

Equal to that program's numbers bit for bit, its way of measuring the angle along the height of each channel included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Shape = tuple[int, ...]
Draw = Callable[[int, Shape], Tensor]
"""The first noise of a seed, in a shape."""
PARALLEL = 0.9995
"""From this cosine on, noises are mixed linearly."""


@dataclass(frozen=True)
class Variation:
    """`strength` 0..1 is how far the noise is turned towards that of `seed`, which is one more for each picture; the
    first seed is then the same for all. `drawn_for` is the height and width, in cells of the latent, of the picture
    whose noise is to lie in the middle of this one; None is the same size."""

    seed: int
    strength: float
    drawn_for: tuple[int, int] | None = None

    def seeds(self, seed: int, places: list[int]) -> list[int]:
        """The seeds of the pictures at some places of a batch."""
        return [seed if self.strength else seed + place for place in places]

    def noise(self, draw: Draw, shape: Shape, seed: int, place: int) -> Tensor:
        """The noise, of `shape` [C, h, w], of the picture at a place of a batch that has the seed `seed`."""
        size = shape if self.drawn_for is None else (*shape[:-2], *self.drawn_for)
        noise = draw(seed, size)
        if self.strength:
            noise = slerp(self.strength, noise, draw(self.seed + place, size))
        return noise if size == shape else _in_the_middle(noise, draw(seed, shape))


def slerp(share: float, start: Tensor, end: Tensor) -> Tensor:
    """Turn `start` towards `end` by a share of the angle between them, for each column of each channel [C, h, w] by
    itself. Shoemake 1985, "Animating Rotation with Quaternion Curves", https://doi.org/10.1145/325334.325242."""
    units = (one / torch.norm(one, dim=1, keepdim=True) for one in (start, end))
    cosine = torch.mul(*units).sum(1)
    if cosine.mean() > PARALLEL:
        return start * share + end * (1 - share)  # the wrong way round, as it is there
    angle = torch.acos(cosine)
    sine = torch.sin(angle)
    from_start, from_end = (torch.sin(part * angle) / sine for part in (1.0 - share, share))
    return from_start.unsqueeze(1) * start + from_end.unsqueeze(1) * end


def _in_the_middle(noise: Tensor, around: Tensor) -> Tensor:
    """`noise` in the middle of `around`; what of it does not fit in is cut off."""
    here, there = [], []
    for inner, outer in zip(noise.shape[-2:], around.shape[-2:], strict=True):
        margin = (outer - inner) // 2
        length = inner if margin >= 0 else inner + 2 * margin
        there.append(slice(max(margin, 0), max(margin, 0) + length))
        here.append(slice(max(-margin, 0), max(-margin, 0) + length))
    around[..., there[0], there[1]] = noise[..., here[0], here[1]]
    return around
