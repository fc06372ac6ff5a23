"""Weights kept in a smaller type than the network computes in: each layer has its own cast while it runs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def cast_when_used(network: nn.Module, dtype: torch.dtype) -> None:
    """Have every linear layer and convolution of `network` compute in `dtype`, whatever its weights are kept in."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            layer.forward = _casting(layer, dtype)  # type: ignore[method-assign, assignment]


def _casting(layer: nn.Module, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    def forward(x: Tensor) -> Tensor:
        kept = dict(layer._parameters)
        cast = {name: nn.Parameter(one.to(dtype), requires_grad=False) for name, one in kept.items() if one is not None}
        layer._parameters.update(cast)
        try:
            return type(layer).forward(layer, x)
        finally:
            layer._parameters.update(kept)

    return forward
