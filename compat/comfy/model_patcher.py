"""The model as nodes hand it on, as packs import it. torch is imported when it is first needed."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "ModelPatcher":
        from comfy_core.patcher import ModelPatcher

        return ModelPatcher
    raise AttributeError(f"module 'comfy.model_patcher' has no attribute {name!r}")
