"""Endless captioned pictures: an emoji at some place and size on some background, drawn with Pillow.

The glyphs are Noto Color Emoji's (SIL Open Font License 1.1; Debian: fonts-noto-color-emoji).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tools.starter.nouns import NOUNS, Noun

SIZE = 128
FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
FONT_SIZE = 109  # the only size the font's bitmaps come in

COLOURS = {
    "white": (250, 250, 250),
    "black": (18, 18, 20),
    "grey": (140, 140, 142),
    "red": (206, 44, 44),
    "orange": (240, 140, 40),
    "yellow": (248, 216, 70),
    "green": (66, 160, 76),
    "blue": (52, 104, 208),
    "purple": (132, 72, 180),
    "pink": (244, 160, 190),
    "brown": (122, 82, 52),
}
SCENES = {"sky": "in the sky", "grass": "on grass", "night": "at night", "beach": "on the beach"}


@dataclass(frozen=True)
class Sample:
    picture: Image.Image
    caption: str
    noun: int


@cache
def glyph(emoji: str) -> Image.Image:
    """The emoji as RGBA, cut to what is drawn. Raises FileNotFoundError naming the package if the font is missing."""
    if not FONT.exists():
        raise FileNotFoundError(f"{FONT} is missing: apt-get install fonts-noto-color-emoji")
    picture = Image.new("RGBA", (136, 128))
    font = ImageFont.truetype(str(FONT), FONT_SIZE)
    ImageDraw.Draw(picture).text((0, 0), emoji, font=font, embedded_color=True)
    return picture.crop(picture.getbbox())


def place(picture: Image.Image, noun: Noun, rng: random.Random) -> None:
    """Draw the noun about the middle, 60 to 94 % of the canvas, tilted a little now and then."""
    art = glyph(noun.emoji)
    size = rng.uniform(0.60, 0.94) * SIZE
    scale = size / max(art.size)
    art = art.resize((max(1, round(art.width * scale)), max(1, round(art.height * scale))), Image.Resampling.LANCZOS)
    if rng.random() < 0.25:
        art = art.rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC, expand=True)
    x = (SIZE - art.width) / 2 + rng.uniform(-0.5, 0.5) * max(0, SIZE - art.width) * 0.7
    y = (SIZE - art.height) / 2 + rng.uniform(-0.5, 0.5) * max(0, SIZE - art.height) * 0.7
    picture.paste(art, (round(x), round(y)), art)


def vary(colour: tuple[int, int, int], rng: random.Random, amount: int = 12) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, value + rng.randint(-amount, amount))) for value in colour)
    return red, green, blue


def gradient(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    ramp = np.linspace(0.0, 1.0, SIZE)[:, None, None]
    rows = (1 - ramp) * np.array(top) + ramp * np.array(bottom)
    return Image.fromarray(np.broadcast_to(rows, (SIZE, SIZE, 3)).round().astype(np.uint8).copy())


def scene(kind: str, rng: random.Random) -> Image.Image:
    """A simple landscape: sky, grass, night or beach."""
    day = gradient(vary((90, 160, 235), rng), vary((190, 225, 250), rng))
    if kind == "night":
        picture = gradient(vary((12, 16, 44), rng, 6), vary((36, 42, 92), rng, 8))
        draw = ImageDraw.Draw(picture)
        for _ in range(rng.randint(10, 22)):
            x, y = rng.randrange(SIZE), rng.randrange(SIZE)
            draw.ellipse((x, y, x + 1, y + 1), fill=vary((240, 240, 215), rng))
        return picture
    draw = ImageDraw.Draw(day)
    if kind == "sky":
        for _ in range(rng.randint(2, 4)):
            x, y, w = rng.randrange(-10, SIZE), rng.randrange(SIZE), rng.randint(24, 46)
            draw.ellipse((x, y, x + w, y + w * 0.4), fill=(248, 250, 253))
        return day.filter(ImageFilter.GaussianBlur(1.2))
    horizon = rng.randint(62, 88)
    if kind == "grass":
        draw.rectangle((0, horizon, SIZE, SIZE), fill=vary((92, 168, 72), rng))
    else:
        draw.rectangle((0, horizon - 18, SIZE, horizon), fill=vary((44, 120, 190), rng))
        draw.rectangle((0, horizon, SIZE, SIZE), fill=vary((236, 212, 150), rng))
    return day


def background(rng: random.Random) -> tuple[Image.Image, str]:
    """A background and the words for it: "" for the plain white that a caption need not mention."""
    chance = rng.random()
    if chance < 0.35:
        return Image.new("RGB", (SIZE, SIZE), vary(COLOURS["white"], rng, 5)), ""
    if chance < 0.85:
        name = rng.choice(list(COLOURS))
        article = "an" if name == "orange" else "a"
        return Image.new("RGB", (SIZE, SIZE), vary(COLOURS[name], rng)), f"on {article} {name} background"
    kind = rng.choice(list(SCENES))
    return scene(kind, rng), SCENES[kind]


def caption(noun: Noun, words: str, rng: random.Random) -> str:
    """One of the ways a person would ask for it."""
    name = noun.name if rng.random() < 0.6 else rng.choice(noun.names)
    article = "an" if name[0] in "aeiou" else "a"
    thing = rng.choice([f"{article} {name}", f"{article} {name}", name, name, f"a picture of {article} {name}"])
    return f"{thing} {words}".strip()


def sample(rng: random.Random) -> Sample:
    """One captioned picture, `SIZE` pixels square."""
    which = rng.randrange(len(NOUNS))
    picture, words = background(rng)
    place(picture, NOUNS[which], rng)
    return Sample(picture, caption(NOUNS[which], words, rng), which)


def pixels(pictures: list[Image.Image]) -> np.ndarray:
    """Pictures as one float32 array [B, 3, H, W] in -1..1."""
    stack = np.stack([np.asarray(one.convert("RGB")) for one in pictures])
    return (stack.astype(np.float32) / 127.5 - 1.0).transpose(0, 3, 1, 2)
