"""How latents of a family are scaled, under the names that packs know. They ask of which kind a model's latents are."""

from __future__ import annotations

from typing import Any

from comfy_core.families import playground, sd1, sdxl
from comfy_core.latent_format import LatentFormat

__all__ = ["SD15", "SDXL", "LatentFormat", "SDXL_Playground_2_5"]
OTHER_FAMILIES = ("SD3", "Flux", "Mochi", "LTXV", "HunyuanVideo", "Wan21", "Wan22", "StableAudio1", "Cosmos1CV8x8x8")


class _Family(type):
    """Its instances are the formats that scale as `usual` does; called, it gives that one."""

    usual: LatentFormat | None = None

    def __call__(cls) -> Any:
        if cls.usual is None:
            raise NotImplementedError(f"latents of {cls.__name__} are of a family that is not supported yet")
        return cls.usual

    def __instancecheck__(cls, one: Any) -> bool:
        return isinstance(one, LatentFormat) and cls.usual is not None and _scaling(one) == _scaling(cls.usual)


def _scaling(latents: LatentFormat) -> tuple[Any, ...]:
    return latents.scale_factor, latents.shift_factor, latents.mean, latents.std


class SD15(metaclass=_Family):
    usual = sd1.LATENTS


class SDXL(metaclass=_Family):
    usual = sdxl.LATENTS


class SDXL_Playground_2_5(metaclass=_Family):
    usual = playground.LATENTS


def __getattr__(name: str) -> Any:
    """A family that is not supported has a class, and no model's latents are of it."""
    if name not in OTHER_FAMILIES:
        raise AttributeError(f"module 'comfy.latent_formats' has no attribute {name!r}")
    return _Family(name, (), {})
