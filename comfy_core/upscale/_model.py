"""What nodes call an UPSCALE_MODEL: pictures in, larger or mended ones out, done in tiles that leave no seam."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core import progress
from comfy_core.memory import residency
from comfy_core.memory.devices import offload_device
from comfy_core.memory.shortage import is_out_of_memory
from comfy_core.patcher import ModelPatcher
from comfy_core.stages import Stage, host_has_room, in_stages
from comfy_core.tiling import Tiles, in_tiles, norms_of, smaller

TILES = (512, 256, 128, 64)
"""Edges of tiles in pixels of the small picture, tried in this order until one fits the memory."""
OVERLAP, UNSEEN = 64, 0.45
"""Tiles overlap so far, for what lies around a pixel to be seen; they are blended in the middle of it alone."""


class UpscaleModel:
    """An upscaling network. Images are [B, H, W, C] in 0..1; one with transparency (C = 4) keeps it, enlarged likewise.

    `scale` is the factor for each side; the other names are those by which the ecosystem knows such a model.
    """

    def __init__(self, patcher: ModelPatcher) -> None:
        self.patcher = patcher

    @property
    def model(self) -> nn.Module:
        return self.patcher.model

    @property
    def scale(self) -> float:
        return self.model.scale  # type: ignore[return-value]

    @property
    def input_channels(self) -> int:
        return self.model.in_channels  # type: ignore[return-value]

    @property
    def output_channels(self) -> int:
        return self.model.out_channels  # type: ignore[return-value]

    def to(self, device: object) -> UpscaleModel:
        """Itself: weights go where they are needed when they are needed."""
        return self

    @torch.no_grad()
    def __call__(self, pixels: Tensor) -> Tensor:
        """Pictures [B, C, H, W] of the network's own channels, whole, on their own device."""
        with residency.use([self.patcher], self._working_bytes(*pixels.shape[-2:])):
            made = self.model(_padded(self._placed(pixels), self._multiple))
        return made[..., : round(pixels.shape[-2] * self.scale), : round(pixels.shape[-1] * self.scale)].to(pixels)

    @torch.no_grad()
    def upscale(self, images: Tensor) -> Tensor:
        """Images [B, H, W, C], each side `scale` times as long, in tiles; never more than one tile at work.

        Raises:
            torch.OutOfMemoryError: not even the smallest tile fits the memory.
        """
        pixels = images.movedim(-1, 1).float()
        colours, alpha = pixels[:, :3], pixels[:, 3:4]
        if self.input_channels == 4:
            opaque = alpha if alpha.shape[1] else torch.ones_like(colours[:, :1])
            made = self._in_fitting_tiles(torch.cat([_three(colours), opaque], dim=1))
            return made[:, : 3 + alpha.shape[1]].movedim(1, -1)
        made = self._enlarged(colours)
        if alpha.shape[1]:
            made = torch.cat([made, self._enlarged(alpha).mean(1, keepdim=True)], dim=1)
        return made.movedim(1, -1)

    def _enlarged(self, pixels: Tensor) -> Tensor:
        """Pictures [B, 1 or 3, H, W] by a network of colours, or channel by channel by one of greys."""
        if self.input_channels == 1:
            made = self._in_fitting_tiles(pixels.flatten(0, 1)[:, None])
            return made[:, :1].unflatten(0, pixels.shape[:2])[:, :, 0]
        return self._in_fitting_tiles(_three(pixels))

    def _in_fitting_tiles(self, pixels: Tensor) -> Tensor:
        for edge in TILES:
            if edge != TILES[-1] and not self._fits(min(edge, pixels.shape[-2]), min(edge, pixels.shape[-1])):
                continue
            try:
                return self._in_tiles(pixels, edge)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            progress.warn(f"Memory is short: {self.patcher.name} works in smaller tiles than {edge} pixels.")
        raise torch.OutOfMemoryError(f"{self.patcher.name}: tiles of {TILES[-1]} pixels do not fit the memory")

    def _in_tiles(self, pixels: Tensor, edge: int) -> Tensor:
        """Pictures [B, C, H, W] enlarged in tiles, which begin where the network's own windows do."""
        unit, height, width = self._multiple, *pixels.shape[-2:]
        rows, columns = (_tiles(side, edge, unit) for side in (height, width))
        count = len(rows.starts) * len(columns.starts)
        bar_of = progress.over(len(pixels))
        grown = round(unit * self.scale)

        def enlarged(tile: Tensor) -> Tensor:
            return self.model(self._placed(tile)).float().clamp(0, 1).to(offload_device())

        def one(picture: Tensor) -> Tensor:
            padded = _padded(picture, unit)
            if count > 1 and self._has_stages(padded):
                made = self._in_stages(padded, (rows.size * unit, columns.size * unit), bar_of)
            else:
                with self._norms_of(padded, max(rows.size, columns.size) * unit, count > 1):
                    made = in_tiles(enlarged, padded, rows, columns, unit, grown, UNSEEN, bar_of)
            return made[..., : round(height * self.scale), : round(width * self.scale)]

        with residency.use([self.patcher], self._working_bytes(rows.size * unit, columns.size * unit)):
            return torch.cat([one(picture) for picture in pixels.split(1)])

    def _has_stages(self, picture: Tensor) -> bool:
        """Can it be done in stages, for whose results the host has room?"""
        if not hasattr(self.model, "stages"):
            return False
        kept: float = self.model.kept_values(picture[0, 0].numel())  # type: ignore[operator]
        return host_has_room(kept, self.patcher.model_dtype())

    def _in_stages(
        self, picture: Tensor, edges: Sequence[int], bar_of: Callable[[int], progress.ProgressBar]
    ) -> Tensor:
        """A picture whose sides are multiples, enlarged; no more of it is seen at once than a tile of these edges."""
        reach: int = self.model.reach  # type: ignore[assignment]
        height, width = (max(self._multiple, edge - 2 * reach) for edge in edges)
        stages: Iterable[Stage] = self.model.stages()  # type: ignore[operator]
        made = in_stages(stages, picture, (height, width), self._placed, bar_of=bar_of)
        return made.float().clamp(0, 1)

    @contextmanager
    def _norms_of(self, picture: Tensor, longest: int, tiled: bool) -> Iterator[None]:
        """Have networks with group norms see the whole picture's moments in every tile."""
        if not tiled or not any(isinstance(layer, nn.GroupNorm) for layer in self.model.modules()):
            yield
            return
        small = smaller(picture, longest, self._multiple)
        with norms_of(self.model, lambda: self.model(self._placed(small))):
            yield

    @property
    def _multiple(self) -> int:
        return self.model.multiple  # type: ignore[return-value]

    def _placed(self, x: Tensor) -> Tensor:
        return x.to(self.patcher.load_device, self.patcher.model_dtype())

    def _fits(self, height: int, width: int) -> bool:
        return self._working_bytes(height, width) <= residency.current().room([self.patcher])

    def _working_bytes(self, height: int, width: int) -> int:
        """What enlarging so many pixels at once takes."""
        values: float = self.model.values(height * width)  # type: ignore[operator]
        return int(values * self.patcher.model_dtype().itemsize)


def _tiles(side: int, edge: int, unit: int) -> Tiles:
    """Tiles of `edge` pixels or less along a side, counted in units."""
    return Tiles.along(math.ceil(side / unit), max(1, edge // unit), OVERLAP // unit)


def _three(pixels: Tensor) -> Tensor:
    return pixels if pixels.shape[1] == 3 else pixels[:, :1].expand(-1, 3, -1, -1)


def _padded(pixels: Tensor, multiple: int) -> Tensor:
    """Pictures [B, C, H, W], mirrored (small ones: drawn out) beyond their right and lower edges until both
    sides are multiples."""
    down, across = (-side % multiple for side in pixels.shape[-2:])
    if not down and not across:
        return pixels
    mirrored = down < pixels.shape[-2] and across < pixels.shape[-1]
    return F.pad(pixels, (0, across, 0, down), mode="reflect" if mirrored else "replicate")
