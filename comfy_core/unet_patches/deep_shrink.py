"""Deep shrink: large pictures begin in a smaller size inside the U-Net, so that their layout is one thing and not many
(kohya-ss 2023, https://github.com/kohya-ss/sd-scripts, "gradual latent" and "deep shrink").
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from comfy_core.media.resize import common_upscale
from comfy_core.networks.transformer_options import Options


@dataclass(frozen=True)
class DeepShrink:
    """Behind block `block` of the way down, at noise levels from `first` down to `last`, the feature map is made
    smaller by `factor`; on the way up it gets the size of the skip that it meets."""

    block: int
    factor: float
    first: float
    last: float
    down: str
    up: str

    def shrink(self, h: Tensor, options: Options) -> Tensor:
        """An input block patch, before or after the skip."""
        if options["block"][1] != self.block or not self.last <= float(options["sigmas"][0]) <= self.first:
            return h
        height, width = (max(1, round(side / self.factor)) for side in h.shape[-2:])
        return h if (height, width) == tuple(h.shape[-2:]) else common_upscale(h, width, height, self.down, "disabled")

    def grow(self, h: Tensor, skip: Tensor, options: Options) -> tuple[Tensor, Tensor]:
        """An output block patch."""
        if h.shape[-2:] == skip.shape[-2:]:
            return h, skip
        return common_upscale(h, skip.shape[-1], skip.shape[-2], self.up, "disabled"), skip
