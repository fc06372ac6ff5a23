"""Attention in windows (Liu et al. 2021, https://arxiv.org/abs/2103.14030), for all networks that have it.

Features are [B, H, W, C]; windows [B * windows, places, C], row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from comfy_core.memory.attention import attention

SCORES = 1 << 23
"""How many scores there are at a time."""
APART = -100.0
"""What is added to the scores of places that are no neighbours."""


def partition(x: Tensor, height: int, width: int) -> Tensor:
    return rearrange(x, "b (i h) (j w) c -> (b i j) (h w) c", h=height, w=width)


def merged(windows: Tensor, rows: int, height: int, width: int, columns: int) -> Tensor:
    """Windows of `height` x `width` as features of `rows` x `columns` again."""
    return rearrange(windows, "(b i j) (h w) c -> b (i h) (j w) c", i=rows // height, j=columns // width, h=height)


@cache
def places_apart(height: int, width: int) -> Tensor:
    """For every two places of a window, where in a table [(2 height - 1) * (2 width - 1)] their distance is."""
    rows, columns = torch.arange(height * width) // width, torch.arange(height * width) % width
    down = rows[:, None] - rows + height - 1
    across = columns[:, None] - columns + width - 1
    return down * (2 * width - 1) + across


def regions(rows: int, columns: int, height: int, width: int, down: int, across: int) -> Tensor:
    """Which region each place of each window is in [windows, places] where features were rolled by `down` and `across`:
    places from opposite edges, which are no neighbours, are in different ones."""

    def parts(length: int, size: int, shift: int) -> Tensor:
        places = torch.arange(length)
        return (places >= length - size).long() + (places >= length - shift).long()

    region = 3 * parts(rows, height, down)[:, None] + parts(columns, width, across)
    return partition(region[None, :, :, None], height, width)[..., 0]


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int, bias: Tensor, region: Tensor | None = None) -> Tensor:
    """Attention in windows [N, places, C], some of them at a time, with `bias` [heads, L, M], between the places that
    are of one region."""
    at_once = max(1, SCORES // (heads * q.shape[1] * k.shape[1]))
    parts = []
    for start in range(0, len(q), at_once):
        here = slice(start, min(start + at_once, len(q)))
        added = bias[None]
        if region is not None:
            of = region[torch.arange(here.start, here.stop) % len(region)].to(bias.device)
            added = added + APART * (of[:, None, :, None] != of[:, None, None, :])
        parts.append(attention(q[here], k[here], v[here], heads, added))
    return torch.cat(parts)


def window_values(pixels: int, heads: int, seen: int) -> float:
    """About how many numbers `attend` holds for places that look at `seen` others each."""
    return 2 * min(SCORES, pixels * heads * seen)


def rolled(x: Tensor, down: int, across: int) -> Tensor:
    return torch.roll(x, (down, across), (1, 2)) if down or across else x


class MLP(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class SwinAttention(nn.Module):
    """Attention in square windows, with a learnt bias for every distance."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.relative_position_bias_table = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads))
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, shift: int) -> Tensor:
        return self.proj(windowed(x, self.window, shift, self.inside))

    def inside(self, windows: Tensor, region: Tensor | None) -> Tensor:
        bias = self.relative_position_bias_table[places_apart(self.window, self.window)].permute(2, 0, 1)
        q, k, v = self.qkv(windows).chunk(3, dim=-1)
        return attend(q, k, v, self.heads, bias, region)


def windowed(x: Tensor, window: int, shift: int, inside: Callable[[Tensor, Tensor | None], Tensor]) -> Tensor:
    """`inside(windows, region)` of features in windows, rolled by `shift` before and back after."""
    rows, columns = x.shape[1:3]
    region = regions(rows, columns, window, window, shift, shift) if shift else None
    windows = inside(partition(rolled(x, -shift, -shift), window, window), region)
    return rolled(merged(windows, rows, window, window, columns), shift, shift)
