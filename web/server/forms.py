"""Forms with files in them, read as they come: a file goes to the disk, and none of it waits in memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path, PurePosixPath
from typing import Protocol

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from web.server.answers import Refusal
from web.server.keys import SETTINGS

CHUNK = 256 * 1024
LONGEST_FIELD = 4096


class Hasher(Protocol):
    def update(self, data: bytes, /) -> object: ...


@contextmanager
def reading_form() -> Iterator[None]:
    """Turn what a damaged form raises, wherever it is noticed, into a Refusal."""
    try:
        yield
    except (ValueError, AssertionError, EOFError, BadHttpMessage):
        raise Refusal("the form is damaged: its parts cannot be told apart") from None


async def fields_of(request: web.Request, wanted: str) -> AsyncIterator[BodyPartReader]:
    """The fields of a form. Raises Refusal for what is no form, saying what is `wanted` instead."""
    if not request.content_type.startswith("multipart/"):
        raise Refusal(wanted)
    async for field in await request.multipart():
        if not isinstance(field, BodyPartReader):
            raise Refusal("a form inside a form is not understood")
        yield field


async def receive_file(request: web.Request, field: BodyPartReader, path: Path, hasher: Hasher) -> int:
    """Write a field's file to `path` and hash it on the way, in a thread; its size in bytes.

    Raises HTTPRequestEntityTooLarge as soon as it is larger than the server takes.
    """
    limit = request.app[SETTINGS].max_upload_bytes
    path.parent.mkdir(parents=True, exist_ok=True)
    seen = 0
    with path.open("wb") as file:
        while chunk := await field.read_chunk(CHUNK):
            seen += len(chunk)
            if seen > limit:
                raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=seen)
            await asyncio.to_thread(_take, chunk, file, hasher)
        await asyncio.to_thread(_finish, file)
    return seen


async def text_of(field: BodyPartReader, longest: int = LONGEST_FIELD) -> str:
    """A field's text; `longest` is in bytes. Raises Refusal."""
    data = b""
    while len(data) <= longest and (chunk := await field.read_chunk(longest + 1)):
        data += chunk
    if len(data) > longest:
        raise Refusal(f"the form's field {field.name} is too long")
    return data.decode("utf-8", "replace")


def clean_name(name: str) -> str:
    """Refuse names no folder should hold: empty, hidden by control characters, or only dots."""
    if any(ord(char) < 32 or ord(char) == 127 for char in name):
        raise Refusal("a file name cannot contain control characters", type="invalid_path")
    if name and not PurePosixPath(name).name.strip(". "):
        raise Refusal(f"{name[:60]!r} is no file name", type="invalid_path")
    return name.replace("\\", "/")


def _take(chunk: bytes, file: BufferedWriter, hasher: Hasher) -> None:
    hasher.update(chunk)
    file.write(chunk)


def _finish(file: BufferedWriter) -> None:
    file.flush()
    os.fsync(file.fileno())
