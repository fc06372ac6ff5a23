"""T2I-Adapter: a small network over a picture alone, whose maps are added to a U-Net's on the way down.

Mou et al. 2023, https://arxiv.org/abs/2302.08453; names as in its release (TencentARC/T2I-Adapter).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.networks.convolution import Conv2d


@dataclass(frozen=True)
class BlockDims:
    """One block of the body: its width, the kernel of the convolution that brings the input to it (0: none is needed),
    and whether it starts by halving the picture, by a convolution or by a mean."""

    width: int
    in_kernel: int = 0
    halves: bool = False
    by_convolution: bool = False


@dataclass(frozen=True)
class AdapterDims:
    """`channels` are those of the picture once squares of `factor` pixels are its places. `blocks` has `per_level` for
    each level of the U-Net. A light one has blocks of `layers` layers at a quarter of the width."""

    channels: int
    blocks: tuple[BlockDims, ...]
    per_level: int = 2
    kernel: int = 1
    light: bool = False
    layers: int = 4

    @property
    def factor(self) -> int:
        """16 for those of SDXL, 8 for others: pictures have three channels, or one."""
        return 16 if self.channels % 256 == 0 else 8


class Layer(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.block1 = Conv2d(width, width, 3, padding=1)
        self.block2 = Conv2d(width, width, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block2(F.relu(self.block1(x)))


class Halving(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class Block(Layer):
    def __init__(self, channels: int, dims: BlockDims, kernel: int) -> None:
        super().__init__(dims.width, kernel)
        self.halves = dims.halves
        self.down_opt = Halving(channels) if dims.by_convolution else None
        in_conv = Conv2d(channels, dims.width, dims.in_kernel, padding=dims.in_kernel // 2) if dims.in_kernel else None
        self.in_conv = in_conv

    def forward(self, x: Tensor) -> Tensor:
        if self.down_opt is not None:
            x = self.down_opt(x)
        elif self.halves:
            x = halved(x)
        return super().forward(x if self.in_conv is None else self.in_conv(x))


class LightBlock(nn.Module):
    def __init__(self, channels: int, dims: BlockDims, layers: int) -> None:
        super().__init__()
        self.halves = dims.halves
        self.in_conv = Conv2d(channels, dims.width // 4, 1)
        self.body = nn.Sequential(*(Layer(dims.width // 4, 3) for _ in range(layers)))
        self.out_conv = Conv2d(dims.width // 4, dims.width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out_conv(self.body(self.in_conv(halved(x) if self.halves else x)))


def halved(x: Tensor) -> Tensor:
    """The means of squares of two; a last odd row or column counts by itself, as in the U-Net."""
    return F.avg_pool2d(x, 2, ceil_mode=True)


class T2IAdapter(nn.Module):
    def __init__(self, dims: AdapterDims) -> None:
        super().__init__()
        self.dims = dims
        self.conv_in = None if dims.light else Conv2d(dims.channels, dims.blocks[0].width, 3, padding=1)
        channels = dims.channels if dims.light else dims.blocks[0].width
        body: list[nn.Module] = []
        for block in dims.blocks:
            body.append(LightBlock(channels, block, dims.layers) if dims.light else Block(channels, block, dims.kernel))
            channels = block.width
        self.body = nn.ModuleList(body)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """A map for each level of the U-Net, the highest resolution first, of pictures [B, 1 or 3, H, W] whose sides
        are multiples of `dims.factor`."""
        x = torch.pixel_unshuffle(pictures, self.dims.factor)
        if self.conv_in is not None:
            x = self.conv_in(x)
        maps = []
        for number, block in enumerate(self.body, start=1):
            x = block(x)
            if number % self.dims.per_level == 0:
                maps.append(x)
        return maps
