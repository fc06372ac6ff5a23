"""ControlNets and T2I-Adapters under the names that packs know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from comfy_core import control
from comfy_core.control import ControlBase, StrengthType
from comfy_core.control.controlnet import ControlNet
from comfy_core.control.delta import DeltaControlNet as ControlLora
from comfy_core.control.t2i_adapter import T2IAdapter
from comfy_core.weights import open_weights

__all__ = ["ControlBase", "ControlLora", "ControlNet", "StrengthType", "T2IAdapter", "load_controlnet"]


def load_controlnet(ckpt_path: str | Path, model: Any = None, model_options: Any = None) -> ControlBase:
    """What a file holds that leads a model by pictures; `model` is what one stored as a difference is put on."""
    return control.load_controlnet(open_weights(ckpt_path), model)
