"""What goes on around a run of a sampler, as packs call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comfy_core.sampling.conditions import further_models
from comfy_core.sampling.inpaint import prepare_mask

__all__ = ["get_additional_models", "prepare_mask"]


def get_additional_models(conds: Mapping[str, Any], dtype: Any) -> tuple[list[Any], int]:
    """The models that conditionings [[tensor, dict], …] by name ask for, and the bytes that they work in."""
    return further_models(dict(conds)), 0
