"""OFT and BOFT: rotations of a weight's rows (Qiu et al. 2023, https://arxiv.org/abs/2306.07280; Liu et al. 2023,
https://arxiv.org/abs/2311.06243), in the layout of LyCORIS.

A rotation is Cayley's transform of a skew-symmetric matrix: R = (I + Q)(I - Q)^-1 with Q = B - B^T.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from comfy_core.lora.recipe import Parts, Size, like


@dataclass(frozen=True)
class Rotation:
    """OFT: `blocks` [n, b, b] each turn b rows. `rescale` [out, 1, ...] multiplies the rows then. Q is no longer, as a
    vector, than `constraint` * out; 0 for any length."""

    blocks: Tensor
    rescale: Tensor | None = None
    constraint: float = 0.0

    @staticmethod
    def read(parts: Parts, alpha: float | None) -> Rotation | Butterfly | None:
        blocks = parts.get("oft_blocks")
        if blocks is None or blocks.ndim not in (3, 4):
            return None
        return (Rotation if blocks.ndim == 3 else Butterfly)(blocks, parts.get("rescale"), alpha or 0.0)

    @property
    def size(self) -> Size:
        return self.blocks.shape[-3] * self.blocks.shape[-1], None

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        turned = torch.einsum("knm, kn... -> km...", self.rotations(weight), self._rows(weight)).reshape(weight.shape)
        return weight.lerp_(self.rescaled(turned), strength)

    def _rows(self, weight: Tensor) -> Tensor:
        return weight.unflatten(0, self.blocks.shape[:2])

    def rescaled(self, weight: Tensor) -> Tensor:
        if self.rescale is None:
            return weight
        return weight * like(self.rescale, weight).reshape(-1, *(1,) * (weight.ndim - 1))

    def rotations(self, weight: Tensor) -> Tensor:
        blocks = like(self.blocks, weight)
        skew = blocks - blocks.mT
        longest = self.constraint * weight.shape[0]
        if longest > 0:
            skew = skew * (longest / skew.norm().clamp_min(1e-8)).clamp_max(1)
        unit = torch.eye(skew.shape[-1], device=skew.device)
        return torch.linalg.solve(unit - skew, unit + skew)


@dataclass(frozen=True)
class Butterfly(Rotation):
    """BOFT: `blocks` [m, n, b, b], m rotations one after the other, each of rows twice as far apart as before it. The
    strength takes each of them back towards no rotation."""

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        unit = torch.eye(self.blocks.shape[-1], device=weight.device)
        turned = weight
        for stage, rotation in enumerate(unit.lerp(self.rotations(weight), strength)):
            near = 2**stage * (rotation.shape[-1] // 2)
            turned = self._stage(turned, rotation, near)
        return turned.lerp(self.rescaled(turned), strength)

    def _stage(self, weight: Tensor, rotation: Tensor, near: int) -> Tensor:
        """Rows `near` apart, side by side in blocks, turned, and back at their places."""
        rest = weight.shape[1:]
        blocks = weight.reshape(-1, 2, near, *rest).transpose(1, 2).reshape(*rotation.shape[:2], *rest)
        turned = torch.einsum("kij, kj... -> ki...", rotation, blocks)
        return turned.reshape(-1, near, 2, *rest).transpose(1, 2).reshape(weight.shape)
