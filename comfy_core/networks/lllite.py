"""ControlNet-LLLite: small networks that change what the projections of a U-Net's attentions take, by a picture.

    x' = x + strength * up(relu(mid([seen, relu(down(x))])))

By kohya (https://github.com/kohya-ss/sd-scripts, docs/train_lllite_README.md); names as in his files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Convolution = tuple[int, int, int]
"""Channels in, channels out, and both the edge of the kernel and its stride."""


@dataclass(frozen=True)
class ModuleDims:
    """For a projection of inputs of `width`: it is narrowed to `narrow`; `seeing` are the convolutions that make a map
    of the picture, as large as the projection's feature map."""

    width: int
    narrow: int
    seeing: tuple[Convolution, ...]


class Module(nn.Module):
    """What changes the input of one projection."""

    def __init__(self, dims: ModuleDims) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after, edge in dims.seeing:
            layers += [nn.ReLU(), nn.Conv2d(before, after, edge, stride=edge)]
        self.conditioning1 = nn.Sequential(*layers[1:])
        self.down = nn.Sequential(nn.Linear(dims.width, dims.narrow), nn.ReLU())
        self.mid = nn.Sequential(nn.Linear(dims.narrow + dims.seeing[-1][1], dims.narrow), nn.ReLU())
        self.up = nn.Sequential(nn.Linear(dims.narrow, dims.width))

    def see(self, picture: Tensor) -> Tensor:
        """A map [B, C, h, w] of a picture [B, 3, H, W] in -1..1."""
        seen: Tensor = self.conditioning1(picture)
        return seen

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """What is to be added to an input [B, places, width], by what is seen there [B, places, C]."""
        added: Tensor = self.up(self.mid(torch.cat([seen, self.down(x)], dim=-1)))
        return added


class LLLite(nn.ModuleDict):
    """The modules of a file by their names in it."""

    def __init__(self, dims: Mapping[str, ModuleDims]) -> None:
        super().__init__({name: Module(one) for name, one in dims.items()})
        self.dims = dims
