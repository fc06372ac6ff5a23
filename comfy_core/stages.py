"""A network's work on pictures too large for a device, in tiles, with the numbers that it has for the whole.

The work is cut into stages, each from one look at the whole to the next. A stage is done for the whole picture before
the next one begins: so norms know the moments of the whole, attention what it sums up of all places, and tiles see as
far beyond their edges as the stage's convolutions do. What lies between two stages is kept on the host; the device
holds a tile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from comfy_core import progress
from comfy_core.memory.devices import free_bytes, offload_device
from comfy_core.networks.convolution import surrounded
from comfy_core.tiling import affine

State = tuple[Tensor, ...]
"""What lies between two stages: tensors [1, C, H, W] of one height and width."""
Sums = tuple[Tensor, ...]


@dataclass(frozen=True)
class Stage:
    """`run` makes the next tensor from the last `takes` of the state (0: all), the last of which goes through `norm` on
    the way. It takes their place, or, if the stage `keeps` them, is added to them. Each of its places depends on
    those no more than `reach` away. Sides become `up` times as long, or a `down`th; `reach` is a multiple of `down`.

    What `run` must know of the whole besides is added up: `gather` makes tensors of what a tile sees and where the tile
    itself lies in it, and `run` gets their sums over all tiles as its last argument.
    """

    run: Callable[..., Tensor]
    norm: nn.GroupNorm | None = None
    gather: Callable[[Tensor, tuple[slice, slice]], Sums] | None = None
    takes: int = 0
    keeps: bool = False
    reach: int = 1
    up: int = 1
    down: int = 1


@dataclass(frozen=True)
class Window:
    """A tile along one axis: where it lies, and where it lies with what it sees around it."""

    start: int
    end: int
    seen: slice

    @staticmethod
    def along(length: int, size: int, reach: int) -> list[Window]:
        return [
            Window(start, end := min(start + size, length), slice(max(start - reach, 0), min(end + reach, length)))
            for start in range(0, length, size)
        ]

    @property
    def own(self) -> slice:
        """Where the tile itself lies in what it sees."""
        return slice(self.start - self.seen.start, self.end - self.seen.start)

    def within(self, stage: Stage) -> slice:
        """Where the tile itself lies in what was made of all that it sees."""
        return slice(_after(self.start - self.seen.start, stage), _after(self.end - self.seen.start, stage))

    def lands(self, stage: Stage) -> slice:
        """Where it lies after the stage."""
        return slice(_after(self.start, stage), _after(self.end, stage))


def host_has_room(values: float, dtype: torch.dtype) -> bool:
    """Whether so many numbers, which lie between two stages, fit the host's memory."""
    return int(values * dtype.itemsize) <= free_bytes(offload_device())


def in_stages(
    stages: Iterable[Stage],
    x: Tensor,
    tile: tuple[int, int],
    placed: Callable[[Tensor], Tensor],
    wraps: tuple[bool, bool] = (False, False),
    bar_of: Callable[[int], progress.ProgressBar] = progress.ProgressBar,
) -> Tensor:
    """The result of the stages for `x` [1, C, H, W], on the device where `x` is.

    `tile` is the height and width of a tile in places of `x`; `placed` puts a tile on the device that computes. Along
    the ways (across, down) that wrap, a tile at an edge sees what is at the other. `bar_of` makes a bar of so many
    steps.
    """
    stages, (height, width) = list(stages), tile
    state: State = (x,)
    bar = bar_of(len(stages))
    for stage in stages:
        left, taken = (state[: -stage.takes], state[-stage.takes :]) if stage.takes else ((), state)
        rows = max(height * width // taken[-1].shape[-1], 1)
        with _knowing(stage.norm, taken[-1], rows, placed):
            made = _in_tiles(stage, taken, (height, width), placed, wraps)
        state = (*left, *taken, made) if stage.keeps else (*left, made)
        height, width = _after(height, stage), _after(width, stage)
        bar.update()
    return state[-1]


def _in_tiles(
    stage: Stage, state: State, tile: tuple[int, int], placed: Callable[[Tensor], Tensor], wraps: tuple[bool, bool]
) -> Tensor:
    across, down = (stage.reach if way else 0 for way in wraps)
    state = tuple(surrounded(one, (across, across, down, down), wraps) for one in state) if any(wraps) else state
    lines, files = (Window.along(side, edge, stage.reach) for side, edge in zip(state[0].shape[-2:], tile, strict=True))
    whole = (_gathered(stage.gather, state[-1], lines, files, placed),) if stage.gather else ()
    out: Tensor | None = None
    for rows in lines:
        for columns in files:
            made = stage.run(*(placed(one[..., rows.seen, columns.seen]) for one in state), *whole)
            if out is None:
                out = _room_for(made, [_after(side, stage) for side in state[0].shape[-2:]], state[0].device)
            own = made[..., rows.within(stage), columns.within(stage)]
            out[..., rows.lands(stage), columns.lands(stage)] = own
    assert out is not None
    across, down = _after(across, stage), _after(down, stage)
    return out[..., down : out.shape[-2] - down, across : out.shape[-1] - across]


def _gathered(
    gather: Callable[[Tensor, tuple[slice, slice]], Sums],
    x: Tensor,
    lines: Sequence[Window],
    files: Sequence[Window],
    placed: Callable[[Tensor], Tensor],
) -> Sums:
    """The sums over all tiles of what `gather` makes of each."""
    parts = [
        gather(placed(x[..., rows.seen, columns.seen]), (rows.own, columns.own)) for rows in lines for columns in files
    ]
    return tuple(torch.stack(same).sum(0) for same in zip(*parts, strict=True))


def _after(places: int, stage: Stage) -> int:
    """How many places there are after a stage."""
    return places * stage.up // stage.down


def _room_for(tile: Tensor, size: Sequence[int], device: torch.device) -> Tensor:
    last = tile.is_contiguous(memory_format=torch.channels_last)
    form = torch.channels_last if last else torch.contiguous_format
    return torch.empty((1, tile.shape[1], *size), dtype=tile.dtype, device=device, memory_format=form)


@contextmanager
def _knowing(norm: nn.GroupNorm | None, x: Tensor, rows: int, placed: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """While the block runs, a norm uses the moments of the whole of `x`, of which so many rows are placed at a time."""
    if norm is None:
        yield
        return
    norm.forward = affine(norm, *moments(x, norm.num_groups, rows, placed))  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del norm.forward


def moments(
    x: Tensor, groups: int, rows: int, placed: Callable[[Tensor], Tensor] = lambda part: part
) -> tuple[Tensor, Tensor]:
    """Mean and variance [1, groups] of each group of channels of `x` [1, C, H, W], some rows at a time."""
    mean = square = torch.zeros((), dtype=torch.float64)
    for part in x.split(rows, dim=2):
        values = placed(part).unflatten(1, (groups, -1)).float()
        variance, average = (one.double().cpu() for one in torch.var_mean(values, (2, 3, 4), correction=0))
        share = part.shape[2] / x.shape[2]
        mean, square = mean + share * average, square + share * (variance + average**2)
    return mean.float(), (square - mean**2).clamp(min=0).float()
