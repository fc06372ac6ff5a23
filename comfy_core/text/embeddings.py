"""Textual inversion: learned vectors that stand in the place of words (Gal et al. 2022, https://arxiv.org/abs/2208.01618).

Files of every trainer are read: AUTOMATIC1111 `.pt` (`string_to_param`) and `.safetensors` (`emb_params`), diffusers
`.bin` and `.safetensors` (one tensor named by its token), and files for several encoders (`clip_l`, `clip_g`, `t5xxl`).
"""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

from torch import Tensor

from comfy_core import folders
from comfy_core.weights import Weights, WeightsError, open_weights

log = logging.getLogger(__name__)
ENDINGS = ("", ".safetensors", ".pt", ".bin")
NAMES = ("string_to_param.*", "emb_params")


def find_embedding(name: str, encoder: str, width: int) -> tuple[Tensor | None, str]:
    """The vectors [n, width] of `embedding:name` for an encoder (`clip_l` ...), and trailing commas of the name.

    A missing, unreadable or unfit file is said in the log and left out of the prompt: the vectors are None.
    """
    for candidate in dict.fromkeys([name, name.rstrip(","), name.strip(",")]):
        path = embedding_file(candidate)
        if path is not None:
            return _vectors(path, encoder, width), name[len(candidate) :]
    log.warning("embedding:%s is not in models/embeddings/; it is left out of the prompt", name)
    return None, ""


def embedding_file(name: str) -> Path | None:
    """The file of an embedding, whose name in a prompt may leave the ending out; None if there is none."""
    for ending in ENDINGS:
        try:
            return folders.current().find_model("embeddings", name + ending)
        except (FileNotFoundError, ValueError, OSError):
            continue
    return None


def _vectors(path: Path, encoder: str, width: int) -> Tensor | None:
    state = path.stat()
    try:
        vectors = _read(path, encoder, state.st_mtime_ns, state.st_size)
    except WeightsError as error:
        log.warning("%s It is left out of the prompt.", error)
        return None
    if vectors.ndim != 2 or vectors.shape[1] != width:
        log.warning(
            "%s has vectors of shape %s and this model's text encoder takes %d wide ones; it is left out of the prompt",
            path.name,
            tuple(vectors.shape),
            width,
        )
        return None
    return vectors


@lru_cache(maxsize=64)
def _read(path: Path, encoder: str, mtime: int, size: int) -> Tensor:
    weights = open_weights(path)
    vectors = weights[_chosen(weights, encoder)].float()
    return vectors[None] if vectors.ndim == 1 else vectors


def _chosen(weights: Weights, encoder: str) -> str:
    for name in (encoder, *NAMES):
        if name in weights:
            return name
    return next(iter(weights))
