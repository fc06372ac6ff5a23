"""The U-Net of latent diffusion (Rombach et al. 2022, arXiv:2112.10752), with the key names of the LDM release.

One network serves SD 1.x, SD 2.x, SDXL and the refiner: they differ in `UNetDims` alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.memory.attention import attention
from comfy_core.networks.convolution import Conv2d, channels_last_on_cpu

Options = Mapping[str, Any]
"""What takes part in a pass through the network: `patches`, functions `(x, options)` by the place they are called in
(`middle_patch`: between self- and cross-attention). They are told the `transformer_index` they are called from."""


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


class CrossAttention(nn.Module):
    def __init__(self, dim: int, context_dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(context_dim, dim, bias=False)
        self.to_v = nn.Linear(context_dim, dim, bias=False)
        self.to_out = nn.Sequential(nn.Linear(dim, dim), nn.Dropout(0.0))

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        return self.to_out(attention(self.to_q(x), self.to_k(context), self.to_v(context), self.heads))


class GEGLU(nn.Module):
    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(dim, inner * 2)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, dim: int, mult: int = 4) -> None:
        super().__init__()
        self.net = nn.Sequential(GEGLU(dim, dim * mult), nn.Dropout(0.0), nn.Linear(dim * mult, dim))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class TransformerBlock(nn.Module):
    """Self-attention, cross-attention to the text, feed-forward; each on a normalised residual branch."""

    def __init__(self, dim: int, context_dim: int, heads: int) -> None:
        super().__init__()
        self.attn1 = CrossAttention(dim, dim, heads)
        self.ff = FeedForward(dim)
        self.attn2 = CrossAttention(dim, context_dim, heads)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.norm3 = nn.LayerNorm(dim)

    def forward(self, x: Tensor, context: Tensor, options: Options) -> Tensor:
        n = self.norm1(x)
        x = x + self.attn1(n, n)
        for patch in options.get("patches", {}).get("middle_patch", ()):
            x = patch(x, options)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class SpatialTransformer(nn.Module):
    """Transformer blocks over the pixels of a feature map [B, C, H, W]. `index` counts those of a network."""

    def __init__(self, channels: int, depth: int, dims: UNetDims) -> None:
        super().__init__()
        self.index = 0
        self.linear = dims.linear_projections
        self.norm = nn.GroupNorm(dims.norm_groups, channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels) if self.linear else Conv2d(channels, channels, 1)
        heads = dims.heads_for(channels)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(channels, dims.context_dim, heads) for _ in range(depth)
        )
        self.proj_out = nn.Linear(channels, channels) if self.linear else Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, context: Tensor, options: Options) -> Tensor:
        height, width = x.shape[-2:]
        h = self.norm(x)
        if not self.linear:
            h = self.proj_in(h)
        h = h.flatten(2).transpose(1, 2)
        if self.linear:
            h = self.proj_in(h)
        if options:
            options = {**options, "transformer_index": self.index}
        for block in self.transformer_blocks:
            h = block(h, context, options)
        if self.linear:
            h = self.proj_out(h)
        h = h.transpose(1, 2).unflatten(2, (height, width))
        if not self.linear:
            h = self.proj_out(h)
        return x + h


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


class UNet(nn.Module):
    def __init__(self, dims: UNetDims) -> None:
        super().__init__()
        self.dims = dims
        mc, groups = dims.model_channels, dims.norm_groups
        emb = mc * 4
        self.time_embed = TimeEmbedding(mc, emb, dims.guidance_dim)
        if dims.vector_dim:
            self.label_emb = nn.Sequential(
                nn.Sequential(nn.Linear(dims.vector_dim, emb), nn.SiLU(), nn.Linear(emb, emb))
            )

        def stage(channels: int, out: int, depth: int) -> list[nn.Module]:
            block: list[nn.Module] = [ResBlock(channels, emb, out, groups)]
            return [*block, SpatialTransformer(out, depth, dims)] if depth else block

        self.input_blocks = nn.ModuleList([Stage(Conv2d(dims.in_channels, mc, 3, padding=1))])
        ch, skips = mc, [mc]
        for level, mult in enumerate(dims.channel_mult):
            for depth in dims.depths[level]:
                self.input_blocks.append(Stage(*stage(ch, mc * mult, depth)))
                ch = mc * mult
                skips.append(ch)
            if level + 1 < len(dims.channel_mult):
                self.input_blocks.append(Stage(Downsample(ch)))
                skips.append(ch)

        middle: list[nn.Module] = stage(ch, ch, max(dims.middle_depth, 0))
        if dims.middle_depth >= 0:
            middle.append(ResBlock(ch, emb, ch, groups))
        self.middle_block = Stage(*middle)

        self.output_blocks = nn.ModuleList()
        for level in reversed(range(len(dims.channel_mult))):
            for i, depth in enumerate(dims.up_depths[level]):
                layers = stage(ch + skips.pop(), mc * dims.channel_mult[level], depth)
                ch = mc * dims.channel_mult[level]
                if level and i + 1 == len(dims.up_depths[level]):
                    layers.append(Upsample(ch))
                self.output_blocks.append(Stage(*layers))
        self.out = nn.Sequential(nn.GroupNorm(groups, ch), nn.SiLU(), Conv2d(ch, dims.out_channels, 3, padding=1))
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
        transformer_options: Options | None = None,
    ) -> Tensor:
        """Predict from noisy latents `x` [B, C, h, w] at `timesteps` [B] under text `context` [B, N, context_dim].

        `y` [B, vector_dim] is the pooled vector where `dims.vector_dim` asks for one, `guidance` [B, guidance_dim] the
        embedded guidance scale where `dims.guidance_dim` does; `transformer_options`: see `Options`. Returns
        [B, out_channels, h, w].
        """
        sinusoids = timestep_embedding(timesteps, self.dims.model_channels).to(x.dtype)
        emb = self.time_embed(sinusoids, guidance if self.dims.guidance_dim else None)
        if self.dims.vector_dim:
            if y is None:
                raise ValueError("this U-Net needs the pooled conditioning vector y")
            emb = emb + self.label_emb(y)
        x = channels_last_on_cpu(x)
        options = transformer_options or {}
        skips: list[Tensor] = []
        for block in self.input_blocks:
            x = block(x, emb, context, options)
            skips.append(x)
        x = self.middle_block(x, emb, context, options)
        for block in self.output_blocks:
            skip = skips.pop()
            size = (skips[-1].shape[-2], skips[-1].shape[-1]) if skips else None
            x = block(torch.cat([x, skip], dim=1), emb, context, options, size)
        return self.out(x)
