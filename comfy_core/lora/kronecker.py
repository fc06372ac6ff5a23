"""LoKr: the Kronecker product of two small matrices, each whole or of low rank (KronA, Edalati et al. 2022,
https://arxiv.org/abs/2212.10650; for diffusion models LyCORIS, https://arxiv.org/abs/2309.14859).

    W' = W + strength * alpha / rank * kron(w1, w2)
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from comfy_core.lora.recipe import Parts, Size, like, scale_of


@dataclass(frozen=True)
class Product:
    """A matrix or a convolution's weight: `a` [out, rank] @ `b` [rank, in, ...]; with a `core` [rank, rank, kh, kw] in
    between (Tucker form) `a` is [rank, out] and `b` [rank, in]."""

    a: Tensor
    b: Tensor
    core: Tensor | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        if self.core is not None:
            return self.a.shape[1], self.b.shape[1], *self.core.shape[2:]
        return self.a.shape[0], *self.b.shape[1:]

    def value(self, weight: Tensor) -> Tensor:
        a, b = like(self.a, weight), like(self.b, weight)
        if self.core is not None:
            return torch.einsum("ij..., ip, jr -> pr...", like(self.core, weight), a, b)
        return (a @ b.flatten(1)).reshape(self.shape)


Factor = Tensor | Product


@dataclass(frozen=True)
class Kronecker:
    """`alpha` counts where a factor is of low rank."""

    small: Factor
    large: Factor
    alpha: float | None = None

    @staticmethod
    def read(parts: Parts, alpha: float | None) -> Kronecker | None:
        small, large = _factor(parts, "lokr_w1"), _factor(parts, "lokr_w2", parts.get("lokr_t2"))
        return None if small is None or large is None else Kronecker(small, large, alpha)

    @property
    def size(self) -> Size:
        small, large = self.small.shape, self.large.shape
        return small[0] * large[0], prod(small[1:]) * prod(large[1:])

    @property
    def scale(self) -> float:
        ranks = [factor.b.shape[0] for factor in (self.large, self.small) if isinstance(factor, Product)]
        return scale_of(self.alpha, ranks[0]) if ranks else 1.0

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        small, large = _value(self.small, weight), _value(self.large, weight)
        product = torch.kron(small.reshape(*small.shape, *(1,) * (large.ndim - small.ndim)), large)
        return weight.add_(product.reshape(weight.shape), alpha=strength * self.scale)


def _factor(parts: Parts, name: str, core: Tensor | None = None) -> Factor | None:
    if name in parts:
        return parts[name]
    if {f"{name}_a", f"{name}_b"} <= parts.keys():
        return Product(parts[f"{name}_a"], parts[f"{name}_b"], core)
    return None


def _value(factor: Factor, weight: Tensor) -> Tensor:
    return factor.value(weight) if isinstance(factor, Product) else like(factor, weight)
