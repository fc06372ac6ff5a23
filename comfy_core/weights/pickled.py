"""The older torch formats (`.ckpt`, `.pt`, `.pth`, `.bin`), read without ever running the code a pickle may carry.

`torch.load(weights_only=True)` builds tensors and plain containers only; every other name in the pickle stops it
before the name is imported. A few harmless classes that training frameworks leave in checkpoints are let through as
`Inert` stand-ins, so that the original Stable Diffusion files load.
"""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from comfy_core.weights.table import Weights, WeightsError


class Inert:
    """Stands where a pickle names a class that is not needed: takes anything, does nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


LEFTOVERS = (
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
    "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
    "lightning.pytorch.callbacks.model_checkpoint.ModelCheckpoint",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.dtype",
)
WRAPPERS = ("state_dict", "model", "params_ema", "params", "module")


def open_pickle(path: Path) -> Weights:
    """Read the tensors of a torch pickle, new (zip) or old format. Raises WeightsError for anything else in it."""
    content = load_pickle(path)
    tensors = flatten(content)
    if not tensors:
        raise WeightsError(f"{path.name} holds no tensors.")
    return Weights.of(tensors, path=path)


def load_pickle(path: Path) -> Any:
    """The object in a torch pickle: tensors, numbers, strings and containers of them.

    Raises:
        WeightsError: the pickle names anything that is not such a value (it is not run), or the file is damaged.
    """
    allowed: list[Any] = [(Inert, name) for name in LEFTOVERS] + [torch.nn.ParameterDict]
    try:
        with torch.serialization.safe_globals(allowed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        raise WeightsError(_refusal(path.name, str(error))) from error
    except Exception as error:  # a damaged pickle can fail in any way at all
        raise WeightsError(
            f"{path.name} is not a readable torch file ({type(error).__name__}); download it again."
        ) from error


def _refusal(file: str, message: str) -> str:
    name = re.search(
        r"(?:GLOBAL|Unsupported global:|Unsupported class|function)\s+(?:GLOBAL\s+)?([\w.]+\.[\w.]+)", message
    )
    if name:
        return (
            f"{file} was refused: it is a pickle that asks for {name[1]}, and only tensors are accepted; "
            "nothing in it was run. Use a .safetensors version of it."
        )
    return (
        f"{file} is not a readable torch file: it is damaged or holds more than tensors; nothing in it was run. "
        "Download it again, as .safetensors if there is a choice."
    )


def flatten(content: Any) -> dict[str, Tensor]:
    """The named tensors in a loaded pickle; `state_dict`-like wrappers are opened, other nesting joined by dots."""
    if isinstance(content, Mapping):
        for word in WRAPPERS:
            inner = content.get(word)
            if isinstance(inner, Mapping) and any(isinstance(value, Tensor) for value in inner.values()):
                return flatten(inner)
    found: dict[str, Tensor] = {}
    _collect("", content, found)
    return found


def _collect(name: str, value: Any, found: dict[str, Tensor]) -> None:
    if isinstance(value, Tensor):
        found[name] = value.detach()
    elif isinstance(value, Mapping | torch.nn.ParameterDict):
        for key, inner in value.items():
            _collect(f"{name}.{key}" if name else str(key), inner, found)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            if isinstance(inner, Mapping):
                _collect(f"{name}.{place}" if name else str(place), inner, found)
