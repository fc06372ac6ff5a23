"""Nodes that hold or choose one value, and those that find a size."""

from __future__ import annotations

import math
from typing import Annotated, Any

from nodes.schema import Boolean, Combo, Float, Int, Socket, String, Widget, node
from nodes.types import MAX_RESOLUTION

CATEGORY, MODULE = "utilities/primitive", "comfy_extras.nodes_primitive"
LARGEST = 2**63 - 1
MEGAPIXEL = 1024 * 1024
RATIOS = {
    "1:1 (Square)": (1, 1),
    "2:3 (Portrait Photo)": (2, 3),
    "3:2 (Photo)": (3, 2),
    "3:4 (Portrait Standard)": (3, 4),
    "4:3 (Standard)": (4, 3),
    "9:16 (Portrait Widescreen)": (9, 16),
    "16:9 (Widescreen)": (16, 9),
    "21:9 (Ultrawide)": (21, 9),
}
Place = Int(default=0, min=0, max=MAX_RESOLUTION, tooltip="In pixels, from the top left corner.")
Side = Int(default=512, min=1, max=MAX_RESOLUTION, tooltip="In pixels.")


@node("PrimitiveInt", title="Int", category=CATEGORY, python_module=MODULE)
def primitive_int(
    value: Annotated[
        int, Int(default=None, min=-LARGEST, max=LARGEST, control_after_generate="fixed", tooltip="A whole number.")
    ],
) -> Annotated[int, Int()]:
    """A whole number."""
    return value


@node("PrimitiveFloat", title="Float", category=CATEGORY, python_module=MODULE)
def primitive_float(
    value: Annotated[float, Float(default=None, min=-LARGEST, max=LARGEST, step=0.1, tooltip="A number.")],
) -> Annotated[float, Float()]:
    """A number."""
    return value


@node("PrimitiveBoolean", title="Boolean", category=CATEGORY, python_module=MODULE)
def primitive_boolean(
    value: Annotated[bool, Boolean(default=None, tooltip="Yes or no.")],
) -> Annotated[bool, Boolean()]:
    """Yes or no."""
    return value


@node(
    "PrimitiveString",
    title="Text",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("text", "string", "text box", "prompt"),
)
def primitive_string(value: Annotated[str, String(tooltip="A line of text.")]) -> Annotated[str, String()]:
    """A line of text."""
    return value


@node(
    "PrimitiveStringMultiline",
    title="Text (Multiline)",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("text", "string", "text multiline", "string multiline", "text box", "prompt"),
    essentials_category="Basics",
)
def primitive_string_multiline(
    value: Annotated[str, String(multiline=True, tooltip="Text of any length.")],
) -> Annotated[str, String()]:
    """Text."""
    return value


@node("PrimitiveBoundingBox", title="Bounding Box", category=CATEGORY, python_module="comfy_extras.nodes_images")
def primitive_bounding_box(
    x: Annotated[int, Place], y: Annotated[int, Place], width: Annotated[int, Side], height: Annotated[int, Side]
) -> Annotated[dict[str, int], Widget("BOUNDING_BOX")]:
    """A box in a picture."""
    return {"x": x, "y": y, "width": width, "height": height}


@node(
    "SeedNode",
    title="Seed",
    category="utilities",
    outputs=("seed",),
    python_module="comfy_extras.nodes_seed",
    search_aliases=("seed", "random"),
)
def seed_node(
    seed: Annotated[
        int,
        Int(
            default=None, min=0, max=2**63 - 1, control_after_generate="fixed", tooltip="The same gives the same noise."
        ),
    ],
) -> Annotated[int, Int()]:
    """A seed, for several nodes at once."""
    return seed


@node(
    "ComfyNumberConvert",
    title="Convert Number",
    category="utilities",
    python_module="comfy_extras.nodes_number_convert",
    search_aliases=(
        "int to float",
        "float to int",
        "number convert",
        "int2float",
        "float2int",
        "cast",
        "parse number",
        "string to number",
        "bool to int",
    ),
)
def number_convert(
    value: Annotated[
        Any, Socket("INT,FLOAT,STRING,BOOLEAN", display_name="value", tooltip="A number, or text of one.")
    ],
) -> tuple[Annotated[float, Float()], Annotated[int, Int()]]:
    """A number as a fraction and as a whole number, which is cut, not rounded."""
    try:
        number = float(value.strip() if isinstance(value, str) else value)
        return number, int(value) if isinstance(value, int) else int(number)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"value is {value!r}, which is no number") from error


@node(
    "CustomCombo",
    title="Custom Combo",
    category="utilities",
    outputs=("STRING", "INDEX"),
    experimental=True,
    python_module="comfy_extras.nodes_logic",
)
def custom_combo(
    choice: Annotated[str, Combo(None, tooltip="One of the words that were entered here.")], **others: Any
) -> tuple[Annotated[str, String()], Annotated[int, Int()]]:
    """One of a list of words of your own, and its place in the list."""
    return choice, int(others.get("index", 0))


@node(
    "ResolutionSelector",
    title="Resolution Selector",
    category="utilities",
    outputs=("width", "height"),
    python_module="comfy_extras.nodes_resolution",
)
def resolution_selector(
    aspect_ratio: Annotated[str, Combo(tuple(RATIOS), default="1:1 (Square)", tooltip="Width to height.")],
    megapixels: Annotated[float, Float(default=1.0, min=0.1, max=16.0, step=0.1, tooltip="In 1024 x 1024 pixels.")],
    multiple: Annotated[
        int, Int(default=8, min=8, max=128, step=4, advanced=True, tooltip="Both sides are multiples of it.")
    ],
) -> tuple[Annotated[int, Int()], Annotated[int, Int()]]:
    """The width and height of an aspect ratio that come closest to a number of pixels."""
    wide, high = RATIOS[aspect_ratio]
    scale = math.sqrt(megapixels * MEGAPIXEL / (wide * high)) / multiple
    return max(1, round(wide * scale)) * multiple, max(1, round(high * scale)) * multiple
