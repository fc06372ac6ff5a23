"""Text on pictures, in the typeface that Pillow brings."""

from __future__ import annotations

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from comfy_core.media.images import to_tensor

MARGIN = 0.5
"""Around the text, in heights of a letter."""
OUTLINE = 0.08
LIGHT = 0.5


def lettered(
    images: Tensor, text: str, size: float, colour: tuple[float, float, float], below: bool, align: str, outline: bool
) -> Tensor:
    """Pictures [B, H, W, C] with text at the top or `below`; `size` is a letter's height by the picture's, `align` is
    left, center or right. With `outline`, letters have a rim of black or white, whichever they are not."""
    height, width = images.shape[1:3]
    letters = max(1.0, size * height)
    shape = _shape(text, (width, height), letters, below, align)
    out = images.clone()
    if outline:
        rim = 0.0 if sum(colour) / 3 > LIGHT else 1.0
        wide = _shape(text, (width, height), letters, below, align, max(1, round(OUTLINE * letters)))
        out[..., :3] += wide * (rim - out[..., :3])
    out[..., :3] += shape * (torch.tensor(colour).to(out) - out[..., :3])
    return out


def _shape(text: str, size: tuple[int, int], letters: float, below: bool, align: str, rim: int = 0) -> Tensor:
    """How much of each pixel [H, W, 1] is text."""
    width, height = size
    sheet = Image.new("L", size)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(letters)
    margin = MARGIN * letters
    broken = "\n".join(_broken(line, font, width - 2 * margin) for line in text.split("\n"))
    place = {"left": margin, "center": width / 2, "right": width - margin}[align]
    edge = {"left": "l", "center": "m", "right": "r"}[align]
    top, _, bottom = (draw.multiline_textbbox((0, 0), broken, font=font)[i] for i in (1, 2, 3))
    y = height - margin - bottom if below else margin - top
    draw.multiline_text((place, y), broken, fill=255, font=font, anchor=edge + "a", align=align, stroke_width=rim)
    return to_tensor(sheet)[..., None]


def _broken(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    """A line broken between words where it is wider than `width` pixels."""
    lines = [""]
    for word in line.split(" "):
        longer = f"{lines[-1]} {word}".lstrip(" ")
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)
