"""What can be done to an encoded prompt, a CONDITIONING: a list of `[text [1, N, width], dict]`, one entry a prompt.

The dictionary holds the pooled vector (`pooled_output` [1, width]) and what the sampler is to do with the entry: where
it counts (`area`, `mask`), when (`start_percent`, `end_percent`), and how much (`strength`). Nothing here changes what
it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Conditioning = list[list[Any]]


def with_values(conditioning: Conditioning, **values: Any) -> Conditioning:
    """Every entry with these values in its dictionary."""
    return [[text, {**extra, **values}] for text, extra in conditioning]


def appended(conditioning: Conditioning, name: str, value: Any) -> Conditioning:
    """Every entry with one more value in the list of this name in its dictionary."""
    return [[text, {**extra, name: [*extra.get(name, ()), value]}] for text, extra in conditioning]


def concatenated(first: Conditioning, second: Conditioning) -> Conditioning:
    """Every entry of `first` with the text of the first entry of `second` after its own.

    Raises:
        ValueError: the two were encoded by different text encoders, or `second` is empty.
    """
    more = _one_text(second)
    return [[torch.cat([text, _fitting(more, text)], dim=1), dict(extra)] for text, extra in first]


def averaged(first: Conditioning, second: Conditioning, share: float) -> Conditioning:
    """Every entry of `first` mixed with the first entry of `second`, `share` 0..1 of it being the former.

    A text that is shorter is filled up with zeros, one that is longer is cut. Raises ValueError as `concatenated`.
    """
    other, other_pooled = _one_text(second), second[0][1].get("pooled_output")
    mixed = []
    for text, extra in first:
        even = _fitting(other, text)[:, : text.shape[1]]
        even = torch.nn.functional.pad(even, (0, 0, 0, text.shape[1] - even.shape[1]))
        pooled = extra.get("pooled_output", other_pooled)
        if pooled is not None and other_pooled is not None:
            pooled = pooled * share + _fitting(other_pooled, pooled) * (1 - share)
        mixed.append([text * share + even * (1 - share), _with_pooled(extra, pooled)])
    return mixed


def multiplied(conditioning: Conditioning, factor: float) -> Conditioning:
    """Every text and pooled vector times `factor`."""
    return _mapped(conditioning, lambda vectors: vectors * factor)


def zeroed(conditioning: Conditioning) -> Conditioning:
    """Every text and pooled vector zero, which says less than an empty prompt does."""
    return _mapped(conditioning, torch.zeros_like)


def with_area(conditioning: Conditioning, area: tuple[Any, ...], strength: float) -> Conditioning:
    """Let prompts count in a box alone; see `comfy_core.sampling.regions` for what an area is."""
    return with_values(conditioning, area=area, strength=strength, set_area_to_bounds=False)


def with_mask(conditioning: Conditioning, mask: Tensor, strength: float, to_bounds: bool) -> Conditioning:
    """Let prompts count where a mask [h, w] or [B, h, w] is white; with `to_bounds` the model sees no more than the box
    around that."""
    mask = mask[None] if mask.ndim < 3 else mask
    return with_values(conditioning, mask=mask, mask_strength=strength, set_area_to_bounds=to_bounds)


def _mapped(conditioning: Conditioning, change: Callable[[Tensor], Tensor]) -> Conditioning:
    changed = []
    for text, extra in conditioning:
        pooled = extra.get("pooled_output")
        changed.append([change(text), _with_pooled(extra, None if pooled is None else change(pooled))])
    return changed


def _one_text(conditioning: Conditioning) -> Tensor:
    if not conditioning:
        raise ValueError("there is no prompt in the second conditioning; link one that was encoded")
    return conditioning[0][0]


def _fitting(tensor: Tensor, like: Tensor) -> Tensor:
    """The tensor on the other's device. Raises ValueError where the two come from different text encoders."""
    if tensor.shape[-1] != like.shape[-1]:
        raise ValueError(
            f"these prompts were encoded for different models: the vectors of one are {like.shape[-1]} wide, those of "
            f"the other {tensor.shape[-1]}; encode both with the same CLIP"
        )
    return tensor.to(like)


def _with_pooled(extra: dict[str, Any], pooled: Tensor | None) -> dict[str, Any]:
    return dict(extra) if pooled is None else {**extra, "pooled_output": pooled}
