"""What is in a file: its hash, and the few facts that can be told without reading all of it."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blake3 import blake3

from web.server.assets.refusals import AssetRefusal
from web.server.files import MORE_TYPES

CHUNK = 4 * 1024 * 1024
HASH = re.compile(r"blake3:[0-9a-f]{64}")


class Stopped(Exception):
    """Hashing was given up half-way."""


def hash_file(path: Path, is_stopped: Callable[[], bool] = lambda: False) -> str:
    """`blake3:<64 hex>` of a file's bytes. Raises OSError; Stopped as soon as `is_stopped` says so."""
    hasher = blake3()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if is_stopped():
                raise Stopped
            hasher.update(chunk)
    return name_of(hasher.hexdigest())


def name_of(digest: str) -> str:
    return f"blake3:{digest}"


def check_hash(text: str) -> str:
    """A hash as it is stored. Raises AssetRefusal for what is none."""
    hash = text.strip().lower()
    if not HASH.fullmatch(hash):
        raise AssetRefusal("INVALID_HASH", f"a hash is blake3: and 64 hexadecimal digits, not {text[:80]!r}")
    return hash


def mime_type(name: str) -> str | None:
    """The type of a file by its ending."""
    return MORE_TYPES.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0]


def facts(path: Path, mime_type: str | None, root: str) -> dict[str, Any]:
    """`kind`, and of pictures `width` and `height`; only a picture's header is read."""
    if root == "models":
        return {"kind": "model"}
    kind = (mime_type or "").partition("/")[0]
    if kind == "image":
        return {"kind": "image", **_size(path)}
    return {"kind": kind if kind in ("video", "audio", "text") else "other"}


def _size(path: Path) -> dict[str, int]:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return {"width": image.width, "height": image.height}
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return {}
