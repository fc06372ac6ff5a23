"""The U-Net of latent diffusion (Rombach et al. 2022, arXiv:2112.10752), with the key names of the LDM release.

One network serves SD 1.x, SD 2.x, SDXL and the refiner: they differ in `UNetDims` alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.networks.convolution import Conv2d, channels_last_on_cpu
from comfy_core.networks.spatial_transformer import SpatialTransformer
from comfy_core.networks.transformer_options import Options, patched, patches

Control = Mapping[str, Sequence[Tensor | None]]
"""What is added to the feature maps on the way, as the ecosystem has it: behind the blocks in `input` and `middle`, and
in `output` to the skips. Each is a list whose last tensor is for the block that comes first; None adds nothing."""


@dataclass(frozen=True)
class UNetDims:
    """The shape of a U-Net. Tuples have one entry a level, from the highest resolution to the lowest.

    `depths` counts the transformer blocks behind each residual block of a level on the way down, `up_depths` on the
    way up (one residual block more). `middle_depth` -1 leaves out the middle's attention and second block.
    Heads are either counted (`heads`) or as wide as `head_dim` says. `vector_dim` is the width of the pooled
    conditioning vector `y` (SDXL), 0 for none; `guidance_dim` that of the embedded guidance scale (LCM), 0 for none.
    """

    in_channels: int = 4
    out_channels: int = 4
    model_channels: int = 320
    channel_mult: tuple[int, ...] = (1, 2, 4, 4)
    res_blocks: tuple[int, ...] = (2, 2, 2, 2)
    depths: tuple[tuple[int, ...], ...] = ((1, 1), (1, 1), (1, 1), (0, 0))
    up_depths: tuple[tuple[int, ...], ...] = ((1, 1, 1), (1, 1, 1), (1, 1, 1), (0, 0, 0))
    middle_depth: int = 1
    context_dim: int = 768
    heads: int | None = 8
    head_dim: int | None = None
    linear_projections: bool = False
    vector_dim: int = 0
    guidance_dim: int = 0
    norm_groups: int = 32

    def heads_for(self, channels: int) -> int:
        return self.heads if self.heads is not None else channels // (self.head_dim or 64)


def timestep_embedding(timesteps: Tensor, dim: int, max_period: float = 10_000) -> Tensor:
    """Sinusoids of `timesteps` [B] as [B, dim], cosines first (DDPM, arXiv:2006.11239, as in LDM)."""
    half = dim // 2
    steps = torch.arange(half, dtype=torch.float32, device=timesteps.device)
    angles = timesteps.float()[:, None] * torch.exp(-math.log(max_period) * steps / half)[None]
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class TimeEmbedding(nn.Sequential):
    """A timestep's sinusoids, and where a model was distilled with it the embedded guidance scale, to one vector.

    Luo et al. 2023, "Latent Consistency Models", https://arxiv.org/abs/2310.04378, section 4.2.
    """

    def __init__(self, channels: int, width: int, guidance_dim: int = 0) -> None:
        super().__init__(nn.Linear(channels, width), nn.SiLU(), nn.Linear(width, width))
        if guidance_dim:
            self.cond_proj = nn.Linear(guidance_dim, channels, bias=False)

    def forward(self, sinusoids: Tensor, guidance: Tensor | None = None) -> Tensor:
        x = sinusoids if guidance is None else sinusoids + self.cond_proj(guidance)
        return self[2](self[1](self[0](x)))


class ResBlock(nn.Module):
    def __init__(self, channels: int, embedding: int, out_channels: int, groups: int) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(
            nn.GroupNorm(groups, channels), nn.SiLU(), Conv2d(channels, out_channels, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding, out_channels))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(groups, out_channels),
            nn.SiLU(),
            nn.Dropout(0.0),
            Conv2d(out_channels, out_channels, 3, padding=1),
        )
        same = channels == out_channels
        self.skip_connection = nn.Identity() if same else Conv2d(channels, out_channels, 1)

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        h = self.in_layers(x) + self.emb_layers(emb)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class Downsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        return self.conv(F.interpolate(x, size=size, mode="nearest"))


class Stage(nn.Sequential):
    """A few layers in a row, each given what it needs: the time embedding, the text, or the size to grow to."""

    def forward(  # type: ignore[override]
        self, x: Tensor, emb: Tensor, context: Tensor, options: Options, size: tuple[int, int] | None = None
    ) -> Tensor:
        for layer in self:
            if isinstance(layer, ResBlock):
                x = layer(x, emb)
            elif isinstance(layer, SpatialTransformer):
                x = layer(x, context, options)
            elif isinstance(layer, Upsample):
                x = layer(x, size or (x.shape[-2] * 2, x.shape[-1] * 2))
            else:
                x = layer(x)
        return x


class Encoder(nn.Module):
    """The half of a U-Net on the way down, and its middle: what ControlNets are copies of. `widths` are the channels
    that each input block leaves."""

    def __init__(self, dims: UNetDims) -> None:
        super().__init__()
        self.dims = dims
        mc, emb = dims.model_channels, dims.model_channels * 4
        self.time_embed = TimeEmbedding(mc, emb, dims.guidance_dim)
        if dims.vector_dim:
            self.label_emb = nn.Sequential(
                nn.Sequential(nn.Linear(dims.vector_dim, emb), nn.SiLU(), nn.Linear(emb, emb))
            )
        self.input_blocks = nn.ModuleList([Stage(Conv2d(dims.in_channels, mc, 3, padding=1))])
        self.widths = [mc]
        for level, mult in enumerate(dims.channel_mult):
            for depth in dims.depths[level]:
                self.input_blocks.append(Stage(*layers_of(dims, self.widths[-1], mc * mult, depth)))
                self.widths.append(mc * mult)
            if level + 1 < len(dims.channel_mult):
                self.input_blocks.append(Stage(Downsample(self.widths[-1])))
                self.widths.append(self.widths[-1])
        ch = self.widths[-1]
        middle = layers_of(dims, ch, ch, max(dims.middle_depth, 0))
        if dims.middle_depth >= 0:
            middle.append(ResBlock(ch, emb, ch, dims.norm_groups))
        self.middle_block = Stage(*middle)

    def embedding(self, x: Tensor, timesteps: Tensor, y: Tensor | None, guidance: Tensor | None = None) -> Tensor:
        """What residual blocks are told, [B, 4 model_channels], for an input like `x`. Raises ValueError where `y` is
        needed and missing."""
        sinusoids = timestep_embedding(timesteps, self.dims.model_channels).to(x.dtype)
        emb = self.time_embed(sinusoids, guidance if self.dims.guidance_dim else None)
        if not self.dims.vector_dim:
            return emb
        if y is None:
            raise ValueError("this U-Net needs the pooled conditioning vector y")
        return emb + self.label_emb(y)


def layers_of(dims: UNetDims, channels: int, out: int, depth: int) -> list[nn.Module]:
    """A residual block and, where `depth` says so, transformers behind it."""
    block: list[nn.Module] = [ResBlock(channels, dims.model_channels * 4, out, dims.norm_groups)]
    shape = dims.context_dim, dims.heads_for(out), dims.linear_projections, dims.norm_groups
    return [*block, SpatialTransformer(out, depth, *shape)] if depth else block


class UNet(Encoder):
    def __init__(self, dims: UNetDims) -> None:
        super().__init__(dims)
        mc, skips, ch = dims.model_channels, list(self.widths), self.widths[-1]
        self.output_blocks = nn.ModuleList()
        for level in reversed(range(len(dims.channel_mult))):
            for i, depth in enumerate(dims.up_depths[level]):
                layers = layers_of(dims, ch + skips.pop(), mc * dims.channel_mult[level], depth)
                ch = mc * dims.channel_mult[level]
                if level and i + 1 == len(dims.up_depths[level]):
                    layers.append(Upsample(ch))
                self.output_blocks.append(Stage(*layers))
        self.out = nn.Sequential(
            nn.GroupNorm(dims.norm_groups, ch), nn.SiLU(), Conv2d(ch, dims.out_channels, 3, padding=1)
        )
        for index, transformer in enumerate(self.transformers()):
            transformer.index = index

    def transformers(self) -> list[SpatialTransformer]:
        """All of them, in the order in which they are called."""
        return [module for module in self.modules() if isinstance(module, SpatialTransformer)]

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor,
        y: Tensor | None = None,
        guidance: Tensor | None = None,
        control: Control | None = None,
        transformer_options: Options | None = None,
    ) -> Tensor:
        """Predict from noisy latents `x` [B, C, h, w] at `timesteps` [B] under text `context` [B, N, context_dim].

        `y` [B, vector_dim] is the pooled vector where `dims.vector_dim` asks for one, `guidance` [B, guidance_dim] the
        embedded guidance scale where `dims.guidance_dim` does; `control` is what is added on the way. Of
        `transformer_options` it knows the patches `input_block_patch(h, options)` and `input_block_patch_after_skip`,
        `middle_block_after_patch({"h": …})`, `output_block_patch(h, skip, options)`, and those of its transformers.
        Returns [B, out_channels, h, w].
        """
        emb = self.embedding(x, timesteps, y, guidance)
        x = channels_last_on_cpu(x)
        options: Options = {**(transformer_options or {}), "original_shape": list(x.shape)}
        left = {place: list(tensors) for place, tensors in (control or {}).items()}
        h, skips = x, list[Tensor]()
        for number, block in enumerate(self.input_blocks):
            here = {**options, "block": ("input", number)}
            h = patched(controlled(block(h, emb, context, here), left, "input"), here, "input_block_patch")
            skips.append(h)
            h = patched(h, here, "input_block_patch_after_skip")
        here = {**options, "block": ("middle", 0)}
        h = controlled(self.middle_block(h, emb, context, here), left, "middle")
        for patch in patches(here, "middle_block_after_patch"):
            told = {"h": h, "x": x, "emb": emb, "context": context, "y": y, "timesteps": timesteps}
            h = patch({**told, "control": control, "transformer_options": here})["h"]
        for number, block in enumerate(self.output_blocks):
            here = {**options, "block": ("output", number)}
            skip = controlled(skips.pop(), left, "output")
            for patch in patches(here, "output_block_patch"):
                h, skip = patch(h, skip, here)
            size = (skips[-1].shape[-2], skips[-1].shape[-1]) if skips else None
            h = block(torch.cat([h, skip], dim=1), emb, context, here, size)
        return self.out(h)


def controlled(x: Tensor, control: dict[str, list[Tensor | None]], place: str) -> Tensor:
    """`x` with what a control has left to add in a place, of which the last is taken. Where a patch made the map
    smaller, as deep shrink does, that is made as small."""
    given = control.get(place)
    added = given.pop() if given else None
    if added is None:
        return x
    if added.shape[2:] not in (x.shape[2:], (1, 1)):
        added = F.interpolate(added, x.shape[2:], mode="bilinear")
    return x + added.to(x)
