"""Opening a weight file of any kind: safetensors by memory map, older pickle formats through a restricted reader."""

from __future__ import annotations

from pathlib import Path

from comfy_core.weights.pickled import open_pickle
from comfy_core.weights.safe import open_safetensors
from comfy_core.weights.scaled import dequantised
from comfy_core.weights.table import Weights, WeightsError


def open_weights(path: str | Path, as_stored: bool = False) -> Weights:
    """Open a weight file; nothing but its header is read.

    Which kind it is follows from the ending: `.safetensors` and `.sft` are safetensors, every other one (`.ckpt`,
    `.pt`, `.pth`, `.bin`, `.pkl`) is a torch pickle, of which only tensors and plain containers are accepted. Matrices
    in 8 bits with a scale beside them are read multiplied out, unless they are wanted `as_stored`.

    Raises:
        WeightsError: the file is missing, empty, truncated, malformed, or carries code.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be opened: {error.strerror or error}.") from error
    if size == 0:
        raise WeightsError(f"{path.name} is empty (0 bytes); download it again.")
    if path.suffix.lower() in (".safetensors", ".sft"):
        weights = open_safetensors(path)
        return weights if as_stored else dequantised(weights)
    return open_pickle(path)
