"""What these methods need to know of the network they are for."""

from __future__ import annotations

from random import Random

from comfy_core.networks.transformer_options import Options
from comfy_core.networks.unet import UNet
from comfy_core.patcher import ModelPatcher

Place = tuple[str, int, int]
"""A transformer: on the way down, in the middle or on the way up, in which block, which one in it."""


def unet_of(model: ModelPatcher, method: str) -> UNet:
    """A model's U-Net. Raises ValueError, naming the method, for a network of another kind."""
    network = model.model.diffusion_model
    if isinstance(network, UNet):
        return network
    raise ValueError(
        f"{method} is for U-Nets (Stable Diffusion 1, 2 and XL) and this model is a {type(network).__name__}: "
        "leave the node out"
    )


def chance(options: Options) -> Random:
    """Chance for one transformer at one step: the same in every run, so that the same seed gives the same picture."""
    return Random(f"{float(options['sigmas'][0])} {place_of(options)}")


def place_of(options: Options) -> Place:
    """Which transformer of the network is at work."""
    kind, number = options["block"]
    return kind, number, options["block_index"]


def size_here(options: Options) -> tuple[int, int]:
    """Rows and columns of the feature map that a transformer works on."""
    height, width = options["activations_shape"][-2:]
    return height, width


def level_here(options: Options) -> int:
    """How often the picture was halved on the way to this feature map."""
    level, height = 0, options["original_shape"][-2]
    while height > size_here(options)[0]:
        level, height = level + 1, -(-height // 2)
    return level
