"""Small helpers that nodes share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any


def conditioning_set_values(
    conditioning: Any, values: Mapping[str, Any] | None = None, append: bool = False
) -> list[list[Any]]:
    """A copy of a conditioning [[tensor, dict], …] with entries set; with `append`, lists go on instead."""
    changed = []
    for tensor, entries in conditioning:
        entries = dict(entries)
        for key, value in (values or {}).items():
            entries[key] = entries[key] + value if append and entries.get(key) is not None else value
        changed.append([tensor, entries])
    return changed


def pillow(function: Callable[[Any], Any], argument: Any) -> Any:
    """Call a Pillow function; a truncated file is read as far as it goes."""
    from PIL import ImageFile, UnidentifiedImageError

    try:
        return function(argument)
    except (OSError, UnidentifiedImageError, ValueError):
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
        try:
            return function(argument)
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def hasher() -> Callable[..., Any]:
    """The hash function that stands for a file's content."""
    return hashlib.sha256


def string_to_torch_dtype(name: str) -> Any:
    """The torch dtype of "fp32", "fp16" or "bf16"; None for other names."""
    import torch

    return {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}.get(name)
