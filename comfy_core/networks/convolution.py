"""A 2-D convolution that picks the quickest way on a CPU; on every other device it is `nn.Conv2d`.

oneDNN convolves directly, and rearranges the weights at every call. Two things do better, both by matrix products:
where there are more places than weights per place, Winograd's minimal filtering (a quarter of the multiplications);
where the weights outweigh the picture, one product with the unfolded picture, which reads them once.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TILE = 4
"""Places a Winograd tile computes along an edge; it looks at two more."""
FEW_PLACES = 256
"""Up to so many places, reading the weights is most of the work."""
NARROW = 16
"""With fewer channels than this, transforming tiles costs more than it saves."""
BLOCK = 1 << 20
"""Numbers of transformed tiles or filters at work at once."""


class Conv2d(nn.Conv2d):
    """`nn.Conv2d`, quicker without gradients in float32 on the CPU. Results differ by rounding alone."""

    wraps = (False, False)
    """Whether what lies beyond the left and right edges, and beyond the upper and lower ones, is the opposite side
    instead of nothing."""

    def forward(self, input: Tensor) -> Tensor:
        if any(self.wraps):
            down, across = (int(side) for side in self.padding)
            input = surrounded(input, (across, across, down, down), self.wraps)
            return F.conv2d(input, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
        plain = self.stride == self.dilation == (1, 1) and self.groups == 1 and self.padding_mode == "zeros"
        if not plain or not _quick(input, self.weight):
            return super().forward(input)
        if self.kernel_size == (1, 1) and self.padding == (0, 0):
            return pointwise(input, self.weight, self.bias)
        if self.kernel_size != (3, 3) or self.padding != (1, 1):
            return super().forward(input)
        places = input.shape[0] * input.shape[2] * input.shape[3]
        if places <= FEW_PLACES:
            return unfolded(input, self.weight, self.bias)
        if min(self.in_channels, self.out_channels) >= NARROW:
            return winograd(input, self.weight, self.bias)
        return super().forward(input)


def surrounded(x: Tensor, places: tuple[int, int, int, int], wraps: tuple[bool, bool]) -> Tensor:
    """`x` [B, C, H, W] with places beyond its left, right, upper and lower edges: zeros, or along ways that wrap what
    is at the opposite edge."""
    left, right, top, bottom = places
    x = F.pad(x, (left, right, 0, 0), mode="circular" if wraps[0] else "constant")
    return F.pad(x, (0, 0, top, bottom), mode="circular" if wraps[1] else "constant")


def channels_last_on_cpu(x: Tensor) -> Tensor:
    """`x` [B, C, H, W] as the convolutions here like it: on a CPU, the channels of a place beside each other."""
    return x.contiguous(memory_format=torch.channels_last) if x.device.type == "cpu" else x


def pointwise(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A 1x1 convolution [B, C, H, W] -> [B, D, H, W]: a matrix product over the channels."""
    return F.linear(x.permute(0, 2, 3, 1), weight.flatten(1), bias).permute(0, 3, 1, 2)


def unfolded(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A 3x3 convolution with padding 1 as one matrix product with every place's neighbourhood."""
    seen = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1)).unfold(1, 3, 1).unfold(2, 3, 1)
    return F.linear(seen.flatten(3), weight.flatten(1), bias).permute(0, 3, 1, 2)


