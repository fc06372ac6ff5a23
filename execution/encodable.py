"""What nodes may say and messages cannot hold, made so that they can: whole numbers beyond 64 bits become floating
point, half surrogate pairs the replacement character."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

SMALLEST, LARGEST = -(2**63), 2**64 - 1


def encoded(encode: Callable[[Any], bytes], data: Any) -> bytes:
    """What `encode` makes of data; where it meets what it cannot hold, of what comes nearest."""
    try:
        return encode(data)
    except (OverflowError, UnicodeEncodeError):
        return encode(_encodable(msgspec.to_builtins(data, enc_hook=str, builtin_types=(bytes,))))


def _encodable(data: Any) -> Any:
    if isinstance(data, dict):
        return {_encodable(name): _encodable(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_encodable(value) for value in data]
    if isinstance(data, str):
        return data if data.isascii() else data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return float(data) if isinstance(data, int) and not SMALLEST <= data <= LARGEST else data
