"""Hypernetworks: small networks that change what a U-Net's attentions see, apart for keys and values.

Their home is AUTOMATIC1111's web UI (https://github.com/AUTOMATIC1111/stable-diffusion-webui, "Hypernetworks").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "leakyrelu": nn.LeakyReLU,
    "elu": nn.ELU,
    "swish": nn.Hardswish,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    **{
        kind.__name__.lower(): kind
        for kind in (nn.CELU, nn.GELU, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.LogSigmoid, nn.Mish, nn.ReLU6)
    },
    **{kind.__name__.lower(): kind for kind in (nn.SELU, nn.SiLU, nn.Softplus, nn.Softsign, nn.Tanhshrink)},
}
Shapes = tuple[tuple[int, ...], ...]
"""Of the weights of a row of layers: a matrix is a linear layer, a vector a norm."""


@dataclass(frozen=True)
class HypernetworkDims:
    """For each width of what attentions see, the layers for keys and those for values; what stands behind every linear
    layer but the last, or behind all."""

    layers: Mapping[str, tuple[Shapes, Shapes]]
    activation: str = "linear"
    activates_output: bool = False


class Hypernetwork(nn.ModuleDict):
    def __init__(self, dims: HypernetworkDims) -> None:
        super().__init__(
            {width: nn.ModuleList(_row(shapes, dims) for shapes in both) for width, both in dims.layers.items()}
        )

    def forward(self, context: Tensor, value: Tensor) -> tuple[Tensor, Tensor] | None:
        """What is added to what keys and values [B, N, width] are made of; None where it knows nothing of the width."""
        width = str(context.shape[-1])
        if width not in self:
            return None
        both: Any = self[width]
        return both[0](context), both[1](value)


def _row(shapes: Shapes, dims: HypernetworkDims) -> nn.Sequential:
    last = max(place for place, shape in enumerate(shapes) if len(shape) == 2)
    row: list[nn.Module] = []
    for place, shape in enumerate(shapes):
        if len(shape) == 1:
            row.append(nn.LayerNorm(shape[0]))
            continue
        linear = nn.Linear(shape[1], shape[0])
        active = place != last or dims.activates_output
        row.append(nn.Sequential(linear, ACTIVATIONS[dims.activation]()) if active else nn.Sequential(linear))
    return nn.Sequential(*row)
