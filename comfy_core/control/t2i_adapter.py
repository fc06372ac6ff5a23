"""T2I-Adapters as prompts have them. Mou et al. 2023, https://arxiv.org/abs/2302.08453."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from comfy_core.control.base import ControlBase, Size
from comfy_core.control.fit import encoder_of, refusal
from comfy_core.families import sd1, sdxl
from comfy_core.media.resize import common_upscale
from comfy_core.networks.t2i_adapter import T2IAdapter as Network
from comfy_core.networks.unet import Control, UNetDims
from comfy_core.patcher import ModelPatcher

CELL = 8
"""Pixels of a picture along a cell of its latent."""


class T2IAdapter(ControlBase):
    """A small network that looks at the pictures once in a run."""

    def __init__(self, patcher: ModelPatcher, name: str) -> None:
        super().__init__(name)
        self._patcher = patcher
        self._places: list[int] = []
        self._blocks = 0

    @property
    def patcher(self) -> ModelPatcher:
        return self._patcher

    @property
    def t2i_model(self) -> Network:
        return self._patcher.model  # type: ignore[return-value]

    def fit(self, model: ModelPatcher) -> None:
        dims = self.t2i_model.dims
        coarse = dims.factor > CELL
        family = sdxl.NAME if coarse else sd1.NAME
        network = encoder_of(self.name, family, model)
        places = places_of(network.dims, coarse)
        widths = [network.widths[place] for place in places] + network.widths[-1:] * coarse
        if widths != [block.width for block in dims.blocks[dims.per_level - 1 :: dims.per_level]]:
            raise ValueError(refusal(self.name, family, network.dims))
        self._places, self._blocks = places, len(network.widths)

    def look(self, size: Size) -> list[Tensor]:
        assert self.cond_hint_original is not None
        factor = self.t2i_model.dims.factor
        height, width = (-(-side * CELL // factor) * factor for side in size)
        hint = common_upscale(self.cond_hint_original, width, height, "nearest-exact", "center")
        if self.t2i_model.dims.channels == factor**2:
            hint = hint.mean(dim=1, keepdim=True)
        return self.t2i_model(hint.to(self._patcher.load_device, self._patcher.model_dtype()))

    def residuals(self, x: Tensor, t: Tensor, cond: dict[str, Any], batched_number: int) -> Control:
        added: list[Tensor | None] = [None] * self._blocks
        maps = self.seen(x, batched_number)
        for place, one in zip(self._places, maps, strict=False):
            added[place] = one
        return {"input": added[::-1], "middle": maps[len(self._places) :]}


def places_of(dims: UNetDims, coarse: bool) -> list[int]:
    """After which input blocks the maps are added: the last residual block of each level. A coarse adapter's first map
    is half as large as the first level, and added where that has been halved; its last one goes to the middle."""
    ends = [sum(dims.res_blocks[: level + 1]) + level for level in range(len(dims.res_blocks))]
    return [ends[0] + 1, *ends[1:]] if coarse else ends
