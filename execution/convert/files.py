"""Workflows inside files: JSON as it is, PNG text chunks, attributes of OpenEXR, the EXIF strings of WebP, JPEG and
AVIF, and the metadata of films and sound."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comfy_core.media import containers
from execution.convert.detect import is_prompt, kind_of

PNG = b"\x89PNG\r\n\x1a\n"
EXR = b"v/1\x01"
AVIF = (b"ftypavif", b"ftypavis")
RECIPE = "easel_recipe"
MAX_TEXT = 64 * 1024 * 1024
EXIF_STRINGS = range(0x0100, 0x0120)  # Make, Model and their neighbours: where savers put `workflow:{…}`


@dataclass(frozen=True)
class Found:
    """What a file carries: a UI workflow, an API prompt, or both and a recipe (a picture that Easel saved)."""

    workflow: dict[str, Any] | None = None
    prompt: dict[str, Any] | None = None
    recipe: dict[str, Any] | None = None


def read_workflow_file(path: Path) -> Found:
    """Read the workflow of a JSON file, or of a picture (PNG, OpenEXR, WebP, JPEG, AVIF), a film (MP4, WebM, MKV) or
    sound (FLAC, MP3, Opus) that carries one.

    Raises ValueError with one sentence if there is none or the file is damaged; OSError if it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(containers.ENOUGH)
    if containers.kind_of(head) is not None:
        return _from_texts(path.name, media_texts(path))
    data = path.read_bytes()
    if data.startswith(PNG):
        return _from_texts(path.name, png_texts(data), cut_off=b"IEND" not in data[-16:])
    if data.startswith(EXR):
        return _from_texts(path.name, exr_texts(data))
    if data.startswith(b"\xff\xd8") or data[8:12] == b"WEBP" or data[4:12] in AVIF:
        return _from_texts(path.name, exif_texts(path))
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is neither JSON nor a picture, film or sound that carries a workflow") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is not valid JSON: {error.msg} at line {error.lineno}") from None
    except RecursionError:
        raise ValueError(f"{path.name} nests its JSON too deeply to be a workflow") from None
    return from_json(path.name, found)


def from_json(name: str, found: Any) -> Found:
    """JSON in either format; `name` says in errors where it is from. Raises ValueError."""
    if isinstance(found, dict) and isinstance(found.get("prompt"), dict) and "class_type" not in found["prompt"]:
        found = found["prompt"]  # the body of a POST /prompt, saved
    try:
        kind = kind_of(found)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return Found(workflow=found) if kind == "workflow" else Found(prompt=found)


def _from_texts(name: str, texts: Iterable[tuple[str, str]], cut_off: bool = False) -> Found:
    found: dict[str, dict[str, Any]] = {}
    for key, text in texts:
        key = key.lower()
        if key in ("workflow", "prompt", RECIPE) and key not in found:
            value = _object(text)
            if value is not None and (key != "prompt" or is_prompt(value)):
                found[key] = value
    if found.keys() & {"workflow", "prompt"}:
        return Found(workflow=found.get("workflow"), prompt=found.get("prompt"), recipe=found.get(RECIPE))
    state = "is cut off and carries" if cut_off else "carries"
    raise ValueError(
        f"{name} {state} no workflow; what Easel or ComfyUI saves carries one unless an editor or a website stripped it"
    )


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def png_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """The text chunks of a PNG, as far as the file goes: a picture that was cut off may still carry them."""
    at = len(PNG)
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        at += 12 + length
        if len(body) < length:
            return
        text = _chunk_text(kind, body)
        if text is not None:
            yield text


def _chunk_text(kind: bytes, body: bytes) -> tuple[str, str] | None:
    key, _, rest = body.partition(b"\0")
    if kind == b"tEXt" or kind == b"comf":
        return key.decode("latin-1"), rest.decode("utf-8" if _is_utf8(rest) else "latin-1")
    if kind == b"zTXt":
        return key.decode("latin-1"), _inflated(rest[1:]).decode("latin-1")
    if kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:]
        text = rest.split(b"\0", 2)[-1]
        return key.decode("latin-1"), (_inflated(text) if packed else text).decode("utf-8", "replace")
    return None


def exr_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """The attributes of an OpenEXR file that are strings: name, type, length and value of each, up to an empty name."""
    at = 2 * len(EXR)
    while (name_end := data.find(b"\0", at)) > at and (type_end := data.find(b"\0", name_end + 1)) > 0:
        start = type_end + 5
        length = int.from_bytes(data[type_end + 1 : start], "little")
        value = data[start : start + length]
        if data[name_end + 1 : type_end] == b"string" and len(value) == length:
            yield data[at:name_end].decode("latin-1"), value.decode("utf-8", "replace")
        at = start + length


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _inflated(data: bytes) -> bytes:
    """Unpack, at most 64 MiB: a small chunk can claim to hold gigabytes. Damaged data counts as empty."""
    try:
        return zlib.decompressobj().decompress(data, MAX_TEXT)
    except zlib.error:
        return b""


def media_texts(path: Path) -> list[tuple[str, str]]:
    """The texts of a film or sound. Raises ValueError where it is damaged."""
    import av

    try:
        return list(containers.texts(path))
    except (av.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{path.name} is cut off or damaged, and its workflow cannot be read: {reason}") from None


def exif_texts(path: Path) -> Iterator[tuple[str, str]]:
    """`workflow:{…}` and `prompt:{…}` among the strings of a picture's EXIF."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            exif = image.getexif()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return
    for tag in EXIF_STRINGS:
        value = exif.get(tag)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            key, _, text = value.partition(":")
            yield key, text.rstrip("\0")
