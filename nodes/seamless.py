"""Nodes for pictures that can be put side by side without a seam. Their ids are those of a well-known pack, whose own
nodes, where it is installed, give way to these."""

from __future__ import annotations

from copy import copy
from typing import Annotated

import torch
from torch import Tensor

from comfy_core.seamless import seamless
from nodes.schema import Combo, Float, node
from nodes.types import Image, Latent, Model, Vae

TILINGS = {"enable": (True, True), "x_only": (True, False), "y_only": (False, True), "disable": (False, False)}
COPIES = ("Make a copy", "Modify in place")
Tiling = Annotated[
    str, Combo(tuple(TILINGS), tooltip="Which edges fit: all of them, left and right, upper and lower, or none.")
]
Copy = Annotated[str, Combo(COPIES, tooltip="A copy shares the weights and costs nothing; both make one here.")]
Percent = Float(default=50.0, min=0.0, max=100.0, step=1.0, tooltip="In percent of the side.")


@node("SeamlessTile", title="Seamless Tile", category="model/patch", search_aliases=("tileable", "texture", "circular"))
def seamless_tile(model: Model, tiling: Tiling, copy_model: Copy) -> Model:
    """Make pictures that fit themselves at their edges; decode them with Circular VAE Decode."""
    return seamless(model, TILINGS[tiling])


@node("CircularVAEDecode", title="Circular VAE Decode (tile)", category="model/latent", search_aliases=("tileable",))
def circular_vae_decode(samples: Latent, vae: Vae, tiling: Tiling) -> Image:
    """Decode latents to pictures that fit themselves at their edges."""
    return make_circular_vae(vae, tiling, COPIES[0]).decode(samples["samples"])


@node("MakeCircularVAE", title="Make Circular VAE", category="model/latent", search_aliases=("tileable",))
def make_circular_vae(vae: Vae, tiling: Tiling, copy_vae: Copy) -> Vae:
    """A VAE for pictures that fit themselves at their edges."""
    circular = copy(vae)
    circular.wraps = TILINGS[tiling]
    return circular


@node("OffsetImage", title="Offset Image", category="image/transform", search_aliases=("roll", "seam", "tileable"))
def offset_image(pixels: Image, x_percent: Annotated[float, Percent], y_percent: Annotated[float, Percent]) -> Image:
    """Move pictures; what leaves at one edge comes in at the opposite one, so that seams show."""
    return rolled(pixels, x_percent / 100, y_percent / 100)


def rolled(images: Tensor, across: float, down: float) -> Tensor:
    height, width = images.shape[1:3]
    return torch.roll(images, (round(height * down), round(width * across)), (1, 2))
