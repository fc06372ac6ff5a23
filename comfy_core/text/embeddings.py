"""Textual inversion: learned vectors that stand in the place of words (Gal et al. 2022, https://arxiv.org/abs/2208.01618).

Files of every trainer are read: AUTOMATIC1111 `.pt` (`string_to_param`) and `.safetensors` (`emb_params`), diffusers
`.bin` and `.safetensors` (one tensor named by its token), files for several encoders (`clip_l`, `clip_g`, `t5xxl`), and
LoRA files that carry embeddings with them (`bundle_emb.NAME.…`).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from comfy_core import folders, progress
from comfy_core.weights import Weights, WeightsError, open_weights

ENDINGS = ("", ".safetensors", ".pt", ".bin")
NAMES = ("string_to_param.*", "emb_params")
BUNDLE = "bundle_emb."


def find_embedding(name: str, encoder: str, width: int) -> tuple[Tensor | None, str]:
    """The vectors [n, width] of `embedding:name` for an encoder (`clip_l` ...), and trailing commas of the name.

    A missing, unreadable or unfit file is left out of the prompt, with a warning: the vectors are None.
    """
    for candidate in dict.fromkeys([name, name.rstrip(","), name.strip(",")]):
        path = embedding_file(candidate)
        if path is not None:
            return _vectors(path, encoder, width), name[len(candidate) :]
    progress.warn(f"embedding:{name} is not in models/embeddings/; it is left out of the prompt")
    return None, ""


def embedding_file(name: str) -> Path | None:
    """The file of an embedding, which may lie in a folder of models/embeddings/, and whose name in a prompt may leave
    that and the ending out; None if there is none."""
    for ending in ENDINGS:
        try:
            return folders.current().find_model("embeddings", name + ending)
        except (FileNotFoundError, ValueError, OSError):
            continue
    return _deeper_file(name)


def _deeper_file(name: str) -> Path | None:
    own = folders.current()
    for listed in own.files("embeddings"):
        path = Path(listed)
        if len(path.parts) > 1 and name in (path.name, path.stem):
            return own.find_model("embeddings", listed)
    return None


def _vectors(path: Path, encoder: str, width: int) -> Tensor | None:
    state = path.stat()
    try:
        vectors = _read(path, encoder, state.st_mtime_ns, state.st_size)
    except WeightsError as error:
        progress.warn(f"{error} It is left out of the prompt.")
        return None
    if vectors.ndim != 2 or vectors.shape[1] != width:
        progress.warn(
            f"embedding:{path.stem} is for another model: its vectors are {vectors.shape[-1]} wide and this text "
            f"encoder ({encoder}) takes {width} wide ones; it is left out of the prompt"
        )
        return None
    return vectors


@lru_cache(maxsize=64)
def _read(path: Path, encoder: str, mtime: int, size: int) -> Tensor:
    weights = open_weights(path)
    if not len(weights):
        raise WeightsError(f"{path.name} holds no tensors.")
    found = torch.cat([_rows(weights[name]) for name in _chosen(weights, encoder)]).float()
    if not found.isfinite().all():
        raise WeightsError(f"{path.name} holds numbers that are infinite or not numbers.")
    return found


def _rows(tensor: Tensor) -> Tensor:
    """Vectors [n, width] of a tensor that may hold one alone."""
    return tensor.reshape(-1, tensor.shape[-1]) if tensor.ndim else tensor.reshape(1, 1)


def _chosen(weights: Weights, encoder: str) -> list[str]:
    """The names of the tensors for an encoder, one after the other one embedding."""
    for name in (encoder, *NAMES):
        if name in weights:
            return [name]
    bundled = [name for name in weights if name.startswith(BUNDLE) and name.endswith((f".{encoder}", f".{NAMES[0]}"))]
    listed = [name for name in weights if name.split(".")[0].isdigit()]
    return bundled or listed or list(weights)[:1]