def winograd(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A 3x3 convolution with padding 1 by F(4x4, 3x3) of Lavin & Gray 2015, https://arxiv.org/abs/1509.09308.

    The tile is interpolated at 0, 1, -1, 1/2, -2 and infinity, after Barabasz et al. 2018,
    https://arxiv.org/abs/1803.10986: that keeps the rounding error near the direct method's. `x` is [B, C, H, W]
    and the result [B, D, H, W]. A wide picture is done in strips of tile rows, a deep one by some channels at a time,
    so that what is at work stays in the processor's cache.
    """
    batch, channels, height, width = x.shape
    out_channels, edge = weight.shape[0], TILE + 2
    rows, columns = -(-height // TILE), -(-width // TILE)
    to_filter, to_tile, to_places = _transforms(x.dtype)
    strip, chunk = _blocks(batch, rows, columns, channels, out_channels)
    count = batch * strip * columns

    below, right = rows * TILE + 1 - height, columns * TILE + 1 - width
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, right, 1, below))
    tiles = padded.unfold(1, edge, TILE).unfold(2, edge, TILE).permute(4, 5, 0, 1, 2, 3)
    seen = x.new_empty(edge, edge, batch, strip, columns, channels)
    transformed = x.new_empty(edge**2, count * channels)
    filters = x.new_empty(edge**2, chunk * channels)
    products = x.new_empty(edge**2, count, chunk)
    places = x.new_empty(TILE**2, count * chunk)
    placed = places.view(TILE, TILE, batch, strip, columns, chunk).permute(2, 3, 0, 4, 1, 5)
    out = x.new_empty(batch, rows, TILE, columns, TILE, out_channels)
    filters_of = -1
    # The last strip, or the last channels, may be done in part again: blocks of one size need one set of buffers.
    for row in (min(row, rows - strip) for row in range(0, rows, strip)):
        seen.copy_(tiles[:, :, :, row : row + strip])
        torch.mm(to_tile, seen.view(edge**2, -1), out=transformed)
        for first in (min(first, out_channels - chunk) for first in range(0, out_channels, chunk)):
            some = slice(first, first + chunk)
            if filters_of != first:
                torch.mm(to_filter, weight[some].reshape(-1, 9).T, out=filters)
                filters_of = first
            by_filter = filters.view(edge**2, chunk, channels).mT
            torch.bmm(transformed.view(edge**2, count, channels), by_filter, out=products)
            torch.mm(to_places, products.view(edge**2, -1), out=places)
            out[:, row : row + strip, ..., some] = placed if bias is None else placed + bias[some]
    return out.view(batch, rows * TILE, columns * TILE, out_channels)[:, :height, :width].permute(0, 3, 1, 2)


def _blocks(batch: int, rows: int, columns: int, channels: int, out_channels: int) -> tuple[int, int]:
    """How many rows of tiles, and how many output channels, are done at a time: all of the one or of the other."""
    numbers = (TILE + 2) ** 2
    if batch * rows * columns > out_channels:
        return min(rows, max(1, BLOCK // (batch * columns * max(channels, out_channels) * numbers))), out_channels
    return rows, min(out_channels, max(16, BLOCK // (channels * numbers)))


def _quick(x: Tensor, weight: Tensor) -> bool:
    on_cpu = x.device.type == weight.device.type == "cpu"
    return on_cpu and x.dtype == weight.dtype == torch.float32 and x.ndim == 4 and not torch.is_grad_enabled()


@cache
def _transforms(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """What makes a 3x3 filter [9], a 6x6 tile [36] and the products of both [36] into filter, tile and 4x4 places in
    Winograd's domain: the Kronecker squares of the one-dimensional matrices G, B^T and A^T."""
    g = _matrix([[30, 0, 0], [10, 10, 10], [-10, 10, -10], [-32, -16, -8], [2, -4, 8], [0, 0, 30]]) / 30
    b = _matrix(
        [
            [1, -1.5, -2, 1.5, 1, 0],
            [0, -1, 0.5, 2.5, 1, 0],
            [0, 1, -2.5, 0.5, 1, 0],
            [0, -2, -1, 2, 1, 0],
            [0, 0.5, -1, -0.5, 1, 0],
            [0, 1, -1.5, -2, 1.5, 1],
        ]
    )
    a = _matrix([[1, 1, 1, 1, 1, 0], [0, 1, -1, 0.5, -2, 0], [0, 1, 1, 0.25, 4, 0], [0, 1, -1, 0.125, -8, 1]])
    return torch.kron(g, g).to(dtype), torch.kron(b, b).to(dtype), torch.kron(a, a).to(dtype)


def _matrix(rows: list[list[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64, device="cpu")
