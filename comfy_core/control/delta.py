"""ControlNets whose file holds what they change of a model: Control-LoRAs, and ControlNets stored as a difference.

The network is made when there is a model to make it on: of that model's pristine weights and patches, with what the
file says as one patch more. Nothing is kept twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from weakref import ReferenceType, ref

from torch import nn

from comfy_core.control.controlnet import ControlNet
from comfy_core.control.fit import check_fits
from comfy_core.families._ldm import build, patcher_of
from comfy_core.families._views import joined
from comfy_core.lora.low_rank import LowRank
from comfy_core.memory import devices
from comfy_core.networks.controlnet import ControlNet as Network
from comfy_core.networks.controlnet import ControlNetDims
from comfy_core.patcher import ModelPatcher
from comfy_core.patches import Patch
from comfy_core.weights import Weights
from comfy_core.weights.table import Entry

UNET = "diffusion_model."
OWN = ("input_hint_block.", "zero_convs.", "middle_block_out.")
"""What a ControlNet has and the model that it is a copy of has not."""


class Delta:
    """What a file has of its own, and its changes of a model's weights: recipes by name."""

    nbytes = 0
    """To keep: its tensors are a file's, mapped into memory."""

    def __init__(self, own: Weights, changes: Mapping[str, Any], dims: ControlNetDims, name: str) -> None:
        self.own, self.changes, self.dims, self.name = own, changes, dims, name
        self._made: tuple[ReferenceType[nn.Module], uuid.UUID, ModelPatcher] | None = None

    def on(self, model: ModelPatcher) -> ModelPatcher:
        """The ControlNet that this makes of a model; the last one is kept. Raises ValueError for a model of another
        family."""
        if self._made is None or self._made[0]() is not model.model or self._made[1] != model.patches_uuid:
            self._made = ref(model.model), model.patches_uuid, self._make(model)
        return self._made[2]

    def _make(self, model: ModelPatcher) -> ModelPatcher:
        network = build(Network, self.dims, "ControlNet", self.own)
        check_fits(self.name, network.dims, network.widths, model)
        base = model.source if isinstance(model.source, Weights) else Weights.of(model.source)
        table = over(self.own, base.under(UNET))
        made = patcher_of(network, table, devices.network_dtype(devices.compute_device()), "ControlNet")
        for key in made.source:
            before = [] if key in self.own else model.patches.get(UNET + key, [])
            change = [Patch(1.0, self.changes[key])] if key in self.changes else []
            if before or change:
                made.patches[key] = [*before, *change]
        return made


class DeltaControlNet(ControlNet):
    """A ControlNet that is made on `base`, or on the model that samples."""

    def __init__(self, delta: Delta, base: ModelPatcher | None = None) -> None:
        super().__init__(None, delta.name)
        self.delta, self.base = delta, base

    @property
    def types(self) -> int:
        return self.delta.dims.types

    def fit(self, model: ModelPatcher) -> None:
        self._patcher = self.delta.on(self.base or model)
        super().fit(model)


def over(first: Weights, second: Weights) -> Weights:
    """Two tables as one; where both have a name, the first one's counts."""
    both = joined({"1": first, "2": second})
    return both.renamed(lambda name: None if name[0] == "2" and name[1:] in first else name[1:])


def low_rank(weights: Weights) -> tuple[Weights, dict[str, LowRank], Weights]:
    """A Control-LoRA's own weights, its changes, and a table of the shapes of all weights that result."""
    layers = [name.removesuffix(".up") for name in weights if name.endswith(".up")]
    changes = {f"{name}.weight": LowRank(weights[f"{name}.up"], weights[f"{name}.down"]) for name in layers}
    thin = {f"{name}.{side}" for name in layers for side in ("up", "down")}
    own = weights.renamed(lambda name: None if name in thin else name)
    shapes = {name: (one.up.shape[0], *one.down.shape[1:]) for name, one in changes.items()}
    entries = {name: Entry(tuple(shape), changes[name].up.dtype) for name, shape in shapes.items()}
    return own, changes, over(Weights(entries, weights.read, {name: name for name in entries}), own)


def differences(weights: Weights) -> tuple[Weights, dict[str, Any]]:
    """The own weights of a ControlNet stored as a difference, and its changes."""
    own = weights.renamed(lambda name: name if name.startswith(OWN) else None)
    return own, {name: ("diff", (weights[name],)) for name in weights if name not in own}
