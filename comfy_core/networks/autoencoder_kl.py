"""The KL-regularised autoencoder of latent diffusion (arXiv:2112.10752), with the key names of the LDM release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.memory.attention import attention
from comfy_core.networks.convolution import Conv2d, channels_last_on_cpu, surrounded
from comfy_core.stages import Stage


@dataclass(frozen=True)
class AutoencoderDims:
    """The shape of an autoencoder; one `channel_mult` a level, each level but the first halves the resolution.

    SD 1.x to XL have the defaults; SD 3 and FLUX have 16 latent channels and no `quant_convs`.
    """

    channels: int = 128
    channel_mult: tuple[int, ...] = (1, 2, 4, 4)
    res_blocks: int = 2
    latent_channels: int = 4
    image_channels: int = 3
    quant_convs: bool = True
    norm_groups: int = 32

    @property
    def factor(self) -> int:
        """Pixels per latent along an edge."""
        return 2 ** (len(self.channel_mult) - 1)


class ResnetBlock(nn.Module):
    def __init__(self, channels: int, out_channels: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, channels, eps=1e-6)
        self.conv1 = Conv2d(channels, out_channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, out_channels, eps=1e-6)
        self.conv2 = Conv2d(out_channels, out_channels, 3, padding=1)
        if channels != out_channels:
            self.nin_shortcut = Conv2d(channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(x, self.first(x))

    def first(self, x: Tensor) -> Tensor:
        return self.conv1(F.silu(self.norm1(x)))

    def second(self, x: Tensor, h: Tensor) -> Tensor:
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class AttnBlock(nn.Module):
    """Single-headed self-attention over pixels."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, eps=1e-6)
        self.q = Conv2d(channels, channels, 1)
        self.k = Conv2d(channels, channels, 1)
        self.v = Conv2d(channels, channels, 1)
        self.proj_out = Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        n = self.norm(x)
        q, k, v = (proj(n).flatten(2).transpose(1, 2) for proj in (self.q, self.k, self.v))
        h = attention(q, k, v, heads=1).transpose(1, 2).unflatten(2, x.shape[-2:])
        return x + self.proj_out(h)


class Downsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(surrounded(x, (0, 1, 0, 1), self.conv.wraps))


class Upsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """The residual blocks of one resolution, and the step to the next where there is one."""

    downsample: Downsample
    upsample: Upsample

    def __init__(self, channels: int, out_channels: int, blocks: int, groups: int) -> None:
        super().__init__()
        widths = [channels] + [out_channels] * blocks
        self.block = nn.ModuleList(ResnetBlock(a, b, groups) for a, b in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.block:
            x = block(x)
        return self.step(x)

    def step(self, x: Tensor) -> Tensor:
        """On to the next resolution."""
        if hasattr(self, "downsample"):
            return self.downsample(x)
        return self.upsample(x) if hasattr(self, "upsample") else x

    def stages(self) -> Iterator[Stage]:
        """The same work in stages; the step to the next resolution is in the last one."""
        *blocks, last = cast(Iterable[ResnetBlock], self.block)
        for block in blocks:
            yield Stage(block.first, block.norm1, keeps=True)
            yield Stage(block.second, block.norm2)
        up, down = (2 if hasattr(self, step) else 1 for step in ("upsample", "downsample"))
        yield Stage(last.first, last.norm1, keeps=True)
        yield Stage(lambda x, h: self.step(last.second(x, h)), last.norm2, reach=2 * up * down, up=up, down=down)


class Middle(nn.Module):
    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.block_1 = ResnetBlock(channels, channels, groups)
        self.attn_1 = AttnBlock(channels, groups)
        self.block_2 = ResnetBlock(channels, channels, groups)

    def forward(self, x: Tensor) -> Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class Encoder(nn.Module):
    def __init__(self, dims: AutoencoderDims) -> None:
        super().__init__()
        ch, groups = dims.channels, dims.norm_groups
        self.conv_in = Conv2d(dims.image_channels, ch, 3, padding=1)
        self.down = nn.ModuleList()
        for i, mult in enumerate(dims.channel_mult):
            level = Level(ch, dims.channels * mult, dims.res_blocks, groups)
            ch = dims.channels * mult
            if i + 1 < len(dims.channel_mult):
                level.downsample = Downsample(ch)
            self.down.append(level)
        self.mid = Middle(ch, groups)
        self.norm_out = nn.GroupNorm(groups, ch, eps=1e-6)
        self.conv_out = Conv2d(ch, 2 * dims.latent_channels, 3, padding=1)

    def outer(self, x: Tensor) -> Tensor:
        """Features [B, C, h, w] of images, each place from its neighbourhood."""
        h = self.conv_in(channels_last_on_cpu(x))
        for level in self.down:
            h = level(h)
        return h

    def stages(self) -> Iterator[Stage]:
        """`outer` in stages."""
        yield Stage(lambda x: self.conv_in(channels_last_on_cpu(x)))
        for level in cast(Iterable[Level], self.down):
            yield from level.stages()

    def inner(self, h: Tensor) -> Tensor:
        """The latents' moments from features; every place attends to every other."""
        return self.conv_out(F.silu(self.norm_out(self.mid(h))))


class Decoder(nn.Module):
    def __init__(self, dims: AutoencoderDims) -> None:
        super().__init__()
        ch, groups = dims.channels * dims.channel_mult[-1], dims.norm_groups
        self.conv_in = Conv2d(dims.latent_channels, ch, 3, padding=1)
        self.mid = Middle(ch, groups)
        levels: list[Level] = []
        for i in reversed(range(len(dims.channel_mult))):
            out = dims.channels * dims.channel_mult[i]
            level = Level(ch, out, dims.res_blocks + 1, groups)
            ch = out
            if i:
                level.upsample = Upsample(ch)
            levels.insert(0, level)
        self.up = nn.ModuleList(levels)
        self.norm_out = nn.GroupNorm(groups, ch, eps=1e-6)
        self.conv_out = Conv2d(ch, dims.image_channels, 3, padding=1)

    def inner(self, z: Tensor) -> Tensor:
        """Features [B, C, h, w] of latents; every place attends to every other."""
        return self.mid(self.conv_in(channels_last_on_cpu(z)))

    def outer(self, h: Tensor) -> Tensor:
        """Images from features, each pixel from its neighbourhood."""
        for level in reversed(self.up):
            h = level(h)
        return self._image(h)

    def stages(self) -> Iterator[Stage]:
        """`outer` in stages."""
        for level in reversed(cast(Sequence[Level], self.up)):
            yield from level.stages()
        yield Stage(self._image, self.norm_out)

    def _image(self, h: Tensor) -> Tensor:
        return self.conv_out(F.silu(self.norm_out(h)))


class AutoencoderKL(nn.Module):
    """Encoder and decoder. Each is of two halves: the inner one, at the latents' resolution, sees the picture whole;
    the outer one, where nearly all the work and memory is, can be done in tiles."""

    def __init__(self, dims: AutoencoderDims) -> None:
        super().__init__()
        self.dims = dims
        self.encoder = Encoder(dims)
        self.decoder = Decoder(dims)
        if dims.quant_convs:
            self.quant_conv = Conv2d(2 * dims.latent_channels, 2 * dims.latent_channels, 1)
            self.post_quant_conv = Conv2d(dims.latent_channels, dims.latent_channels, 1)

    def moments(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, each [B, C, H/factor, W/factor], of the posterior of `image` [B, 3, H, W] in -1..1."""
        return self._moments(self.encode_outer(image))

    def encode(self, image: Tensor, generator: torch.Generator | None = None, sample: bool = False) -> Tensor:
        """Unscaled latents of `image` [B, 3, H, W] in -1..1: the posterior's mean, or a draw from it if `sample`."""
        mean, logvar = self.moments(image)
        if not sample:
            return mean
        noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype).to(mean.device)
        return mean + (0.5 * logvar).exp() * noise

    def encode_outer(self, image: Tensor) -> Tensor:
        """Features [B, width, H/factor, W/factor] of `image`."""
        return self.encoder.outer(image)

    def encode_inner(self, features: Tensor) -> Tensor:
        """The posterior's mean from features."""
        return self._moments(features)[0]

    def decode(self, z: Tensor) -> Tensor:
        """Images [B, 3, H, W], about -1..1, of unscaled latents [B, C, h, w]."""
        return self.decode_outer(self.decode_inner(z))

    def decode_inner(self, z: Tensor) -> Tensor:
        """Features [B, width, h, w] of latents."""
        return self.decoder.inner(self.post_quant_conv(z) if self.dims.quant_convs else z)

    def decode_outer(self, features: Tensor) -> Tensor:
        """Images from features."""
        return self.decoder.outer(features)

    def encode_stages(self) -> Iterator[Stage]:
        """`encode_outer`, stage by stage."""
        return self.encoder.stages()

    def decode_stages(self) -> Iterator[Stage]:
        """`decode_outer`, stage by stage."""
        return self.decoder.stages()

    def _moments(self, features: Tensor) -> tuple[Tensor, Tensor]:
        h = self.encoder.inner(features)
        mean, logvar = (self.quant_conv(h) if self.dims.quant_convs else h).chunk(2, dim=1)
        return mean, logvar.clamp(-30.0, 20.0)
