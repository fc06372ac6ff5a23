"""Model files as the library of a front end shows them: their facts, their pictures, the words in their headers."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comfy_core.folders import IMAGES, MODEL_KINDS, Folders, files_in
from execution.worker import ModelFolders
from web.server.answers import Refusal
from web.server.pictures import encoded, open_picture

LONGEST_HEADER = 1024 * 1024
NOT_SHOWN = ("configs", "custom_nodes")
PREVIEW_PIXELS = 1024
COVER_KEY = "ssmd_cover_images"


@dataclass(frozen=True)
class Kind:
    """A kind of models: the folders it is searched in, and how the names of its files end (nothing: in any way)."""

    name: str
    folders: list[Path]
    endings: tuple[str, ...]


def kinds_of(folders: Folders, registered: Mapping[str, ModelFolders]) -> dict[str, Kind]:
    """Ours, with what packs have `registered` of them, and theirs."""
    ours = {name: Kind(name, folders.models(name), endings) for name, endings in MODEL_KINDS.items()}
    theirs = {name: Kind(name, list(map(Path, one.folders)), one.endings) for name, one in registered.items()}
    return ours | theirs


def shown(kinds: Mapping[str, Kind]) -> list[dict[str, Any]]:
    """Every kind of model with the folders it is searched in."""
    return [
        {"name": kind.name, "folders": list(map(str, kind.folders)), "extensions": list(kind.endings)}
        for kind in kinds.values()
        if kind.name not in NOT_SHOWN
    ]


def names(folders: Folders, kind: Kind) -> list[str]:
    """The files of a kind, sorted."""
    ours = folders.files(kind.name) if kind.name in MODEL_KINDS else []
    is_ours = kind == kinds_of(folders, {}).get(kind.name)
    return ours if is_ours else sorted({*ours, *(entry["name"] for entry in listing(kind))})


def listing(kind: Kind) -> list[dict[str, Any]]:
    """The files of a kind; `pathIndex` says in which of the kind's folders one lies. Times are in seconds."""
    return [
        entry
        for index, folder in enumerate(kind.folders)
        for entry in sorted(_entries(index, folder, kind.endings), key=lambda entry: entry["name"])
    ]


def _entries(index: int, folder: Path, endings: tuple[str, ...]) -> list[dict[str, Any]]:
    found = []
    for path in files_in(folder):
        name = path.relative_to(folder)
        if endings and path.suffix.lower() not in endings:
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


def named(kinds: Mapping[str, Kind], name: str) -> Kind:
    """The kind of this name. Raises Refusal (404)."""
    if name not in kinds:
        raise Refusal(f"there is no model folder {name[:60]!r}; there are: {', '.join(kinds)}", status=404)
    return kinds[name]
