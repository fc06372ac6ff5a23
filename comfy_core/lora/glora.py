"""GLoRA: a low-rank change that depends on the weight too (Chavan et al. 2023, https://arxiv.org/abs/2306.07967).

W' = W + strength * alpha / rank * (W @ a1 @ a2 + b1 @ b2)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from comfy_core.lora.recipe import Parts, Size, flat, like, scale_of

NAMES = ("a1", "a2", "b1", "b2")


@dataclass(frozen=True)
class Glora:
    """`a1` [in, rank], `a2` [rank, in], `b1` [out, rank], `b2` [rank, in, ...]."""

    a1: Tensor
    a2: Tensor
    b1: Tensor
    b2: Tensor
    alpha: float | None = None

    @staticmethod
    def read(parts: Parts, alpha: float | None) -> Glora | None:
        """In older files 1 and 2 are swapped, which shows in the rank's place; it is the smaller one where a square
        layer leaves both open."""
        if not set(NAMES) <= parts.keys():
            return None
        a1, a2, b1, b2 = (parts[name] for name in NAMES)
        swapped = b2.shape[1] == b1.shape[0] < b1.shape[1]
        if swapped or b1.shape[1] != b2.shape[0]:
            a1, a2, b1, b2 = a2, a1, b2, b1
        return Glora(a1, a2, b1, b2, alpha)

    @property
    def size(self) -> Size:
        return self.b1.shape[0], self.b2[0].numel()

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        a1, a2, b1, b2 = (flat(like(one, weight)) for one in (self.a1, self.a2, self.b1, self.b2))
        from_weight = torch.einsum("oi..., ir, rj -> oj...", weight, a1, a2)
        change = from_weight + (b1 @ b2).reshape(weight.shape)
        return weight.add_(change, alpha=strength * scale_of(self.alpha, b2.shape[0]))
