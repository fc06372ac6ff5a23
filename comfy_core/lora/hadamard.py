"""LoHa: the element-wise product of two low-rank matrices (FedPara, Hyeon-Woo et al. 2021,
https://arxiv.org/abs/2108.06098; for diffusion models LyCORIS, https://arxiv.org/abs/2309.14859).

    W' = W + strength * alpha / rank * (w1_a @ w1_b) * (w2_a @ w2_b)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from comfy_core.lora.recipe import Parts, Size, like, scale_of


@dataclass(frozen=True)
class Hadamard:
    """`a` [out, rank] and `b` [rank, in * ...] of both factors. With `cores` [rank, rank, kh, kw] (Tucker form) `a` is
    [rank, out] and `b` [rank, in]."""

    a: tuple[Tensor, Tensor]
    b: tuple[Tensor, Tensor]
    cores: tuple[Tensor, Tensor] | None = None
    alpha: float | None = None

    @staticmethod
    def read(parts: Parts, alpha: float | None) -> Hadamard | None:
        if not {"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"} <= parts.keys():
            return None
        return Hadamard(
            (parts["hada_w1_a"], parts["hada_w2_a"]),
            (parts["hada_w1_b"], parts["hada_w2_b"]),
            (parts["hada_t1"], parts["hada_t2"]) if {"hada_t1", "hada_t2"} <= parts.keys() else None,
            alpha,
        )

    @property
    def size(self) -> Size:
        inputs = self.b[0][0].numel()
        if self.cores is None:
            return self.a[0].shape[0], inputs
        return self.a[0].shape[1], inputs * self.cores[0][0, 0].numel()

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        scale = strength * scale_of(self.alpha, self.b[0].shape[0])
        product = self._factor(0, weight).mul_(self._factor(1, weight))
        return weight.add_(product.reshape(weight.shape), alpha=scale)

    def _factor(self, number: int, weight: Tensor) -> Tensor:
        a, b = like(self.a[number], weight), like(self.b[number], weight)
        if self.cores is None:
            return a @ b.flatten(1)
        return torch.einsum("ij..., ip, jr -> pr...", like(self.cores[number], weight), a, b)
