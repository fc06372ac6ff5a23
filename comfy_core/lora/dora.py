"""DoRA: a change of a weight's direction, and its magnitude apart from it (Liu et al. 2024,
https://arxiv.org/abs/2402.09353). On top of any other kind of change.

    W' = magnitude * (W + change) / ||W + change||
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from comfy_core.lora.recipe import LoraRecipe, Size, like


@dataclass(frozen=True)
class Decomposed:
    """`magnitude` [out, 1, ...] is that of each row, [1, in, 1, ...] that of each input. The result at strength 1 is
    mixed with the weight as it was."""

    direction: LoraRecipe
    magnitude: Tensor

    @property
    def size(self) -> Size:
        return self.direction.size

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        changed = self.direction.apply(weight.clone(), 1.0)
        kept = 0 if self.magnitude.shape[0] == weight.shape[0] else 1
        others = [dim for dim in range(weight.ndim) if dim != kept]
        norm = torch.linalg.vector_norm(changed, dim=others, keepdim=True) + torch.finfo(weight.dtype).eps
        return weight.lerp_(changed * (like(self.magnitude, weight).reshape(norm.shape) / norm), strength)
