"""The kinds of pictures that a union of ControlNets knows, in the order of its release (xinsir6/ControlNetPlus)."""

from __future__ import annotations

from comfy_core.control.base import ControlBase
from comfy_core.control.controlnet import ControlNet

KINDS = (
    "openpose",
    "depth",
    "hed/pidi/scribble/ted",
    "canny/lineart/anime_lineart/mlsd",
    "normal",
    "segment",
    "tile",
    "repaint",
)


def with_kind(control: ControlBase, kind: str) -> ControlBase:
    """A ControlNet told what its pictures are: one of KINDS, or `auto`.

    Raises ValueError for one that knows no kinds, or not this one.
    """
    types = control.types if isinstance(control, ControlNet) else 0
    if kind != "auto" and KINDS.index(kind) >= types:
        known = f"knows {', '.join(KINDS[:types])}" if types else "is for one kind of pictures alone"
        raise ValueError(f"{control.name} {known}: choose auto, or load a ControlNet that knows {kind}")
    told = control.copy()
    if types:
        told.set_extra_arg("control_type", [] if kind == "auto" else [KINDS.index(kind)])
    return told
