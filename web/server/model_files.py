"""Model files as the library of a front end shows them: their facts, their pictures, the words in their headers."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from pathlib import Path
from typing import Any

from comfy_core.folders import IMAGES, MODEL_KINDS, Folders
from web.server.answers import Refusal
from web.server.pictures import encoded, open_picture

LONGEST_HEADER = 1024 * 1024
NOT_SHOWN = ("configs", "custom_nodes")
PREVIEW_PIXELS = 1024
COVER_KEY = "ssmd_cover_images"


def kinds(folders: Folders) -> list[dict[str, Any]]:
    """Every kind of model with the folders it is searched in."""
    return [
        {"name": kind, "folders": [str(path) for path in folders.models(kind)], "extensions": list(endings)}
        for kind, endings in MODEL_KINDS.items()
        if kind not in NOT_SHOWN
    ]


def listing(folders: Folders, kind: str) -> list[dict[str, Any]]:
    """The files of a kind; `pathIndex` says in which of the kind's folders one lies. Times are in seconds."""
    return [
        entry
        for index, folder in enumerate(folders.models(kind))
        for entry in sorted(_entries(index, folder, MODEL_KINDS[kind]), key=lambda entry: entry["name"])
    ]


def _entries(index: int, folder: Path, endings: tuple[str, ...]) -> list[dict[str, Any]]:
    found = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.suffix.lower() not in endings or any(part.startswith(".") for part in name.parts):
            continue
        try:
            stat = path.stat()
        except OSError:  # a link to nowhere, or gone meanwhile
            continue
        times = {"modified": stat.st_mtime, "created": stat.st_ctime}
        found.append({"name": name.as_posix(), "pathIndex": index, **times, "size": stat.st_size})
    return found


def preview(model: Path) -> bytes | None:
    """A WebP picture of a model: the image file beside it, or the cover in its header; None if it has neither."""
    source = _picture_beside(model) or _cover(model)
    if source is None:
        return None
    image = open_picture(source, f"the preview of {model.name}")
    image.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS))
    return encoded(image if image.mode in ("RGB", "RGBA") else image.convert("RGBA"), "webp", quality=90)


def _picture_beside(model: Path) -> Path | None:
    """`<name>.png` or `<name>.preview.png`, with any ending of a picture."""
    names = [f"{model.stem}{middle}{ending}" for middle in (".preview", "") for ending in IMAGES]
    return next((path for name in names if (path := model.with_name(name)).is_file()), None)


def _cover(model: Path) -> bytes | None:
    """The first of the covers that training tools write into a header as JSON."""
    try:
        covers = json.loads((header_words(model) or {})[COVER_KEY])
        return base64.b64decode(covers[0].rpartition(",")[2], validate=True)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, binascii.Error):
        return None


def header_words(model: Path) -> dict[str, Any] | None:
    """`__metadata__` of a safetensors file; None for what is no such file or has no such words."""
    if model.suffix.lower() not in (".safetensors", ".sft"):
        return None
    try:
        with model.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > LONGEST_HEADER:
                return None
            header = json.loads(file.read(length))
    except (OSError, struct.error, ValueError, RecursionError):
        return None
    words = header.get("__metadata__") if isinstance(header, dict) else None
    return words if isinstance(words, dict) else None


def check_kind(kind: str) -> str:
    """The kind, if there is one of this name. Raises Refusal (404)."""
    if kind not in MODEL_KINDS:
        raise Refusal(f"there is no model folder {kind[:60]!r}; there are: {', '.join(MODEL_KINDS)}", status=404)
    return kind
