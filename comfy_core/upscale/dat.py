"""DAT: layers that attend in windows take turns with layers that attend between channels.

Chen et al. 2023, https://arxiv.org/abs/2308.03364; names as in its release.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.families._ldm import build, count
from comfy_core.stages import Stage, Sums
from comfy_core.upscale._parts import Upscaler
from comfy_core.upscale._restorer import Head, Restorer, read_head, residual, residual_convolutions
from comfy_core.upscale._windows import attend, merged, partition, places_apart, regions, rolled, window_values
from comfy_core.weights import Weights

NAME = "DAT"
ATTENTION = "layers.0.blocks.0.attn."


Places = tuple[slice, slice]
"""Rows and columns."""
SHORTEST = 1e-12
REACH = 8
"""How far convolutions look that follow on one another."""


@dataclass(frozen=True)
class Dims:
    """Half of the channels look in windows of `height` x `width_` places, the others in the same turned on its side."""

    in_channels: int
    width: int
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    window: tuple[int, int]
    hidden: int
    qkv_bias: bool
    convolutions: int
    head: Head


def _summed(values: Tensor) -> Sums:
    """The number of places, and the sum over them of values [B, H, W, C]."""
    return values.new_tensor(float(values.shape[1] * values.shape[2])), values.sum((1, 2))


class BatchNorm(nn.Module):
    """A batch norm in use: with the moments of its training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(width)), nn.Parameter(torch.empty(width))
        self.register_buffer("running_mean", torch.empty(width))
        self.register_buffer("running_var", torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        mean, variance = self.get_buffer("running_mean"), self.get_buffer("running_var")
        return F.batch_norm(x, mean, variance, self.weight, self.bias)


class Interaction(nn.Module):
    """Attention beside a convolution of the values, each weighed by the other: by channels and by places."""

    def __init__(self, dims: Dims) -> None:
        super().__init__()
        width = dims.width
        self.qkv = nn.Linear(width, 3 * width, bias=dims.qkv_bias)
        self.proj = nn.Linear(width, width)
        self.dwconv = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, groups=width), BatchNorm(width), nn.GELU())
        self.channel_interaction = nn.Sequential(
            nn.Identity(),
            nn.Conv2d(width, width // 8, 1),
            BatchNorm(width // 8),
            nn.GELU(),
            nn.Conv2d(width // 8, width, 1),
        )
        self.spatial_interaction = nn.Sequential(
            nn.Conv2d(width, width // 16, 1), BatchNorm(width // 16), nn.GELU(), nn.Conv2d(width // 16, 1, 1)
        )

    def channels_of(self, mean: Tensor) -> Tensor:
        """How much each channel counts, [B, 1, 1, C], by what it is on the average, [B, C]."""
        return torch.sigmoid(self.channel_interaction(mean[..., None, None])).movedim(1, -1)

    def places_of(self, x: Tensor) -> Tensor:
        """How much each place counts, [B, H, W, 1]."""
        return torch.sigmoid(self.spatial_interaction(x.movedim(-1, 1))).movedim(1, -1)

    def convolved(self, values: Tensor) -> Tensor:
        return self.dwconv(values.movedim(-1, 1)).movedim(1, -1)


class PositionBias(nn.Module):
    """A small network from distances in a window to biases [distances, heads]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        inner = width // 4
        self.pos_proj = nn.Linear(2, inner)
        self.pos1, self.pos2, self.pos3 = (
            nn.Sequential(nn.LayerNorm(inner), nn.ReLU(), nn.Linear(inner, out)) for out in (inner, inner, heads)
        )

    def forward(self, distances: Tensor) -> Tensor:
        return self.pos3(self.pos2(self.pos1(self.pos_proj(distances))))


class WindowHalf(nn.Module):
    """Half of the channels, in windows of one shape."""

    def __init__(self, width: int, heads: int, height: int, across: int) -> None:
        super().__init__()
        self.heads, self.height, self.width = heads, height, across
        self.pos = PositionBias(width // 4, heads)

    def forward(self, q: Tensor, k: Tensor, v: Tensor, shift: bool) -> Tensor:
        height, width = self.height, self.width
        rows, columns = q.shape[1:3]
        down, across = (height // 2, width // 2) if shift else (0, 0)
        region = regions(rows, columns, height, width, down, across) if shift else None
        q, k, v = (partition(rolled(one, -down, -across), height, width) for one in (q, k, v))
        made = attend(q, k, v, self.heads, self._bias(q), region)
        return rolled(merged(made, rows, height, width, columns), down, across)

    def _bias(self, like: Tensor) -> Tensor:
        sides = [torch.arange(1 - side, side) for side in (self.height, self.width)]
        distances = torch.cartesian_prod(*sides).to(like)
        return self.pos(distances)[places_apart(self.height, self.width)].permute(2, 0, 1)


class SpatialAttention(Interaction):
    def __init__(self, dims: Dims, heads: int, shift: bool) -> None:
        super().__init__(dims)
        self.shift = shift
        height, width = dims.window
        self.attns = nn.ModuleList(
            WindowHalf(dims.width // 2, heads // 2, *sides) for sides in ((height, width), (width, height))
        )

    def gathered(self, x: Tensor, own: Places) -> Sums:
        """The number of places, and the sum of the convolved values over them."""
        *_, v = self.qkv(x).chunk(3, dim=-1)
        return _summed(self.convolved(v)[:, own[0], own[1]])

    def forward(self, x: Tensor, whole: Sums | None = None) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        halves = zip(*(one.chunk(2, dim=-1) for one in (q, k, v)), strict=True)
        attended = torch.cat([half(*parts, self.shift) for half, parts in zip(self.attns, halves, strict=True)], dim=-1)
        convolved = self.convolved(v)
        count, total = whole or _summed(convolved)
        return self.proj(attended * self.channels_of(total / count) + convolved * self.places_of(attended))


class ChannelAttention(Interaction):
    def __init__(self, dims: Dims, heads: int) -> None:
        super().__init__(dims)
        self.temperature = nn.Parameter(torch.empty(heads, 1, 1))

    def gathered(self, x: Tensor, own: Places) -> Sums:
        """What `_sums` makes of some places alone."""
        return self._sums(self.qkv(x[:, own[0], own[1]]))

    def _sums(self, qkv: Tensor) -> Sums:
        """Of queries and keys [B, heads, channels, places] the products and squares, and the sum of the values."""
        q, k, v = qkv.chunk(3, dim=-1)
        q, k = (one.flatten(1, 2).unflatten(-1, (len(self.temperature), -1)).permute(0, 2, 3, 1) for one in (q, k))
        return (q @ k.transpose(-2, -1), q.square().sum(-1), k.square().sum(-1), *_summed(v))

    def forward(self, x: Tensor, whole: Sums | None = None) -> Tensor:
        qkv = self.qkv(x)
        products, squares, others, count, total = whole or self._sums(qkv)
        lengths = squares.sqrt()[..., None] * others.sqrt()[..., None, :]
        scores = (products / lengths.clamp(min=SHORTEST) * self.temperature).softmax(-1)
        *_, values = qkv.chunk(3, dim=-1)
        convolved = self.convolved(values)
        attended, mean = (self._attended(scores, one) for one in (values, total / count))
        return self.proj(attended * self.places_of(convolved) + convolved * self.channels_of(mean))

    @staticmethod
    def _attended(scores: Tensor, values: Tensor) -> Tensor:
        """Values [B, ..., C] with the channels of each head mixed by its scores [B, heads, channels, channels]."""
        heads = values.unflatten(-1, scores.shape[1:3])
        return torch.einsum("bhde,b...he->b...hd", scores, heads).flatten(-2)


class Gate(nn.Module):
    """Half of the channels, each times a convolution of one of the others."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv2d(width, width, 3, padding=1, groups=width)

    def forward(self, x: Tensor) -> Tensor:
        kept, gate = x.chunk(2, dim=-1)
        return kept * self.conv(self.norm(gate).movedim(-1, 1)).movedim(1, -1)


class GatedMLP(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.sg = Gate(hidden // 2)
        self.fc2 = nn.Linear(hidden // 2, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.sg(F.gelu(self.fc1(x))))


class Layer(nn.Module):
    """The `number`-th of group `group`: even ones attend in windows, every other of them in shifted ones."""

    def __init__(self, dims: Dims, heads: int, group: int, number: int) -> None:
        super().__init__()
        shift = number % 4 == (0 if group % 2 else 2)
        self.norm1 = nn.LayerNorm(dims.width)
        self.attn = ChannelAttention(dims, heads) if number % 2 else SpatialAttention(dims, heads, shift)
        self.norm2 = nn.LayerNorm(dims.width)
        self.ffn = GatedMLP(dims.width, dims.hidden)

    def gathered(self, x: Tensor, own: Places) -> Sums:
        """What the attention must know of the whole of `x`."""
        sums: Sums = self.attn.gathered(self.norm1(x), own)
        return sums

    def forward(self, x: Tensor, whole: Sums | None = None) -> Tensor:
        x = x + self.attn(self.norm1(x), whole)
        return x + self.ffn(self.norm2(x))

    def stage(self, reach: int, keeps: bool) -> Stage:
        return Stage(
            lambda x, whole: self(x.movedim(1, -1), whole).movedim(-1, 1),
            gather=lambda x, own: self.gathered(x.movedim(1, -1), own),
            takes=1,
            keeps=keeps,
            reach=reach,
        )


class Group(nn.Module):
    def __init__(self, dims: Dims, heads: int, depth: int, group: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(Layer(dims, heads, group, number) for number in range(depth)))
        self.conv = residual(dims.width, dims.convolutions)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(self.blocks(x).movedim(-1, 1)).movedim(1, -1)

    def stages(self, reach: int) -> Iterator[Stage]:
        """The same in stages, each of which sees as far as its windows, which are shifted by half of one at most."""
        for number, block in enumerate(self.blocks):
            yield block.stage(reach, keeps=number == 0)  # type: ignore[operator]
        yield Stage(lambda x, made: x + self.conv(made), takes=2, reach=REACH)


class DAT(Restorer):
    def __init__(self, dims: Dims) -> None:
        super().__init__(dims.in_channels, dims.width, dims.head, dims.convolutions)
        self.dims, self.multiple = dims, math.lcm(*dims.window)
        self.reach = self.multiple
        self.before_RG = nn.Sequential(nn.Identity(), nn.LayerNorm(dims.width))
        shapes = zip(dims.heads, dims.depths, strict=True)
        self.layers = nn.Sequential(*(Group(dims, heads, depth, i) for i, (heads, depth) in enumerate(shapes)))

    def values(self, pixels: int) -> float:
        scores = window_values(pixels, max(self.dims.heads) // 2, math.prod(self.dims.window))
        return max(pixels * 14 * self.dims.width + scores, self.head_values(pixels))

    def features(self, x: Tensor) -> Tensor:
        return self.layers(self.before_RG(x))

    def stages(self) -> Iterator[Stage]:
        """The same in stages, for pictures too large: its attention looks at all places at once."""
        yield Stage(lambda x: self.conv_first(self.centred(x)), keeps=True)
        yield Stage(lambda x: self.before_RG(x.movedim(1, -1)).movedim(-1, 1), takes=1, keeps=True, reach=0)
        for group in self.layers:
            yield from group.stages(self.reach)  # type: ignore[operator]
        yield Stage(lambda x, shallow, deep: self.picture(x, shallow, deep.movedim(1, -1)), reach=REACH, up=self.scale)

    def kept_values(self, pixels: int) -> float:
        """About how many numbers lie between two stages: shallow and deep features, a group's and its layer's."""
        return pixels * 5 * self.dims.width


def recognise(weights: Weights) -> bool:
    return "before_RG.1.weight" in weights and "layers.0.blocks.0.ffn.sg.conv.weight" in weights


def load(weights: Weights) -> Upscaler:
    groups = range(count(weights, "layers.{}.blocks.0.norm1.weight"))
    width, in_channels = weights.shape("conv_first.weight")[:2]
    dims = Dims(
        in_channels=in_channels,
        width=width,
        depths=tuple(count(weights, f"layers.{i}.blocks.{{}}.norm1.weight") for i in groups),
        heads=tuple(2 * weights.shape(f"layers.{i}.blocks.0.attn.attns.0.pos.pos3.2.weight")[0] for i in groups),
        window=_window(weights),
        hidden=weights.shape("layers.0.blocks.0.ffn.fc1.weight")[0],
        qkv_bias=ATTENTION + "qkv.bias" in weights,
        convolutions=residual_convolutions(weights, "conv_after_body"),
        head=read_head(weights),
    )
    return Upscaler(build(DAT, dims, NAME, weights), weights)


def _window(weights: Weights) -> tuple[int, int]:
    """Height and width of a window, from how many places and how many distances it has; it is no higher than wide, as
    in all releases."""
    places = weights.shape(ATTENTION + "attns.0.relative_position_index")[0]
    distances = weights.shape(ATTENTION + "attns.0.rpe_biases")[0]
    both = (4 * places + 1 - distances) // 2
    apart = math.isqrt(both**2 - 4 * places)
    return (both - apart) // 2, (both + apart) // 2
