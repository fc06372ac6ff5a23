"""What methods of guidance share: sums over one picture, and the parts of a vector along another and across it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

Args = dict[str, Any]
"""What functions that change guidance are given: see `comfy_core.sampling.guidance.shared_arguments`."""


def inner(a: Tensor, b: Tensor) -> Tensor:
    """The inner product of each picture of `a` with that of `b`, [B, 1, ...]."""
    return (a * b).sum(dim=_picture(a), keepdim=True)


def norm(a: Tensor) -> Tensor:
    """The length of each picture, [B, 1, ...]."""
    return torch.linalg.vector_norm(a, dim=_picture(a), keepdim=True)


def spread(a: Tensor) -> Tensor:
    """The standard deviation of each picture, [B, 1, ...]."""
    return a.std(dim=_picture(a), keepdim=True)


def along(a: Tensor, b: Tensor) -> Tensor:
    """The part of each picture of `a` that lies along that of `b`; nothing where `b` is nothing."""
    square = inner(b, b)
    return b * torch.where(square > 0, inner(a, b) / square, 0.0)


def _picture(a: Tensor) -> tuple[int, ...]:
    return tuple(range(1, a.ndim))
