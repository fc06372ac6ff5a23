"""What networks built after SwinIR share: shallow features, deep ones beside them, and how a picture is made of both.

Liang et al. 2021, https://arxiv.org/abs/2108.10257. The four ways are those of its release: `shuffle` ("pixelshuffle"),
`direct` ("pixelshuffledirect"), `nearest` ("nearest+conv"), and `plain` for pictures that keep their size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.upscale._parts import MEAN, conv
from comfy_core.weights import Weights

SLOPE, WIDER_SLOPE = 0.01, 0.2
RANGE_OF_JPEG = 255.0
WINDOW_OF_JPEG = 7


@dataclass(frozen=True)
class Head:
    """How a picture is made of features: one of the ways, by which factors it grows, with how many channels between."""

    way: str
    steps: tuple[int, ...]
    width: int
    channels: int

    @property
    def scale(self) -> int:
        return math.prod(self.steps)


def read_head(weights: Weights) -> Head:
    """The head in a table. Raises KeyError or ValueError where there is none."""
    if "conv_before_upsample.0.weight" not in weights:
        if "upsample.0.weight" not in weights:
            channels, width = weights.shape("conv_last.weight")[:2]
            return Head("plain", (), width, channels)
        folded, width = weights.shape("upsample.0.weight")[:2]
        channels = weights.shape("conv_first.weight")[1]
        return Head("direct", (math.isqrt(folded // channels),), width, channels)
    channels, width = weights.shape("conv_last.weight")[:2]
    if "conv_up1.weight" in weights:
        return Head("nearest", (2,) * sum(f"conv_up{i}.weight" in weights for i in (1, 2, 3)), width, channels)
    steps: list[int] = []
    while (name := f"upsample.{2 * len(steps)}.weight") in weights:
        steps.append(math.isqrt(weights.shape(name)[0] // width))
    return Head("shuffle", tuple(steps), width, channels)


def residual(width: int, convolutions: int) -> nn.Module:
    """The convolution at the end of a group: one, three that are narrow in the middle, or none."""
    if convolutions == 3:
        narrow = width // 4
        return nn.Sequential(
            conv(width, narrow),
            nn.LeakyReLU(WIDER_SLOPE),
            nn.Conv2d(narrow, narrow, 1),
            nn.LeakyReLU(WIDER_SLOPE),
            conv(narrow, width),
        )
    return conv(width, width) if convolutions else nn.Identity()


def residual_convolutions(weights: Weights, name: str) -> int:
    return 3 if f"{name}.4.weight" in weights else int(f"{name}.weight" in weights)


@dataclass(frozen=True)
class SwinDims:
    """The sizes of a SwinIR or Swin2SR. `depths` and `heads` are those of each group."""

    in_channels: int
    width: int
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    window: int
    hidden: int
    convolutions: int
    head: Head
    patch_norm: bool = True


class Restorer(nn.Module):
    """A network whose `features` make deep features [B, H, W, width] of shallow ones."""

    takes_half = False

    def __init__(self, in_channels: int, width: int, head: Head, convolutions: int, value_range: float = 1.0) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.head = in_channels, head.channels, head
        self.scale, self.value_range = head.scale, value_range
        self.conv_first = conv(in_channels, width)
        self.norm = nn.LayerNorm(width)
        self.conv_after_body = residual(width, convolutions)
        if head.way in ("shuffle", "nearest"):
            self.conv_before_upsample = nn.Sequential(conv(width, head.width), nn.LeakyReLU(SLOPE))
        if head.way == "shuffle":
            steps = ((conv(head.width, head.width * step**2), nn.PixelShuffle(step)) for step in head.steps)
            self.upsample = nn.Sequential(*(layer for step in steps for layer in step))
        if head.way == "direct":
            self.upsample = nn.Sequential(conv(width, head.channels * head.scale**2), nn.PixelShuffle(head.scale))
        if head.way == "nearest":
            for i in range(len(head.steps)):
                self.add_module(f"conv_up{i + 1}", conv(head.width, head.width))
            self.conv_hr = conv(head.width, head.width)
        if head.way != "direct":
            self.conv_last = conv(head.width if head.way != "plain" else width, head.channels)

    def features(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        shallow = self.conv_first(self.centred(x))
        return self.picture(x, shallow, self.features(shallow.movedim(1, -1)))

    def centred(self, x: Tensor) -> Tensor:
        """A picture as the network wants it: without the mean colour, in its own range."""
        return (x - self._mean(x)) * self.value_range

    def picture(self, x: Tensor, shallow: Tensor, deep: Tensor) -> Tensor:
        """What is made of the picture `x`, its shallow features [B, width, H, W] and deep ones [B, H, W, width]."""
        made = self._picture(self.conv_after_body(self.norm(deep).movedim(-1, 1)) + shallow)
        if self.head.way == "plain":
            made = self.centred(x) + made
        return made / self.value_range + self._mean(x)

    def _mean(self, x: Tensor) -> Tensor:
        return x.new_tensor(MEAN if self.in_channels == 3 else (0.0,))[:, None, None]

    def _picture(self, x: Tensor) -> Tensor:
        match self.head.way:
            case "direct":
                return self.upsample(x)
            case "shuffle":
                return self.conv_last(self.upsample(self.conv_before_upsample(x)))
            case "nearest":
                x = self.conv_before_upsample(x)
                for i in range(len(self.head.steps)):
                    x = F.interpolate(x, scale_factor=2.0, mode="nearest")
                    x = F.leaky_relu(self.get_submodule(f"conv_up{i + 1}")(x), WIDER_SLOPE, inplace=True)
                return self.conv_last(F.leaky_relu(self.conv_hr(x), WIDER_SLOPE, inplace=True))
        return self.conv_last(x)

    def head_values(self, pixels: int) -> float:
        """About how many numbers it holds while it makes the picture."""
        made = self.out_channels if self.head.way in ("direct", "plain") else self.head.width
        return pixels * (2 * self.conv_first.out_channels + 3 * self.scale**2 * made)


def value_range(window: int) -> float:
    """What white is to a network. It does not show in a file; those against JPEG artefacts alone have another one."""
    return RANGE_OF_JPEG if window == WINDOW_OF_JPEG else 1.0
