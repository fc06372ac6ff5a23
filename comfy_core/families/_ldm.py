"""What every family in the layout of latent diffusion shares: dimensions read off tensor shapes, parts made of tables.

Rombach et al. 2022, https://arxiv.org/abs/2112.10752; names as in its release (CompVis/latent-diffusion).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

from comfy_core.families._views import reshaped, viewed
from comfy_core.memory import devices
from comfy_core.networks.autoencoder_kl import AutoencoderDims, AutoencoderKL
from comfy_core.networks.build import shapes_only
from comfy_core.patcher import ModelPatcher
from comfy_core.vae import VAE
from comfy_core.weights import Weights, WeightsError

VAE_PREFIX = "first_stage_model."
Dims = TypeVar("Dims")
Network = TypeVar("Network", bound=nn.Module)


def vae_dims(vae: Weights, *, norm_groups: int = 32) -> AutoencoderDims:
    """The dimensions of a KL autoencoder. Raises WeightsError for a layout that is not one's."""
    try:
        channels, image_channels = vae.shape("encoder.conv_in.weight")[:2]
        levels = count(vae, "encoder.down.{}.block.0.conv1.weight")
        widths = [vae.shape(f"encoder.down.{level}.block.0.conv1.weight")[0] for level in range(levels)]
        return AutoencoderDims(
            channels=channels,
            channel_mult=multiples(channels, widths),
            res_blocks=count(vae, "encoder.down.0.block.{}.conv1.weight"),
            latent_channels=vae.shape("decoder.conv_in.weight")[1],
            image_channels=image_channels,
            quant_convs="quant_conv.weight" in vae,
            norm_groups=norm_groups,
        )
    except (KeyError, IndexError) as error:
        raise WeightsError(f"{file_name(vae)}: the VAE is not whole ({error}).") from error


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
        raise WeightsError(f"{file_name(weights)}: the {name} cannot be built: {error}.") from error


def patcher_of(
    network: nn.Module, weights: Weights, dtype: torch.dtype, name: str, device: torch.device | None = None
) -> ModelPatcher:
    """A network whose weights come from `weights` when they are needed; tensors it does not know are ignored. It runs
    on `device`, or on the one where networks run.

    Raises WeightsError when tensors are missing or of another shape.
    """
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    missing = [key for key in wanted if key not in weights]
    if missing:
        raise WeightsError(f"{file_name(weights)}: the {name} lacks {len(missing)} tensors, first {missing[0]!r}.")
    for key, shape in wanted.items():
        if weights.shape(key) != shape:
            raise WeightsError(
                f"{file_name(weights)}: {key!r} has shape {weights.shape(key)}, the {name} takes {shape}."
            )
    source = weights.renamed(lambda key: key if key in wanted else None)
    device = device or devices.compute_device()
    return ModelPatcher(network, device, devices.offload_device(), source=source, dtype=dtype, name=name)


def convolutional(vae: Weights) -> Weights:
    """The table of an autoencoder whose attention may be stored as matrices, as 1x1 convolutions."""
    flat = [name for name in vae if ".attn_" in name and len(vae.shape(name)) == 2]
    return viewed(vae, {name: reshaped(vae, name, (*vae.shape(name), 1, 1)) for name in flat}) if flat else vae


def count(weights: Weights, pattern: str) -> int:
    """How many of the names `pattern` makes of 0, 1, 2 … there are in a row."""
    number = 0
    while pattern.format(number) in weights:
        number += 1
    return number


def multiples(channels: int, widths: list[int]) -> tuple[int, ...]:
    """The widths of levels in units of `channels`. Raises KeyError when they are not multiples of it."""
    if any(width % channels for width in widths):
        raise KeyError(f"levels of {widths} channels are not multiples of {channels}")
    return tuple(width // channels for width in widths)


@contextmanager
def reading(file: str) -> Iterator[None]:
    """Have every way in which a damaged file can trip its reader end in a WeightsError that names the file."""
    try:
        yield
    except (ValueError, IndexError, KeyError, TypeError, ArithmeticError) as error:
        raise WeightsError(f"{file} is damaged, or its metadata is: {error}.") from error


def file_name(weights: Weights) -> str:
    """The name of the file that a table comes from, for messages."""
    return weights.path.name if weights.path else "the checkpoint"
