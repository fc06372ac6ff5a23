"""What an IP-Adapter is shown, as its encoder saw it: pictures, and what stands for no picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from comfy_core.concat import repeated
from comfy_core.ip_adapter.loading import IPAdapter

COMBINED: dict[str, Callable[[Tensor], Tensor]] = {
    "concat": lambda embeds: embeds,
    "add": lambda embeds: embeds.sum(0, keepdim=True),
    "subtract": lambda embeds: embeds[:1] - embeds[1:].mean(0, keepdim=True) if len(embeds) > 1 else embeds,
    "average": lambda embeds: embeds.mean(0, keepdim=True),
    "norm average": lambda embeds: (embeds / embeds.norm(dim=0, keepdim=True)).mean(0, keepdim=True),
    "max": lambda embeds: embeds.amax(0, keepdim=True),
    "min": lambda embeds: embeds.amin(0, keepdim=True),
}
"""Ways to make one of several pictures; `concat` keeps them all."""
FOR_PICTURES = tuple(COMBINED)[:5]


def combined(embeds: Sequence[Tensor], method: str) -> Tensor:
    """Several pictures as one, or with `concat` in a row. Raises ValueError for those that different encoders saw."""
    if len({one.shape[1:] for one in embeds}) > 1:
        shapes = ", ".join(str(list(one.shape)) for one in embeds)
        raise ValueError(f"these embeds were made for different IP-Adapters: their shapes are {shapes}")
    return COMBINED[method](torch.cat(list(embeds)))


def seen_in(adapter: IPAdapter, pictures: Tensor, mask: Tensor | None = None, at_once: int = 0) -> Tensor:
    """What is seen in pictures [B, H, W, 3] where a mask [b, H, W] is white; `at_once` of them together, 0 for all."""
    assert adapter.clip_vision is not None
    encode, parts = adapter.clip_vision.encode_image, pictures.split(at_once or len(pictures))
    masks = [None] * len(parts) if mask is None else repeated(mask, len(pictures)).split(at_once or len(pictures))
    seen = [adapter.embeds(encode(part, mask=one)) for part, one in zip(parts, masks, strict=True)]
    return torch.cat(seen)


def seen_in_nothing(adapter: IPAdapter, like: Tensor) -> Tensor:
    """What stands for no picture, as in training: no embedding at all, or the patches of an even one."""
    if not adapter.network.takes_patches:
        return torch.zeros_like(like[:1])
    assert adapter.clip_vision is not None
    return adapter.embeds(adapter.clip_vision.encode_nothing())
