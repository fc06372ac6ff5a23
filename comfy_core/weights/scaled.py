"""Matrices in 8 bits with a scale beside each ("scaled fp8"), read as what they stand for.

Two layouts circulate: `X.weight` with `X.scale_weight` and a mark `scaled_fp8`, and `X.weight` with `X.weight_scale`
and a description `X.comfy_quant`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from comfy_core.weights.table import Entry, Weights

FP8 = (torch.float8_e4m3fn, torch.float8_e5m2)
MARK = "scaled_fp8"
SCALE = ".scale_weight"
SCALE_NAMES = (SCALE, ".weight_scale")
BESIDE = (*SCALE_NAMES, ".scale_input", ".input_scale", ".comfy_quant")


def dequantised(weights: Weights) -> Weights:
    """The table with its scaled matrices multiplied out when they are read, as float32; others are as they are."""
    scaled: dict[str, str] = {}
    for name in weights:
        if name.endswith(".weight") and weights.dtype(name) in FP8:
            stem = name.removesuffix(".weight")
            scale = next((stem + ending for ending in SCALE_NAMES if stem + ending in weights), None)
            if scale is not None:
                scaled[weights.stored[name]] = scale
    if not scaled:
        return weights
    entries = {name: Entry(weights.entries[name].shape, torch.float32) for name in scaled}
    kept = {
        name: stored
        for name, stored in weights.stored.items()
        if not name.endswith(BESIDE) and name.rpartition(".")[2] != MARK
    }
    return replace(weights, entries={**weights.entries, **entries}, stored=kept, read=_reader(weights, scaled))


def _reader(weights: Weights, scaled: dict[str, str]) -> Callable[[str], Tensor]:
    def read(stored: str) -> Tensor:
        tensor = weights.read(stored)
        if stored not in scaled:
            return tensor
        scale = weights[scaled[stored]].float()
        if scale.ndim == 1 and tensor.ndim > 1:  # one for each row
            scale = scale.reshape(-1, *(1,) * (tensor.ndim - 1))
        return tensor.float() * scale

    return read
