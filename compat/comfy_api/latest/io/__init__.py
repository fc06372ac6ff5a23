"""The words that schema style nodes are written in."""

from execution.replacements import Replacement as NodeReplace

from ._base import ComfyType, ComfyTypeI, ComfyTypeIO, Input, Output, WidgetInput
from ._combos import Combo, FolderType, MultiCombo, MultiType, RemoteOptions, UploadType
from ._dynamic import Autogrow, DynamicCombo, DynamicSlot, MatchType
from ._node import ComfyNode, HiddenHolder, NodeOutput
from ._schema import Hidden, PriceBadge, PriceBadgeDepends, Schema
from ._sockets import *  # noqa: F403
from ._widgets import (
    Boolean,
    BoundingBox,
    BoundingBoxes,
    Color,
    Colors,
    Compositor,
    ControlAfterGenerate,
    Curve,
    Float,
    ImageCompare,
    Int,
    Load3D,
    Load3DAnimation,
    NumberDisplay,
    Range,
    String,
    Webcam,
)

__all__ = [
    "Autogrow",
    "Boolean",
    "BoundingBox",
    "BoundingBoxes",
    "Color",
    "Colors",
    "Combo",
    "ComfyNode",
    "ComfyType",
    "ComfyTypeI",
    "ComfyTypeIO",
    "Compositor",
    "ControlAfterGenerate",
    "Curve",
    "DynamicCombo",
    "DynamicSlot",
    "Float",
    "FolderType",
    "Hidden",
    "HiddenHolder",
    "ImageCompare",
    "Input",
    "Int",
    "Load3D",
    "Load3DAnimation",
    "MatchType",
    "MultiCombo",
    "MultiType",
    "NodeOutput",
    "NodeReplace",
    "NumberDisplay",
    "Output",
    "PriceBadge",
    "PriceBadgeDepends",
    "Range",
    "RemoteOptions",
    "Schema",
    "String",
    "UploadType",
    "Webcam",
    "WidgetInput",
]
