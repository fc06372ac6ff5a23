"""PLKSR and RealPLKSR: a very large convolution of some channels in every block.

Lee et al. 2024, https://arxiv.org/abs/2404.11848, and the variant with norms that training with neosr made common
(https://github.com/neosr-project/neosr); names as in their releases.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.families._ldm import build
from comfy_core.stages import Stage
from comfy_core.upscale._parts import Upscaler, conv
from comfy_core.weights import Weights

NAME = "PLKSR"
NORM_GROUPS = 4
SAMPLING_REACH = 16
"""How far from its place a pixel is sampled at most; trained networks stay within a few places."""


@dataclass(frozen=True)
class Dims:
    """`large` channels go through a convolution of `kernel` x `kernel`; `mixer` are the edges of the other two.
    `real`: the variant with norms, `layer_norm` that with one at the beginning of a block. With `sampling_groups`, the
    picture is not put together of channels but sampled from them."""

    width: int = 64
    blocks: int = 28
    scale: int = 4
    kernel: int = 17
    large: int = 16
    mixer: tuple[int, int] = (3, 1)
    attention: bool = True
    real: bool = False
    layer_norm: bool = False
    sampling_groups: int = 0


class ChannelNorm(nn.Module):
    """A layer norm of the channels of [B, C, H, W]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(width)), nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x.movedim(1, -1), self.weight.shape, self.weight, self.bias, 1e-6).movedim(-1, 1)


class LargeKernel(nn.Module):
    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        channels = self.conv.in_channels
        return torch.cat([self.conv(x[:, :channels]), x[:, channels:]], dim=1)


