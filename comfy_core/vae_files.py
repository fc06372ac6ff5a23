"""Where a VAE comes from: a file of its own in any layout, the two halves of a small one, or nowhere (pixel space)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from comfy_core import folders
from comfy_core.families import UnknownCheckpoint, description
from comfy_core.families._diffusers import is_vae, vae_renamed
from comfy_core.families._ldm import VAE_PREFIX, build, file_name, load_vae, patcher_of, reading
from comfy_core.families._views import joined
from comfy_core.memory import devices
from comfy_core.networks.taesd import Taesd, TaesdDims, decoder
from comfy_core.patcher import ModelPatcher
from comfy_core.vae import VAE
from comfy_core.weights import Weights, WeightsError, open_weights

PREFIXES = (VAE_PREFIX, "vae.")
ENCODER, DECODER = "taesd_encoder.", "taesd_decoder."
KNOWN = "KL autoencoders in the layout of latent diffusion or of diffusers, and TAESD"


class Scale(NamedTuple):
    scale: float
    shift: float = 0.0


SMALL = {
    "taesd": Scale(0.18215),
    "taesdxl": Scale(0.13025),
    "taesd3": Scale(1.5305, 0.0609),
    "taef1": Scale(0.3611, 0.1159),
}
"""The small autoencoders, and how the latents of the larger one of each are scaled."""


def load_vae_named(name: str) -> VAE:
    """The VAE that a loader's list calls `name`. Raises WeightsError, or FileNotFoundError naming what there is."""
    if name == folders.PIXEL_SPACE:
        return pixel_space()
    if name in folders.current().small_vaes():
        return load_small_vae(name)
    return load_vae_file(folders.current().find_model("vae", name))


def load_vae_file(path: str | Path) -> VAE:
    """Open a VAE that is a file of its own, or that of a checkpoint. Raises WeightsError, or UnknownCheckpoint."""
    weights = open_weights(path)
    with reading(file_name(weights)):
        return vae_of(weights)


def vae_of(weights: Weights) -> VAE:
    """The VAE in a table, in whichever layout. Raises WeightsError, or UnknownCheckpoint."""
    prefix = next((one for one in PREFIXES if weights.has_prefix(one)), "")
    vae = weights.under(prefix)
    if is_vae(vae):
        vae = vae_renamed(vae)
    if "decoder.layers.0.weight" in vae or DECODER + "1.weight" in vae:
        return _small_vae(_release_layout(vae), Scale(_number(vae, "vae_scale", 1.0), _number(vae, "vae_shift", 0.0)))
    if "decoder.mid.block_1.mix_factor" in vae:
        raise UnknownCheckpoint(f"{file_name(weights)} is the VAE of a video model, which is not supported yet.")
    if "decoder.conv_in.weight" not in vae or "encoder.down.0.block.0.norm1.weight" not in vae:
        raise UnknownCheckpoint(description(weights, "VAE", KNOWN))
    return load_vae(vae)


def load_small_vae(name: str) -> VAE:
    """A TAESD whose halves are `<name>_encoder` and `<name>_decoder` in models/vae_approx/."""
    halves = {prefix: open_weights(find_approximation(name + ending)) for prefix, ending in HALVES.items()}
    with reading(name):
        return _small_vae(joined(halves), SMALL[name])


HALVES = {ENCODER: "_encoder", DECODER: "_decoder"}


def find_approximation(name: str) -> Path:
    """The file in models/vae_approx/ whose name starts with `name`. Raises FileNotFoundError without one."""
    where = folders.current()
    for file in where.files("vae_approx"):
        if Path(file).name.startswith(f"{name}."):
            return where.find_model("vae_approx", file)
    raise FileNotFoundError(f"{name} is not in models/vae_approx/; put {name}.safetensors there")


def load_small_decoder(path: Path) -> ModelPatcher:
    """The decoder of a TAESD alone, from scaled latents to images about 0..1. Raises WeightsError if it is not one."""
    weights = open_weights(path)
    if "1.weight" not in weights or len(weights.shape("1.weight")) != 4:
        raise WeightsError(f"{path.name} is not the decoder of a TAESD.")
    width, channels = weights.shape("1.weight")[:2]
    network = build(decoder, TaesdDims(latent_channels=channels, width=width), "TAESD", weights)
    device = devices.compute_device()
    return patcher_of(network, weights, devices.network_dtype(device), "TAESD")


def _small_vae(weights: Weights, scale: Scale) -> VAE:
    first = DECODER + "1.weight"
    if first not in weights:
        raise WeightsError(f"{file_name(weights)}: the TAESD has no decoder.")
    width, channels = weights.shape(first)[:2]
    dims = TaesdDims(latent_channels=channels, width=width, scale=scale.scale, shift=scale.shift)
    network = build(Taesd, dims, "TAESD", weights)
    return VAE(patcher_of(network, weights, devices.network_dtype(devices.compute_device()), "TAESD"))


def _release_layout(vae: Weights) -> Weights:
    """A whole TAESD under the release's names; diffusers does not count the first layer of the decoder."""

    def rename(name: str) -> str:
        match name.split("."):
            case ["encoder", "layers", *rest]:
                return ENCODER + ".".join(rest)
            case ["decoder", "layers", number, *rest] if number.isdigit():
                return DECODER + ".".join([str(int(number) + 1), *rest])
        return name

    return vae.renamed(rename)


def _number(weights: Weights, name: str, default: float) -> float:
    return float(weights[name]) if name in weights else default


class PixelDims(NamedTuple):
    latent_channels: int = 3
    factor: int = 1


class PixelSpace(nn.Module):
    """No autoencoder at all, for models that work on pixels: latents are images in -1..1."""

    def __init__(self, dims: PixelDims) -> None:
        super().__init__()
        self.dims = dims

    def encode(self, image: Tensor) -> Tensor:
        return image

    def decode(self, z: Tensor) -> Tensor:
        return z


def pixel_space() -> VAE:
    """A VAE that leaves images as they are."""
    network: Any = PixelSpace(PixelDims())
    return VAE(ModelPatcher(network, devices.offload_device(), devices.offload_device(), dtype=torch.float32))
