"""The U-Nets of the Stable Diffusion families: told apart and measured by names and shapes alone, and made models of.

Rombach et al. 2022, https://arxiv.org/abs/2112.10752; Podell et al. 2023 (SDXL), https://arxiv.org/abs/2307.01952.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from comfy_core import concat
from comfy_core.concat import Concat
from comfy_core.families._ldm import build, count, file_name, multiples, patcher_of
from comfy_core.latent_format import LatentFormat
from comfy_core.memory import devices
from comfy_core.model import DiffusionModel
from comfy_core.networks.unet import UNet, UNetDims
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.prediction import ModelSampling
from comfy_core.weights import Weights, WeightsError

UNET = "model.diffusion_model."
OTHERS = ("time_stack.", "time_mixer.", "label_emb.weight", "motion_modules.")
"""In names of U-Nets for video and of the upscaling model, which look like Stable Diffusion's otherwise. So does
Stable Zero123, which has `cc_projection`."""


@dataclass(frozen=True)
class Layout:
    """What tells the U-Nets apart: linear layers or 1x1 convolutions around the transformers, a vector beside the
    text, transformers at the highest resolution and at the lowest, channels in and out."""

    linear: bool
    vector: bool
    attends_first: bool
    attends_last: bool
    in_channels: int
    out_channels: int


def layout(weights: Weights) -> Layout | None:
    """The layout of a checkpoint's U-Net; None if it has none of this kind."""
    unet = weights.under(UNET)
    projection = next((name for name in unet if name.endswith(".proj_in.weight")), None)
    known = {"input_blocks.0.0.weight", "input_blocks.1.0.in_layers.2.weight", "out.2.weight"} <= unet.stored.keys()
    other = "cc_projection.weight" in weights or any(mark in name for name in unet for mark in OTHERS)
    if not known or projection is None or other:
        return None
    first, last = unet.shape("input_blocks.0.0.weight"), unet.shape("out.2.weight")
    if len(first) != 4 or len(last) != 4:
        return None
    found = Layout(
        linear=len(unet.shape(projection)) == 2,
        vector="label_emb.0.0.weight" in unet,
        attends_first="input_blocks.1.1.transformer_blocks.0.norm1.weight" in unet,
        attends_last=f"{list(_blocks(unet, 'input_blocks'))[-1]}.1.transformer_blocks.0.norm1.weight" in unet,
        in_channels=first[1],
        out_channels=last[0],
    )
    return found if found.in_channels - found.out_channels in _beside(found.out_channels) else None


def _beside(channels: int) -> dict[int, tuple[str, Concat | None]]:
    """What further input channels mean, by their number, for latents of `channels`."""
    return {0: ("", None), channels + 1: ("inpainting", concat.inpainting), channels: ("editing", concat.editing)}


def task(found: Layout) -> str:
    """What a U-Net is for, in a word: `inpainting` or `editing`; empty for making pictures from text."""
    return _beside(found.out_channels)[found.in_channels - found.out_channels][0]


def load_unet(
    weights: Weights,
    sampling: ModelSampling,
    latent_format: LatentFormat,
    *,
    heads: int | None = None,
    kind: type[DiffusionModel] = DiffusionModel,
    family: str,
) -> ModelPatcher:
    """The model of a checkpoint. `heads` None are 64 wide. Raises WeightsError when it is not whole."""
    unet = weights.under(UNET)
    dims = unet_dims(unet, heads=heads, norm_groups=int(weights.metadata.get("easel.norm_groups", 32)))
    further = _beside(dims.out_channels).get(dims.in_channels - dims.out_channels, ("", None))
    model = kind(
        build(UNet, dims, "U-Net", weights),
        sampling,
        latent_format,
        model_config=family,
        values_per_pixel=32 * dims.model_channels,
        concat=further[1],
    )
    dtype = devices.network_dtype(devices.compute_device())
    return patcher_of(model, unet.renamed(lambda key: f"diffusion_model.{key}"), dtype, "U-Net")


def unet_dims(unet: Weights, *, heads: int | None, norm_groups: int, head_dim: int | None = None) -> UNetDims:
    """The dimensions of a U-Net, from names and shapes (`unet` without its prefix). Heads and norm groups do not show
    in shapes. Raises WeightsError for a layout that is not a U-Net's."""
    try:
        way_down = encoder_dims(unet, heads=heads, norm_groups=norm_groups, head_dim=head_dim)
        return replace(way_down, out_channels=unet.shape("out.2.weight")[0], up_depths=_up(unet, way_down.depths))
    except (KeyError, IndexError) as error:
        raise WeightsError(f"{file_name(unet)}: the U-Net is not whole ({error}).") from error


def encoder_dims(unet: Weights, *, heads: int | None, norm_groups: int, head_dim: int | None = None) -> UNetDims:
    """The dimensions of a U-Net's way down and middle alone, as ControlNets have them. One without transformers has a
    `context_dim` of 0. Raises KeyError or IndexError for another layout."""
    model_channels, in_channels = unet.shape("input_blocks.0.0.weight")[:2]
    widths, depths = _down(unet)
    context = next((name for name in unet if name.endswith("attn2.to_k.weight")), None)
    projection = next((name for name in unet if name.endswith("proj_in.weight")), None)
    vector, guidance = "label_emb.0.0.weight", "time_embed.cond_proj.weight"
    return UNetDims(
        in_channels=in_channels,
        model_channels=model_channels,
        channel_mult=multiples(model_channels, widths),
        res_blocks=tuple(len(level) for level in depths),
        depths=depths,
        up_depths=(),
        middle_depth=_middle(unet),
        context_dim=unet.shape(context)[1] if context else 0,
        heads=heads,
        head_dim=head_dim,
        linear_projections=projection is None or len(unet.shape(projection)) == 2,
        vector_dim=unet.shape(vector)[1] if vector in unet else 0,
        guidance_dim=unet.shape(guidance)[1] if guidance in unet else 0,
        norm_groups=norm_groups,
    )


def _down(unet: Weights) -> tuple[list[int], tuple[tuple[int, ...], ...]]:
    """The width of each level on the way down, and the transformer depth behind each of its residual blocks."""
    widths: list[int] = []
    depths: list[list[int]] = [[]]
    for block in _blocks(unet, "input_blocks", start=1):
        if f"{block}.0.op.weight" in unet:
            depths.append([])
            continue
        if not depths[-1]:
            widths.append(unet.shape(f"{block}.0.in_layers.2.weight")[0])
        depths[-1].append(count(unet, block + ".1.transformer_blocks.{}.norm1.weight"))
    return widths, tuple(tuple(level) for level in depths)


def _up(unet: Weights, down: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    """The transformer depths on the way up, from the highest resolution to the lowest, as on the way down."""
    counts = [count(unet, block + ".1.transformer_blocks.{}.norm1.weight") for block in _blocks(unet, "output_blocks")]
    levels: list[tuple[int, ...]] = []
    for level in reversed(down):
        levels.insert(0, tuple(counts[: len(level) + 1]))
        counts = counts[len(level) + 1 :]
    return tuple(levels)


def _middle(unet: Weights) -> int:
    if "middle_block.1.norm.weight" in unet:
        return count(unet, "middle_block.1.transformer_blocks.{}.norm1.weight")
    return 0 if "middle_block.1.in_layers.0.weight" in unet else -1


def _blocks(unet: Weights, kind: str, start: int = 0) -> Iterator[str]:
    numbers = {name.split(".")[1] for name in unet if name.startswith(kind + ".")}
    return (f"{kind}.{number}" for number in sorted(int(one) for one in numbers if one.isdigit()) if number >= start)
