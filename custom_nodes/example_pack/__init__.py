"""An example of a node pack: a folder in custom_nodes/ whose typed functions become nodes.

Copy this folder, rename it, change it. A node is a function with `@node`; the annotations say what its inputs are.
"""

from __future__ import annotations

from typing import Annotated

from nodes.schema import Float, node
from nodes.types import Image


@node("ExampleVignette", title="Vignette (example)", category="image/example")
def vignette(
    image: Image,
    strength: Annotated[float, Float(default=0.5, min=0, max=1, step=0.05, tooltip="How dark the corners get")],
) -> Image:
    """Darken the corners of images [B, H, W, C], most where they are farthest from the middle."""
    import torch

    height, width = image.shape[1:3]
    y = torch.linspace(-1, 1, height, device=image.device)[:, None]
    x = torch.linspace(-1, 1, width, device=image.device)[None, :]
    shade = 1 - strength * ((x**2 + y**2) / 2)
    return image * shade[None, :, :, None]
