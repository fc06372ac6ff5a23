"""Pictures as small files: WebP, JPEG and AVIF, with the workflow in their EXIF. Free of torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PIL import Image

from comfy_core import progress
from comfy_core.media.animation import exif
from comfy_core.media.save import Writer

ENDINGS = {"webp": "webp", "jpeg": "jpg", "avif": "avif"}
LONGEST = {"jpeg": 65_533}
"""Bytes of EXIF that a kind of file has room for."""
MATTERING = ("workflow", "prompt")
"""The texts that are kept where there is not room for all, the one that matters most first."""


def still(picture: Image.Image, kind: str, quality: int, lossless: bool, texts: Mapping[str, str]) -> Writer:
    """What writes a picture as one of ENDINGS; `quality` 0..100. Only WebP can be `lossless`; JPEG has no alpha."""
    options: dict[str, Any] = {"lossless": lossless} if kind == "webp" else {}
    picture = picture.convert("RGB") if kind == "jpeg" and picture.mode == "RGBA" else picture
    return partial(picture.save, format=kind.upper(), quality=quality, exif=_fitting(texts, kind), **options)


def _fitting(texts: Mapping[str, str], kind: str) -> bytes:
    """The texts as EXIF, as many as there is room for."""
    room = LONGEST.get(kind)
    named = {name: texts[name] for name in MATTERING if name in texts}
    for kept in (texts, named, dict(list(named.items())[:1])):
        data = exif(kept).tobytes()
        if room is None or len(data) <= room:
            return data
    progress.warn(f"The workflow is too long for a {kind.upper()} file; it is saved without. WebP has room for it.")
    return b""
