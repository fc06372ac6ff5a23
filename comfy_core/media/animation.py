"""Pictures one after the other as a file that moves, and where such files keep the workflow. Free of torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from comfy_core.media.save import Writer

WEBP_METHODS = {"default": 4, "fastest": 0, "slowest": 6}
MODEL, MAKE = 0x0110, 0x010F
"""EXIF tags that the ecosystem keeps texts in: the prompt in the first, others from the second downwards."""


def webp(
    frames: Sequence[Image.Image], fps: float, texts: Mapping[str, str], lossless: bool, quality: int, method: int
) -> Writer:
    """What writes frames as an animated WebP; `quality` 0..100, `method` 0 (fast) to 6 (small)."""
    return partial(
        frames[0].save,
        format="WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=_milliseconds(fps),
        exif=exif(texts),
        lossless=lossless,
        quality=quality,
        method=method,
    )


def apng(frames: Sequence[Image.Image], fps: float, texts: Mapping[str, str], compress_level: int) -> Writer:
    """What writes frames as an animated PNG, with the texts in chunks `comf` behind the picture."""
    chunks = PngInfo()
    for name, text in texts.items():
        chunks.add(b"comf", f"{name}\0{text}".encode("latin-1"), after_idat=True)
    return partial(
        frames[0].save,
        format="PNG",
        save_all=True,
        append_images=frames[1:],
        duration=_milliseconds(fps),
        pnginfo=chunks,
        compress_level=compress_level,
    )


def exif(texts: Mapping[str, str]) -> Image.Exif:
    """Texts as EXIF tags, `name:text` each."""
    tags = Image.Exif()
    others = count(MAKE, -1)
    for name, text in texts.items():
        tags[MODEL if name == "prompt" else next(others)] = f"{name}:{text}"
    return tags


def _milliseconds(fps: float) -> int:
    return max(1, round(1000 / fps))
