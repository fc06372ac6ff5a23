"""Files that go out to browsers and come in from them: safe types, whole or not at all."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from comfy_core.folders import inside
from web.server.answers import Refusal
from web.server.security import FILE_POLICY

SHOWN_INLINE = {
    "image/png", "image/jpeg", "image/webp", "image/gif", "image/avif", "image/bmp", "image/tiff", "image/x-ms-bmp",
    "video/mp4", "video/webm", "video/quicktime", "video/x-matroska",
    "audio/wav", "audio/x-wav", "audio/flac", "audio/x-flac", "audio/mpeg", "audio/ogg", "audio/opus",
    "text/plain", "application/json",
}  # fmt: skip
OCTETS = "application/octet-stream"
PAGE_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
MORE_TYPES = {
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".opus": "audio/opus",
    ".mkv": "video/x-matroska",
}


def content_type(name: str) -> str:
    """The type of a file by its ending; what a browser might run, and all that is unknown, is plain bytes."""
    guessed = MORE_TYPES.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0]
    return guessed if guessed in SHOWN_INLINE else OCTETS


def send_file(path: Path, *, download: bool = False, name: str | None = None) -> web.FileResponse:
    """A user's file, fenced in: no guessing of types, no scripts, and only harmless types inline. `name` is what it is
    saved as."""
    type = content_type(path.name)
    response = web.FileResponse(path)
    response.headers["Content-Type"] = type
    response.headers["Content-Disposition"] = disposition(name or path.name, attachment=download or type == OCTETS)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    if type == OCTETS:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Sec-Fetch-Dest"
    return response


def send_page_file(path: Path) -> web.FileResponse:
    """A file of the editor or of a pack. `no-cache` lets browsers keep it, and ask by its ETag whether it changed."""
    response = web.FileResponse(path, headers={"Cache-Control": "no-cache"})
    if path.suffix in PAGE_TYPES:  # the system's own table of types may be wrong (Windows)
        type = PAGE_TYPES[path.suffix]
        response.headers["Content-Type"] = f"{type}; charset=utf-8" if type.startswith("text/") else type
    return response


def disposition(name: str, *, attachment: bool) -> str:
    """A Content-Disposition that any file name survives."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\' else "_" for char in name)
    value = f'{"attachment; " if attachment else ""}filename="{plain}"'
    return value if plain == name else f"{value}; filename*=UTF-8''{quote(name)}"


def resolve(folder: Path, name: str, status: int = 403, *, within: Callable[[Path, str], Path] = inside) -> Path:
    """`folder/name`. Raises Refusal for names that leave the folder or that no file can have."""
    try:
        return within(folder, name)
    except (ValueError, OSError, RuntimeError) as error:
        reason = str(error) if isinstance(error, ValueError) else "that is no usable file name"
        raise Refusal(reason[:300], type="invalid_path", status=status) from None


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name too long for the system is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


@contextmanager
def writing(folder: str) -> Iterator[None]:
    """Turn what the disk refuses into a sentence that names the folder."""
    try:
        yield
    except FileNotFoundError as error:
        raise Refusal(f"cannot write into {folder}/: {error.strerror}", type="invalid_path") from None
    except OSError as error:
        usable = "; free some space" if error.errno == 28 else "; check the folder and its permissions"
        status = 400 if error.errno in (36, 21, 20, 22) else 507
        raise Refusal(
            f"cannot write into {folder}/: {error.strerror}{usable}", type="not_writable", status=status
        ) from None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, even if the power fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def move_whole(part: Path, path: Path) -> None:
    """Give a file that has arrived its place: temp/ may be on another disk, but the last step must not be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{part.name}")
    try:
        shutil.move(part, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def free_name(path: Path, taken_by_same: str) -> tuple[Path, bool]:
    """Where an upload goes: `name`, `name (1)` …; True with a file that already holds the same bytes (a digest)."""
    count, candidate = 0, path
    while candidate.exists():
        if candidate.is_file() and digest(candidate) == taken_by_same:
            return candidate, True
        count += 1
        candidate = path.with_name(f"{path.stem} ({count}){path.suffix}")
    return candidate, False
