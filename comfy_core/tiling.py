"""Pictures too large for the memory, done in overlapping tiles that are blended into one.

Tiles are of one size and evenly spread, so that as little as possible is done twice. What makes tiles visible is that a
group norm sees another mean and variance in each: `norms_of` has all tiles use those of a small version of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core import progress

UNSEEN = 0.25
"""The share of an overlap next to a tile's edge that networks' results are thrown away of: there they miss what lies
beyond."""


@dataclass(frozen=True)
class Tiles:
    """Where tiles of `size` start along an axis of `length`."""

    length: int
    size: int
    starts: tuple[int, ...]

    @staticmethod
    def along(length: int, largest: int, overlap: int) -> Tiles:
        """The fewest tiles no larger than `largest` that overlap by `overlap` at least, a quarter of a tile at most."""
        if length <= largest:
            return Tiles(length, length, (0,))
        overlap = min(overlap, largest // 4)
        count = math.ceil((length - overlap) / (largest - overlap))
        size = min(largest, math.ceil((length + (count - 1) * overlap) / count))
        return Tiles(length, size, tuple(round(i * (length - size) / (count - 1)) for i in range(count)))

    def weights(self, scale: int, unseen: float = 0.0) -> list[Tensor]:
        """How much each tile counts at each of its places, of which there are `scale` for one along the axis: rising
        and falling linearly where tiles overlap, 1 in sum everywhere. The share `unseen` of an overlap (below 1/2) next
        to a tile's edge does not count: what a network makes there, it makes without seeing what lies beyond."""

        def rising(places: Tensor, overlap: int) -> Tensor:
            return ((places / overlap - unseen) / (1 - 2 * unseen)).clamp(0, 1)

        size, starts = self.size * scale, [start * scale for start in self.starts]
        places = torch.arange(size) + 0.5
        ramps = []
        for i, start in enumerate(starts):
            ramp = torch.ones(size)
            if i:
                ramp *= rising(places, starts[i - 1] + size - start)
            if i + 1 < len(starts):
                ramp *= rising(size - places, start + size - starts[i + 1])
            ramps.append(ramp)
        total = torch.zeros(self.length * scale)
        for start, ramp in zip(starts, ramps, strict=True):
            total[start : start + size] += ramp
        return [ramp / total[start : start + size] for start, ramp in zip(starts, ramps, strict=True)]


def in_tiles(
    function: Callable[[Tensor], Tensor],
    x: Tensor,
    rows: Tiles,
    columns: Tiles,
    before: int,
    after: int,
    unseen: float = 0.0,
    bar_of: Callable[[int], progress.ProgressBar] = progress.ProgressBar,
) -> Tensor:
    """`function` of `x` [1, C, H, W] tile by tile, saying after each how far it is.

    It maps [1, C, h * before, w * before] to [1, D, h * after, w * after], `rows` and `columns` counting in h and w.
    The result is on the device of the function's results. `unseen` as in `Tiles.weights`; `bar_of` makes a bar of so
    many steps.
    """
    out: Tensor | None = None
    bar = bar_of(len(rows.starts) * len(columns.starts))
    for top, down in zip(rows.starts, rows.weights(after, unseen), strict=True):
        for left, across in zip(columns.starts, columns.weights(after, unseen), strict=True):
            y, z = top * before, left * before
            tile = function(x[:, :, y : y + rows.size * before, z : z + columns.size * before])
            if out is None:
                out = tile.new_zeros(1, tile.shape[1], rows.length * after, columns.length * after)
            y, z = top * after, left * after
            out[:, :, y : y + tile.shape[2], z : z + tile.shape[3]] += tile * (down[:, None] * across).to(tile)
            bar.update()
    assert out is not None
    return out


def smaller(x: Tensor, longest: int, multiple: int = 1) -> Tensor:
    """`x` [B, C, H, W] with places left out until its longer side is `longest` and both are multiples of `multiple`.
    Nothing is averaged, so that values keep their variance."""
    ratio = min(1.0, longest / max(x.shape[-2:]))
    size = [max(1, round(side * ratio / multiple)) * multiple for side in x.shape[-2:]]
    return F.interpolate(x, size=size, mode="nearest-exact")


@contextmanager
def norms_of(network: nn.Module, run: Callable[[], object]) -> Iterator[None]:
    """While the block runs, every group norm in `network` uses the means and variances that it sees during `run()`."""
    norms = [one for one in network.modules() if isinstance(one, nn.GroupNorm)]
    moments: dict[nn.GroupNorm, tuple[Tensor, Tensor]] = {}

    def watch(norm: nn.GroupNorm, inputs: tuple[Tensor]) -> None:
        variance, mean = torch.var_mean(inputs[0].unflatten(1, (norm.num_groups, -1)).float(), (2, 3, 4), correction=0)
        moments[norm] = mean, variance

    watchers = [norm.register_forward_pre_hook(watch) for norm in norms]
    try:
        run()
    finally:
        for watcher in watchers:
            watcher.remove()
    try:
        for norm, (mean, variance) in moments.items():
            norm.forward = affine(norm, mean, variance)  # type: ignore[method-assign, assignment]
        yield
    finally:
        for norm in moments:
            del norm.forward


def affine(norm: nn.GroupNorm, mean: Tensor, variance: Tensor) -> Callable[[Tensor], Tensor]:
    """A group norm [1, C, H, W] with given moments [1, groups]: the same factor and shift for every place."""
    repeats = norm.num_channels // norm.num_groups
    factor = norm.weight * (variance + norm.eps).rsqrt().repeat_interleave(repeats)
    shift = norm.bias - factor * mean.repeat_interleave(repeats)

    def forward(input: Tensor) -> Tensor:
        return torch.addcmul(shift.to(input)[:, None, None], input, factor.to(input)[:, None, None])

    return forward
