"""LoRA: two thin matrices (Hu et al. 2021, https://arxiv.org/abs/2106.09685); a convolution's are convolutions.

    W' = W + strength * alpha / rank * up @ down

With a third in between it is LoCon's CP form (Yeh et al. 2023, https://arxiv.org/abs/2309.14859).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from comfy_core.lora.recipe import Parts, Size, flat, like, scale_of


@dataclass(frozen=True)
class LowRank:
    """`up` [out, rank, ...], `down` [rank, in, ...], `mid` [rank, rank, kh, kw]; `alpha` None means alpha = rank."""

    up: Tensor
    down: Tensor
    mid: Tensor | None = None
    alpha: float | None = None

    @staticmethod
    def read(parts: Parts, alpha: float | None) -> LowRank | None:
        if not {"up", "down"} <= parts.keys():
            return None
        return LowRank(parts["up"], parts["down"], parts.get("mid"), alpha)

    @property
    def size(self) -> Size:
        kernel = 1 if self.mid is None else self.mid[0, 0].numel()
        return self.up.shape[0], self.down[0].numel() * kernel

    @property
    def scale(self) -> float:
        return scale_of(self.alpha, self.down.shape[0])

    def rows(self, first: int, last: int) -> LowRank:
        """The change of these rows alone."""
        return replace(self, up=self.up[first:last])

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        up, down = flat(like(self.up, weight)), flat(like(self.down, weight))
        if self.mid is not None:
            down = flat(torch.einsum("mn..., ni -> mi...", like(self.mid, weight), down))
        return flat(weight).addmm_(up, down, alpha=strength * self.scale).reshape(weight.shape)
