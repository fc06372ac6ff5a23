"""Whole numbers beyond 64 bits, which nodes may have as bounds and messages cannot hold: as floating point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

SMALLEST, LARGEST = -(2**63), 2**64 - 1


def encoded(encode: Callable[[Any], bytes], data: Any) -> bytes:
    """What `encode` makes of data; where it meets numbers that are too large, of the nearest floating point ones."""
    try:
        return encode(data)
    except OverflowError:
        return encode(_narrowed(msgspec.to_builtins(data, enc_hook=str)))


def _narrowed(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _narrowed(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_narrowed(value) for value in data]
    return float(data) if isinstance(data, int) and not SMALLEST <= data <= LARGEST else data
