"""Putting a model's weights into its network, and taking them out again.

On the CPU most of what a copied weight costs is new memory, which the system clears first. One that is a copy anyway,
patched or not, is therefore made anew where it is; the others get new memory in pieces large enough for large pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

import torch
from torch import Tensor, nn

from comfy_core.patcher import ModelPatcher
from comfy_core.patches import Room

PIECE = 2**26
"""Bytes of new memory that are asked for at once."""
ALIGNMENT = 64


@torch.inference_mode(False)  # a tensor of that mode could not be made anew outside of it
@torch.no_grad()
def place(patcher: ModelPatcher, keys: Iterable[str]) -> None:
    """Put the named weights of a model on its device, patched. A weight that needs no change is not copied; of one that
    does, the file's pages are given back at once, as is the weight it takes the place of, so that a model is never in
    memory twice.

    Raises:
        ValueError: a patch does not fit, or a weight not the network. Some weights have been put then and some not.
    """
    wanted, pieces = set(keys), Pieces()
    held = patcher.model.state_dict()
    for key in patcher.source:
        if key in wanted and key in held:
            before = held.pop(key)
            weight = patcher.taken_weight(key, _room(before, pieces) if patcher.load_device.type == "cpu" else None)
            if weight.shape != before.shape:
                raise ValueError(
                    f"{patcher.name}: {key} has the shape {tuple(weight.shape)}, and the network is made for "
                    f"{tuple(before.shape)}"
                )
            put(patcher.model, key, weight)


def _room(before: Tensor, pieces: Pieces) -> Room:
    """Where a weight is made: where it is now if its type is not the file's, so that it always is a copy; else anew."""

    def room(pristine: Tensor, dtype: torch.dtype) -> Tensor:
        is_ours = before.device == pristine.device and before.dtype == dtype != pristine.dtype
        return before if is_ours and before.shape == pristine.shape else pieces.take(pristine.shape, dtype)

    return room


class Pieces:
    """New memory for weights, one beside the other in large pieces. A piece is freed with the last weight in it."""

    def __init__(self) -> None:
        self._left = torch.empty(0, dtype=torch.uint8)

    def take(self, shape: torch.Size, dtype: torch.dtype) -> Tensor:
        size = prod(shape) * dtype.itemsize
        if size > len(self._left):
            self._left = torch.empty(max(size, PIECE), dtype=torch.uint8)
        taken, self._left = self._left[:size], self._left[-(-size // ALIGNMENT) * ALIGNMENT :]
        return taken.view(dtype).view(shape)


def drop(network: nn.Module, source: Mapping[str, Tensor], from_file: bool) -> None:
    """Take a network's weights off its device. One that has a file keeps nothing; one that only ever lived in memory
    gets its pristine weights back."""
    for key, held in network.state_dict().items():
        if key in source:
            put(network, key, torch.empty_like(held, device="meta") if from_file else source[key])


def put(network: nn.Module, key: str, weight: Tensor) -> None:
    """Make a tensor the network's weight of this name, without copying it."""
    path, _, name = key.rpartition(".")
    module = network.get_submodule(path)
    is_parameter = name in module._parameters
    setattr(module, name, nn.Parameter(weight, requires_grad=False) if is_parameter else weight)