class ElementAttention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.f = nn.Sequential(conv(width, width), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.f(x)


class Block(nn.Module):
    def __init__(self, dims: Dims) -> None:
        super().__init__()
        width, (before, after) = dims.width, dims.mixer
        mixer = nn.Sequential(
            nn.Conv2d(width, 2 * width, before, padding=before // 2),
            nn.Mish() if dims.real else nn.GELU(),
            nn.Conv2d(2 * width, width, after, padding=after // 2),
        )
        self.layer_norm = ChannelNorm(width) if dims.layer_norm else nn.Identity()
        self.mixer_name = "channel_mixer" if dims.real else "channe_mixer"
        self.add_module(self.mixer_name, mixer)
        self.lk = LargeKernel(dims.large, dims.kernel)
        self.attn = ElementAttention(width) if dims.attention else nn.Identity()
        self.refine = nn.Conv2d(width, width, 1)
        self.norm = nn.GroupNorm(NORM_GROUPS, width) if dims.real and not dims.layer_norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.changed(x, self.change(x))

    def change(self, x: Tensor) -> Tensor:
        """What is to be added to `x`, before its norm."""
        mixed = self.get_submodule(self.mixer_name)(self.layer_norm(x))
        change: Tensor = self.refine(self.attn(self.lk(mixed)))
        return change

    def changed(self, x: Tensor, change: Tensor) -> Tensor:
        return x + self.norm(change)

    def stages(self, reach: int) -> Iterator[Stage]:
        """The same in stages: one, or two where the norm looks at all places in between."""
        if isinstance(self.norm, nn.GroupNorm):
            yield Stage(self.change, takes=1, keeps=True, reach=reach)
            yield Stage(self.changed, norm=self.norm, takes=2, reach=0)
        else:
            yield Stage(self.forward, takes=1, reach=reach)


class Sampled(nn.Module):
    """DySample: each pixel of the larger picture is taken from where the features say, each group of them by itself.

    Liu et al. 2023, "Learning to Upsample by Learning to Sample", https://arxiv.org/abs/2308.15085.
    """

    def __init__(self, dims: Dims) -> None:
        super().__init__()
        self.scale, self.groups = dims.scale, dims.sampling_groups
        channels, places = 3 * dims.scale**2, 2 * dims.sampling_groups * dims.scale**2
        self.offset = nn.Conv2d(channels, places, 1)
        self.scope = nn.Conv2d(channels, places, 1, bias=False)
        self.end_conv = nn.Conv2d(channels, 3, 1) if dims.scale > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        batch, _, height, width = x.shape
        moved = F.pixel_shuffle(0.5 * self.offset(x) * torch.sigmoid(self.scope(x)), self.scale)
        across, down = moved.unflatten(1, (2, self.groups)).unbind(1)
        columns, rows = ((torch.arange(side * self.scale).to(x) + 0.5) / self.scale for side in (width, height))
        places = torch.stack([(across + columns) * 2 / width - 1, (down + rows[:, None]) * 2 / height - 1], dim=-1)
        groups = x.reshape(batch * self.groups, -1, height, width)
        found = F.grid_sample(groups, places.flatten(0, 1), padding_mode="border", align_corners=False)
        return self.end_conv(found.reshape(batch, -1, *found.shape[2:]))


class PLKSR(nn.Module):
    multiple, in_channels, out_channels = 1, 3, 3

    def __init__(self, dims: Dims) -> None:
        super().__init__()
        self.dims, self.scale, self.takes_half = dims, dims.scale, not dims.real
        self.to_img = Sampled(dims) if dims.sampling_groups else nn.PixelShuffle(dims.scale)
        dropout = [nn.Identity()] if dims.real else []
        self.feats = nn.Sequential(
            conv(3, dims.width),
            *(Block(dims) for _ in range(dims.blocks)),
            *dropout,
            conv(dims.width, 3 * dims.scale**2),
        )

    def values(self, pixels: int) -> float:
        groups = self.dims.sampling_groups
        sampled = 3 * self.scale**4 + 6 * groups * self.scale**2 if groups else 0
        return pixels * max(7 * self.dims.width, 6 * 3 * self.scale**2, sampled)

    @property
    def reach(self) -> int:
        """How far a stage looks."""
        in_block = self.dims.kernel // 2 + sum(edge // 2 for edge in self.dims.mixer) + int(self.dims.attention)
        return max(in_block, SAMPLING_REACH if self.dims.sampling_groups else 1)

    def stages(self) -> Iterator[Stage]:
        """The same in stages, for pictures too large: its blocks see far, and its norms all places at once."""
        first, *_, last = self.feats
        yield Stage(first, keeps=True)
        for block in self.feats.children():
            if isinstance(block, Block):
                yield from block.stages(self.reach)
        yield Stage(lambda x, deep: self.picture(x, last(deep)), reach=self.reach, up=self.scale)

    def kept_values(self, pixels: int) -> float:
        """About how many numbers lie between two stages: features, their change and what becomes of both."""
        width, channels = self.dims.width, self.in_channels
        return pixels * (channels + max(3 * width, width + channels * self.scale**2))

    def forward(self, x: Tensor) -> Tensor:
        return self.picture(x, self.feats(x))

    def picture(self, x: Tensor, deep: Tensor) -> Tensor:
        picture: Tensor = self.to_img(deep + x.repeat_interleave(self.scale**2, dim=1))
        return picture


def recognise(weights: Weights) -> bool:
    return "feats.0.weight" in weights and "feats.1.lk.conv.weight" in weights


def load(weights: Weights) -> Upscaler:
    sampled = "to_img.offset.weight"
    real = "feats.1.channel_mixer.0.weight" in weights
    mixer = f"feats.1.{'channel_mixer' if real else 'channe_mixer'}"
    last = max(int(name.split(".")[1]) for name in weights if name.startswith("feats."))
    scale = math.isqrt(weights.shape(f"feats.{last}.weight")[0] // 3)
    large, _, kernel, _ = weights.shape("feats.1.lk.conv.weight")
    dims = Dims(
        width=weights.shape("feats.0.weight")[0],
        blocks=sum(name.endswith(".lk.conv.weight") for name in weights),
        scale=scale,
        kernel=kernel,
        large=large,
        mixer=(weights.shape(f"{mixer}.0.weight")[2], weights.shape(f"{mixer}.2.weight")[2]),
        attention="feats.1.attn.f.0.weight" in weights,
        real=real,
        layer_norm="feats.1.layer_norm.weight" in weights,
        sampling_groups=weights.shape(sampled)[0] // (2 * scale**2) if sampled in weights else 0,
    )
    return Upscaler(build(PLKSR, dims, NAME, weights), weights)
