"""Weights in 8 bits: numbers of the types e4m3 and e5m2, and the scale that each matrix was divided by.

The layout is the one that circulates as "scaled fp8": `X.weight` in fp8 beside `X.scale_weight`, and a tensor
`scaled_fp8` whose type says which. Micikevicius et al. 2022, "FP8 Formats for Deep Learning",
https://arxiv.org/abs/2209.05433.
"""

from __future__ import annotations

import torch
from torch import Tensor

from comfy_core.weights import Weights, WeightsError
from comfy_core.weights.scaled import MARK, SCALE
from comfy_core.weights.table import Entry
from comfy_core.weights.write import Planned, copied

TYPES = {"e4m3": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2}
NETWORKS = ("model.diffusion_model.", "diffusion_model.", "")
EDGES = ("time_embed.", "label_emb.", "input_blocks.0.", "out.", "img_in.", "txt_in.", "final_layer.", "x_embedder.")
"""Layers at the ends of a network, small and sensitive, that stay as they are."""
FLOATS = (torch.float32, torch.float16, torch.bfloat16)


def quantised(weights: Weights, type: str, scales: bool = True) -> dict[str, Planned]:
    """The tensors of a file whose diffusion model is in fp8: its matrices with a scale each, or (`scales` False) its
    matrices and convolutions as they are, only with fewer bits.

    Raises WeightsError when there is nothing to quantise.
    """
    prefix = next(one for one in NETWORKS if not one or weights.has_prefix(one))
    planned: dict[str, Planned] = {}
    for name in weights:
        inner = name.removeprefix(prefix) if name.startswith(prefix) else EDGES[0]
        wanted = weights.dtype(name) in FLOATS and name.endswith(".weight") and not inner.startswith(EDGES)
        if not wanted or len(weights.shape(name)) not in ((2,) if scales else (2, 3, 4)):
            planned[name] = copied(weights, name)
        elif scales:
            planned |= _with_scale(weights, name, TYPES[type])
        else:
            planned[name] = _plain(weights, name, TYPES[type])
    if all(one.entry.dtype not in TYPES.values() for one in planned.values()):
        raise WeightsError(f"{weights.path.name if weights.path else 'the file'} has no matrices to quantise.")
    mark = Planned(Entry((0,), TYPES[type]), lambda: torch.empty(0, dtype=TYPES[type]))
    return planned | ({prefix + MARK: mark} if scales else {})


def _with_scale(weights: Weights, name: str, dtype: torch.dtype) -> dict[str, Planned]:
    def scale() -> Tensor:
        largest = weights[name].abs().max().float()
        return torch.where(largest > 0, largest / torch.finfo(dtype).max, 1.0)

    entry = Entry(weights.shape(name), dtype)
    return {
        name: Planned(entry, lambda: (weights[name].float() / scale()).to(dtype), lambda: weights.release(name)),
        name.removesuffix(".weight") + SCALE: Planned(Entry((), torch.float32), scale, lambda: weights.release(name)),
    }


def _plain(weights: Weights, name: str, dtype: torch.dtype) -> Planned:
    largest = torch.finfo(dtype).max
    return Planned(
        Entry(weights.shape(name), dtype),
        lambda: weights[name].float().clamp(-largest, largest).to(dtype),
        lambda: weights.release(name),
    )
