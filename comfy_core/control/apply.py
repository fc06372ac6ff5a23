"""Putting a control on prompts."""

from __future__ import annotations

from torch import Tensor

from comfy_core.conditioning import Conditioning
from comfy_core.control.base import ControlBase


def controlled(
    control: ControlBase,
    pictures: Tensor,
    strength: float,
    *sides: Conditioning,
    start_percent: float = 0.0,
    end_percent: float = 1.0,
    for_negative: bool = False,
) -> list[Conditioning]:
    """Every entry of the sides of a prompt controlled by pictures [b, H, W, C], besides what controls it already.

    Entries that were controlled alike still are, and are asked about together. With `for_negative` a side that has no
    control of its own is controlled as the positive one.
    """
    made: dict[int, ControlBase] = {}

    def behind(before: ControlBase | None) -> ControlBase:
        if id(before) not in made:
            shown = control.copy().set_cond_hint(pictures.movedim(-1, 1), strength, (start_percent, end_percent))
            made[id(before)] = shown.set_previous_controlnet(before)
        return made[id(before)]

    return [
        [
            [text, {**extra, "control": behind(extra.get("control")), "control_apply_to_uncond": for_negative}]
            for text, extra in side
        ]
        for side in sides
    ]
