"""Encoders of pictures under the names that packs know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from comfy_core.vision import ClipVisionModel, clip_preprocess, load_clip_vision
from comfy_core.vision import ClipVisionOutput as Output
from comfy_core.weights import Weights, open_weights

__all__ = ["ClipVisionModel", "Output", "clip_preprocess", "load", "load_clipvision_from_sd"]


def load(ckpt_path: str | Path) -> ClipVisionModel:
    """The encoder in a file. Raises WeightsError."""
    return load_clip_vision(open_weights(ckpt_path))


def load_clipvision_from_sd(sd: Mapping[str, Any], prefix: str = "", convert_keys: bool = False) -> ClipVisionModel:
    """The encoder in a table of tensors, under a prefix if there is one. Raises WeightsError."""
    return load_clip_vision(Weights.of(dict(sd)).under(prefix))
