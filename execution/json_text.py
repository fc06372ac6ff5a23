"""Reads JSON texts of our own, which may hold what strict readers refuse: NaN, infinities, half surrogate pairs."""

from __future__ import annotations

import json
from typing import Any

import msgspec


def read(text: str | bytes) -> Any:
    """The same value as from `json.loads`, most often in half the time. Raises ValueError, RecursionError."""
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return json.loads(text)
