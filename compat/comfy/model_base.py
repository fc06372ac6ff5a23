"""Models by family, under the names that packs know. They ask of which kind a model is."""

from __future__ import annotations

from typing import Any

from comfy_core.families import sd2_unclip, sdxl, sdxl_refiner
from comfy_core.model import DiffusionModel as BaseModel
from comfy_core.model import ModelType

__all__ = ["SD21UNCLIP", "SDXL", "BaseModel", "ModelType", "SDXLRefiner"]
OTHER_FAMILIES = ("SD3", "Flux", "AuraFlow", "PixArt", "HunyuanDiT", "HunyuanVideo", "LTXV", "WAN21", "Chroma")
SDXLRefiner = sdxl_refiner.SDXLRefiner
SD21UNCLIP = sd2_unclip.UnClip


class _Base(type):
    """Counts as its own what is of SDXL and not of its refiner, which is built on it."""

    def __instancecheck__(cls, one: Any) -> bool:
        return isinstance(one, sdxl.SDXL) and not isinstance(one, SDXLRefiner)


class SDXL(metaclass=_Base):
    pass


def __getattr__(name: str) -> Any:
    """A family that is not supported has a class, and no model is of it."""
    if name not in OTHER_FAMILIES:
        raise AttributeError(f"module 'comfy.model_base' has no attribute {name!r}")
    return type(name, (), {})
