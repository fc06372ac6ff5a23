"""A preview picture as nodes hand it over, made a file when somebody wants to see it."""

from __future__ import annotations

import io
from typing import Any

from comfy_core.progress import Preview

IMAGE_KINDS = {"image/jpeg": 1, "image/png": 2}
"""What binary messages call them (contract http_ws.md §6.3)."""


def encoded(preview: Any) -> Preview | None:
    """What makes the file of `(kind, Pillow image, largest side or None)`, kind being "JPEG" or "PNG"."""
    if preview is None:
        return None
    kind, image, largest = (*preview, None)[:3]
    return lambda: _encode(str(kind).upper(), image, largest)


def _encode(kind: str, image: Any, largest: int | None) -> tuple[str, bytes]:
    if largest is not None:
        image = image.copy()
        image.thumbnail((largest, largest))
    name = "PNG" if kind == "PNG" else "JPEG"
    if name == "JPEG" and image.mode not in ("RGB", "L"):
        image = image.convert("RGB")
    file = io.BytesIO()
    image.save(file, name)
    return f"image/{name.lower()}", file.getvalue()
