"""Pictures in rows and columns on one sheet, with labels along its sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

PAPER, INK = (255, 255, 255), (24, 24, 24)
LETTERS_ACROSS = 18
SMALLEST_FONT, LARGEST_FONT = 11, 48
MOST_LINES = 4
LARGEST_SIDE = 32_000


def sheet(
    rows: Sequence[Sequence[Image.Image]],
    columns: Sequence[str] = (),
    names: Sequence[str] = (),
    title: str = "",
    gap: int = 0,
) -> Image.Image:
    """One picture of all: `columns` are the labels above, `names` those beside the rows; smaller ones are centred.

    Raises ValueError when it would be too large for a file.
    """
    cells = [one for row in rows for one in row]
    width, height = (max(one.size[side] for one in cells) for side in (0, 1))
    across, down = max(len(row) for row in rows), len(rows)
    font = ImageFont.load_default(min(max(width // LETTERS_ACROSS, SMALLEST_FONT), LARGEST_FONT))
    line = round(font.size * 1.3)  # type: ignore[union-attr]
    head = [_wrapped(text, font, width) for text in columns]
    side = [_wrapped(text, font, width) for text in names]
    top_title = _wrapped(title, font, width * across) if title else []
    left = round(max((font.getlength(text) for lines in side for text in lines), default=0)) + (line if side else 0)
    top = line * (len(top_title) + max((len(lines) for lines in head), default=0)) + (line // 2 if head or title else 0)
    size = left + across * (width + gap) - gap, top + down * (height + gap) - gap
    if max(size) > LARGEST_SIDE:
        raise ValueError(
            f"the sheet would have {size[0]} × {size[1]} pixels, more than {LARGEST_SIDE} on a side; make it of fewer "
            "or smaller pictures"
        )
    page = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(page)
    for number, row in enumerate(rows):
        for place, one in enumerate(row):
            x, y = left + place * (width + gap), top + number * (height + gap)
            page.paste(one, (x + (width - one.width) // 2, y + (height - one.height) // 2))
    _write(draw, top_title, (left + size[0]) // 2, line * len(top_title) // 2, font, line)
    room = top - line * len(top_title)
    for place, lines in enumerate(head):
        middle = left + place * (width + gap) + width // 2
        _write(draw, lines, middle, line * len(top_title) + room // 2, font, line)
    for number, lines in enumerate(side):
        _write(draw, lines, left // 2, top + number * (height + gap) + height // 2, font, line)
    return page


def _write(draw: ImageDraw.ImageDraw, lines: Sequence[str], x: int, y: int, font: Any, line: int) -> None:
    """Lines of text, centred on a point."""
    for number, text in enumerate(lines):
        draw.text((x, y + line * (number - (len(lines) - 1) / 2)), text, fill=INK, font=font, anchor="mm")


def _wrapped(text: str, font: Any, width: float) -> list[str]:
    """The text in lines no wider than `width`; what does not fit into a few lines is cut."""
    lines = [""]
    for word in " ".join(text.split()).split(" "):
        for piece in _pieces(word, font, width):
            longer = f"{lines[-1]} {piece}".strip()
            if font.getlength(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(piece)
    lines = [one for one in lines if one]
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1][:-1] + "…"]


def _pieces(word: str, font: Any, width: float) -> list[str]:
    pieces = []
    while word and font.getlength(word) > width and len(word) > 1:
        end = next((end for end in range(len(word) - 1, 1, -1) if font.getlength(word[:end]) <= width), 1)
        pieces.append(word[:end])
        word = word[end:]
    return [*pieces, word]
