"""ControlNet: a copy of a U-Net's way down that sees a picture beside the noise, and what it adds to the U-Net.

Zhang et al. 2023, https://arxiv.org/abs/2302.05543; names as in its release (lllyasviel/ControlNet). One that serves
several kinds of pictures is a union: names as in its release (xinsir6/ControlNetPlus).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from comfy_core.networks.convolution import Conv2d, channels_last_on_cpu
from comfy_core.networks.style_model import Layer, StyleDims
from comfy_core.networks.unet import Control, Encoder, UNetDims, timestep_embedding


@dataclass(frozen=True)
class ControlNetDims:
    """The U-Net that this is a copy of, the widths of the convolutions over the picture (its own channels first), and
    of a union how many kinds of pictures it knows, and the width of each one's switch."""

    unet: UNetDims
    hint: tuple[int, ...] = (3, 16, 16, 32, 32, 96, 96, 256)
    types: int = 0
    switch: int = 256


class HintBlock(nn.Sequential):
    """Convolutions from a picture to a map of the latent's size; every second but the first halves it."""

    def __init__(self, widths: Sequence[int], out: int) -> None:
        layers: list[nn.Module] = []
        for number, (channels, width) in enumerate(pairwise(widths)):
            stride = 2 if number and number % 2 == 0 else 1
            layers += [Conv2d(channels, width, 3, stride=stride, padding=1), nn.SiLU()]
        super().__init__(*layers, Conv2d(widths[-1], out, 3, padding=1))
        self.factor = 2 ** ((len(widths) - 2) // 2)


class TypeEmbedding(nn.Module):
    """Which kinds of pictures are shown, to what residual blocks are told."""

    def __init__(self, types: int, switch: int, width: int) -> None:
        super().__init__()
        self.types, self.switch = types, switch
        self.linear_1 = nn.Linear(types * switch, width)
        self.linear_2 = nn.Linear(width, width)

    def forward(self, shown: Sequence[int], like: Tensor) -> Tensor:
        """[1, width], on the device of another tensor and in its type."""
        switches = torch.zeros(self.types, device=like.device)
        switches[list(shown)] = 1
        sinusoids = timestep_embedding(switches, self.switch).reshape(1, -1).to(like.dtype)
        return self.linear_2(nn.functional.silu(self.linear_1(sinusoids)))


class ControlNet(Encoder):
    def __init__(self, dims: ControlNetDims) -> None:
        super().__init__(dims.unet)
        channels = dims.unet.model_channels
        self.input_hint_block = HintBlock(dims.hint, channels)
        self.zero_convs = nn.ModuleList(nn.Sequential(Conv2d(width, width, 1)) for width in self.widths)
        self.middle_block_out = nn.Sequential(Conv2d(self.widths[-1], self.widths[-1], 1))
        self.types = dims.types
        if dims.types:
            self.control_add_embedding = TypeEmbedding(dims.types, dims.switch, 4 * channels)
            self.task_embedding = nn.Parameter(torch.empty(dims.types, channels))
            self.transformer_layes = nn.Sequential(Layer(StyleDims(width=channels)))
            self.spatial_ch_projs = nn.Linear(channels, channels)

    def guide(self, hint: Tensor) -> Tensor:
        """What is seen in pictures [B, 3, H, W]: maps [B, model_channels, h, w]. They are the same in every step."""
        return self.input_hint_block(channels_last_on_cpu(hint))

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor,
        guide: Tensor,
        y: Tensor | None = None,
        control_type: Sequence[int] = (),
    ) -> Control:
        """What to add to a U-Net with these inputs, where `guide` [B, model_channels, h, w] is what is seen in the
        pictures. `control_type` says to a union which kind they are; nothing is any kind."""
        emb = self.embedding(x, timesteps, y)
        if self.types:
            emb = emb + self.control_add_embedding(control_type, emb)
            guide = self._as_kind(guide, control_type)
        first, *blocks = self.input_blocks
        h = first(channels_last_on_cpu(x), emb, context, {}) + guide
        added = [self.zero_convs[0](h)]
        for block, out in zip(blocks, self.zero_convs[1:], strict=True):
            h = block(h, emb, context, {})
            added.append(out(h))
        return {"output": added, "middle": [self.middle_block_out(self.middle_block(h, emb, context, {}))]}

    def _as_kind(self, guide: Tensor, kinds: Sequence[int]) -> Tensor:
        """Maps with the bias of their kind, which follows from their mean. The released code lets the pictures of a
        batch attend to one another, which for equal ones is attention of each to itself alone, as here."""
        for kind in kinds[:1]:
            mean = guide.mean(dim=(2, 3)) + self.task_embedding[kind]
            bias = self.spatial_ch_projs(self.transformer_layes(mean[:, None])[:, 0])
            guide = guide + bias[:, :, None, None]
        return guide
