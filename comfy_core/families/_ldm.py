"""What every family in the layout of latent diffusion shares: dimensions read off tensor shapes, parts made of tables.

Rombach et al. 2022, https://arxiv.org/abs/2112.10752; names as in its release (CompVis/latent-diffusion).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn

from comfy_core.memory import devices
from comfy_core.networks.autoencoder_kl import AutoencoderDims, AutoencoderKL
from comfy_core.networks.build import shapes_only
from comfy_core.networks.unet import UNetDims
from comfy_core.patcher import ModelPatcher
from comfy_core.vae import VAE
from comfy_core.weights import Weights, WeightsError
from comfy_core.weights.table import Entry

UNET = "model.diffusion_model."
VAE_PREFIX = "first_stage_model."
Dims = TypeVar("Dims")
Network = TypeVar("Network", bound=nn.Module)


def unet_dims(unet: Weights, *, heads: int | None, norm_groups: int, head_dim: int | None = None) -> UNetDims:
    """The dimensions of a U-Net, from names and shapes (`unet` without its prefix). Heads and norm groups do not show
    in shapes. Raises WeightsError for a layout that is not a U-Net's."""
    try:
        model_channels, in_channels = unet.shape("input_blocks.0.0.weight")[:2]
        widths, depths = _down(unet)
        context = next(name for name in unet if name.endswith("attn2.to_k.weight"))
        projection = next(name for name in unet if name.endswith("proj_in.weight"))
        vector = "label_emb.0.0.weight"
        return UNetDims(
            in_channels=in_channels,
            out_channels=unet.shape("out.2.weight")[0],
            model_channels=model_channels,
            channel_mult=_multiples(model_channels, widths),
            res_blocks=tuple(len(level) for level in depths),
            depths=depths,
            up_depths=_up(unet, depths),
            middle_depth=_middle(unet),
            context_dim=unet.shape(context)[1],
            heads=heads,
            head_dim=head_dim,
            linear_projections=len(unet.shape(projection)) == 2,
            vector_dim=unet.shape(vector)[1] if vector in unet else 0,
            norm_groups=norm_groups,
        )
    except (KeyError, StopIteration, IndexError) as error:
        raise WeightsError(f"{_file(unet)}: the U-Net is not whole ({error}).") from error


def vae_dims(vae: Weights, *, norm_groups: int = 32) -> AutoencoderDims:
    """The dimensions of a KL autoencoder. Raises WeightsError for a layout that is not one's."""
    try:
        channels, image_channels = vae.shape("encoder.conv_in.weight")[:2]
        levels = _count(vae, "encoder.down.{}.block.0.conv1.weight")
        widths = [vae.shape(f"encoder.down.{level}.block.0.conv1.weight")[0] for level in range(levels)]
        return AutoencoderDims(
            channels=channels,
            channel_mult=_multiples(channels, widths),
            res_blocks=_count(vae, "encoder.down.0.block.{}.conv1.weight"),
            latent_channels=vae.shape("decoder.conv_in.weight")[1],
            image_channels=image_channels,
            quant_convs="quant_conv.weight" in vae,
            norm_groups=norm_groups,
        )
    except (KeyError, IndexError) as error:
        raise WeightsError(f"{_file(vae)}: the VAE is not whole ({error}).") from error


def load_vae(vae: Weights, *, norm_groups: int | None = None) -> VAE:
    """An autoencoder from its table (without prefix)."""
    groups = int(vae.metadata.get("easel.vae_norm_groups", 32)) if norm_groups is None else norm_groups
    dims = vae_dims(vae, norm_groups=groups)
    network = build(AutoencoderKL, dims, "VAE", vae)
    device = devices.compute_device()
    return VAE(patcher_of(network, convolutional(vae), devices.vae_dtype(device), "VAE"))


def build(network: Callable[[Dims], Network], dims: Dims, name: str, weights: Weights) -> Network:
    """A network without weights. Raises WeightsError when the file's dimensions and its metadata contradict."""
    try:
        with shapes_only():
            return network(dims)
    except ValueError as error:
        raise WeightsError(f"{_file(weights)}: the {name} cannot be built: {error}.") from error


def patcher_of(network: nn.Module, weights: Weights, dtype: torch.dtype, name: str) -> ModelPatcher:
    """A network whose weights come from `weights` when they are needed; tensors it does not know are ignored.

    Raises WeightsError when tensors are missing or of another shape.
    """
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    missing = [key for key in wanted if key not in weights]
    if missing:
        raise WeightsError(f"{_file(weights)}: the {name} lacks {len(missing)} tensors, first {missing[0]!r}.")
    for key, shape in wanted.items():
        if weights.shape(key) != shape:
            raise WeightsError(f"{_file(weights)}: {key!r} has shape {weights.shape(key)}, the {name} takes {shape}.")
    source = weights.renamed(lambda key: key if key in wanted else None)
    return ModelPatcher(
        network, devices.compute_device(), devices.offload_device(), source=source, dtype=dtype, name=name
    )


def convolutional(vae: Weights) -> Weights:
    """The table of an autoencoder whose attention may be stored as matrices, as 1x1 convolutions."""
    flat = {in_file for key, in_file in vae.stored.items() if ".attn_" in key and len(vae.shape(key)) == 2}
    if not flat:
        return vae

    def read(name: str) -> Tensor:
        return vae.read(name)[:, :, None, None] if name in flat else vae.read(name)

    entries = {
        name: Entry((*entry.shape, 1, 1), entry.dtype) if name in flat else entry for name, entry in vae.entries.items()
    }
    return Weights(entries, read, vae.stored, vae.metadata, vae.path)


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
        depths[-1].append(_count(unet, block + ".1.transformer_blocks.{}.norm1.weight"))
    return widths, tuple(tuple(level) for level in depths)


def _up(unet: Weights, down: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    """The transformer depths on the way up, from the highest resolution to the lowest, as on the way down."""
    counts = [_count(unet, block + ".1.transformer_blocks.{}.norm1.weight") for block in _blocks(unet, "output_blocks")]
    levels: list[tuple[int, ...]] = []
    for level in reversed(down):
        levels.insert(0, tuple(counts[: len(level) + 1]))
        counts = counts[len(level) + 1 :]
    return tuple(levels)


def _middle(unet: Weights) -> int:
    if "middle_block.1.norm.weight" in unet:
        return _count(unet, "middle_block.1.transformer_blocks.{}.norm1.weight")
    return 0 if "middle_block.1.in_layers.0.weight" in unet else -1


def _blocks(unet: Weights, kind: str, start: int = 0) -> Iterator[str]:
    numbers = {int(name.split(".")[1]) for name in unet if name.startswith(kind + ".")}
    return (f"{kind}.{number}" for number in sorted(numbers) if number >= start)


def _count(weights: Weights, pattern: str) -> int:
    """How many of the names `pattern` makes of 0, 1, 2 … there are in a row."""
    number = 0
    while pattern.format(number) in weights:
        number += 1
    return number


def _multiples(channels: int, widths: list[int]) -> tuple[int, ...]:
    if any(width % channels for width in widths):
        raise KeyError(f"levels of {widths} channels are not multiples of {channels}")
    return tuple(width // channels for width in widths)


def _file(weights: Weights) -> str:
    return weights.path.name if weights.path else "the checkpoint"
