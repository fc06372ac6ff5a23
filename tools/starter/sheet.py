"""A contact sheet of 24 prompts, into `docs/starter_contact_sheet.png`: `python -m tools.starter.sheet`"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tools.starter import data
from tools.starter.pictures import paint

PATH = Path(__file__).resolve().parents[2] / "docs" / "starter_contact_sheet.png"
COLUMNS, GAP, LINE = 6, 12, 22
PROMPTS = [
    "a red apple",
    "cat face",
    "rocket",
    "pizza on a blue background",
    "a panda face on a green background",
    "a house on grass",
    "a rocket at night",
    "a sunflower in the sky",
    "a butterfly",
    "a strawberry on a pink background",
    "a tropical fish on a blue background",
    "a pumpkin at night",
    "a doughnut",
    "a red car on a yellow background",
    "a penguin",
    "a robot face on a purple background",
    "a cactus on the beach",
    "a rainbow in the sky",
    "a fox face",
    "a snowman at night",
    "a birthday cake on a white background",
    "a soccer ball on grass",
    "a mushroom",
    "a smiling face on a black background",
]


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    pictures = list(paint(PROMPTS, list(range(1, len(PROMPTS) + 1))))
    rows = -(-len(pictures) // COLUMNS)
    cell = data.SIZE + GAP
    sheet = Image.new("RGB", (COLUMNS * cell + GAP, rows * (cell + LINE) + GAP), (33, 33, 33))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    for i, (prompt, picture) in enumerate(zip(PROMPTS, pictures, strict=True)):
        x, y = GAP + i % COLUMNS * cell, GAP + i // COLUMNS * (cell + LINE)
        sheet.paste(picture, (x, y))
        words = prompt
        if draw.textlength(prompt, font) > data.SIZE:
            words = prompt.replace(" on ", "\non ").replace(" in ", "\nin ")
        draw.multiline_text((x, y + data.SIZE + 2), words, (230, 230, 230), font, spacing=0)
    PATH.parent.mkdir(exist_ok=True)
    sheet.save(PATH, optimize=True)
    print(PATH)


if __name__ == "__main__":
    main()
