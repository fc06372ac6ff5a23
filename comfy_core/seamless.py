"""Pictures whose edges fit their opposite ones: convolutions that look past an edge see what is at the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

from comfy_core.networks.convolution import Conv2d, surrounded
from comfy_core.patcher import ModelPatcher

Wraps = tuple[bool, bool]
"""Whether a picture continues beyond its left and right edges, and beyond its upper and lower ones."""
NOWHERE: Wraps = (False, False)


def seamless(model: ModelPatcher, wraps: Wraps) -> ModelPatcher:
    """A clone of a model that makes pictures which can be put side by side along the ways that wrap."""
    model = model.clone()
    for name, layer in model.model.named_modules():
        if isinstance(layer, Conv2d):
            model.add_object_patch(f"{name}.wraps", wraps)
    return model


@contextmanager
def wrapping(network: nn.Module, wraps: Wraps) -> Iterator[None]:
    """While the block runs, the convolutions of `network` wrap so."""
    layers = [layer for layer in network.modules() if isinstance(layer, Conv2d)] if any(wraps) else []
    for layer in layers:
        layer.wraps = wraps
    try:
        yield
    finally:
        for layer in layers:
            layer.wraps = NOWHERE


@dataclass(frozen=True)
class Around:
    """What is added around a picture [B, C, H, W] that is worked on in tiles, which have no opposite edge: `places` of
    its continuation, along the ways that wrap."""

    wraps: Wraps
    places: int

    def added(self, x: Tensor) -> Tensor:
        across, down = self._sides(self.places)
        return surrounded(x, (across, across, down, down), self.wraps)

    def taken_off(self, x: Tensor, scale: float) -> Tensor:
        """The picture alone again, whose sides are `scale` times as long now."""
        across, down = self._sides(round(self.places * scale))
        return x[..., down : x.shape[-2] - down, across : x.shape[-1] - across]

    def _sides(self, places: int) -> tuple[int, int]:
        across, down = (places if wraps else 0 for wraps in self.wraps)
        return across, down
