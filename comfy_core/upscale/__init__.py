"""Networks that enlarge or mend pictures. Each module here without an underscore is an architecture, found by being
there: it has a `NAME`, `recognise(weights)`, from tensor names and shapes alone, and `load(weights)`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Protocol, cast

import torch

from comfy_core.families import UnknownCheckpoint, description
from comfy_core.families._ldm import file_name, patcher_of, reading
from comfy_core.memory import devices
from comfy_core.upscale._model import UpscaleModel
from comfy_core.upscale._parts import Upscaler
from comfy_core.weights import Weights, open_weights

__all__ = ["UpscaleModel", "architectures", "load_upscale_model", "upscale_model"]

WRAPPINGS = ("params_ema.", "params.", "state_dict.", "module.", "netG.", "generator.", "net_g.")
"""What training frameworks put before every name."""
PICTURES = (1, 3, 4)


class Architecture(Protocol):
    NAME: str

    def recognise(self, weights: Weights) -> bool: ...

    def load(self, weights: Weights) -> Upscaler: ...


@cache
def architectures() -> tuple[Architecture, ...]:
    """All architectures, in the order of their module names."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names if name[0] != "_")
    return tuple(cast(Architecture, module) for module in modules)


def load_upscale_model(path: str | Path) -> UpscaleModel:
    """Open the file of an upscaling network. Raises WeightsError, or UnknownCheckpoint saying what the file holds."""
    return upscale_model(open_weights(path))


def upscale_model(weights: Weights) -> UpscaleModel:
    """The upscaling network in a table. Raises WeightsError, or UnknownCheckpoint."""
    table = _unwrapped(weights)
    with reading(file_name(weights)):
        architecture = next((one for one in architectures() if one.recognise(table)), None)
        if architecture is None:
            known = ", ".join(one.NAME for one in architectures())
            raise UnknownCheckpoint(description(weights, "upscaling model", known))
        network, table = architecture.load(table)
    dtype = devices.network_dtype(devices.compute_device()) if network.takes_half else torch.float32
    model = UpscaleModel(patcher_of(network, table, dtype, architecture.NAME))
    if model.input_channels not in PICTURES or model.output_channels not in PICTURES:
        raise UnknownCheckpoint(
            f"{file_name(weights)} is a network of {architecture.NAME} that makes {model.output_channels} channels of "
            f"{model.input_channels}: it is not for pictures."
        )
    return model


def _unwrapped(weights: Weights) -> Weights:
    for prefix in WRAPPINGS:
        if weights.has_prefix(prefix):
            weights = weights.under(prefix)
    return weights
