"""POST /upload/image and /upload/mask: a file comes in, keeps its name if it can, and is there whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from comfy_core.folders import Folders
from web.server.access.rights import Right, needs
from web.server.answers import Refusal, json_answer
from web.server.files import digest, free_name, is_file, resolve, writing
from web.server.keys import SETTINGS, folders_of
from web.server.pictures import put_mask_on

CHUNK = 256 * 1024
LONGEST_FIELD = 4096
_naming = asyncio.Lock()


@dataclass
class Upload:
    """What the form said. `part` is the file as received so far, under a temporary name in temp/."""

    part: Path
    name: str = ""
    digest: str = ""
    type: str = "input"
    subfolder: str = ""
    overwrite: bool = False
    original: str = ""


class Original(msgspec.Struct):
    """`original_ref` of a mask: the picture it belongs to."""

    filename: str
    subfolder: str = ""
    type: str = "output"


def routes() -> list[web.RouteDef]:
    return [web.post("/upload/image", upload_image), web.post("/upload/mask", upload_mask)]


@needs(Right.SUBMIT)
async def upload_image(request: web.Request) -> web.Response:
    return await _upload(request, lambda upload: None)


@needs(Right.SUBMIT)
async def upload_mask(request: web.Request) -> web.Response:
    """The transparency of the uploaded picture, put on the picture that the form's `original_ref` names."""
    folders = folders_of(request)

    def prepare(upload: Upload) -> None:
        put_mask_on(_original(folders, upload.original), upload.part, upload.name)
        upload.digest = digest(upload.part)

    return await _upload(request, prepare)


async def _upload(request: web.Request, prepare: Callable[[Upload], None]) -> web.Response:
    """Receive a file, have it prepared under its temporary name, and give it its own."""
    folders = folders_of(request)
    upload = Upload(part=folders.temp / f".{secrets.token_hex(8)}.part")
    try:
        with writing("temp"):
            await _receive(request, upload)
        folder = _folder(folders, upload)
        wanted = resolve(folder, upload.name, status=400)
        with writing("temp"):
            await asyncio.to_thread(prepare, upload)
        with writing(upload.type):
            async with _naming:
                placed = await asyncio.to_thread(_place, upload, wanted)
    finally:
        upload.part.unlink(missing_ok=True)
    name = placed.relative_to(folder.resolve()).as_posix()
    return json_answer({"name": name, "subfolder": upload.subfolder, "type": upload.type})


def _original(folders: Folders, reference: str) -> Path:
    """The picture that a mask belongs to. Raises Refusal."""
    try:
        wanted = msgspec.json.decode(reference or "null", type=Original)
    except msgspec.MsgspecError:
        hint = '{"filename": "a.png", "subfolder": "", "type": "output"}'
        raise Refusal(f"the form's field original_ref must name the picture that the mask is for: {hint}") from None
    path = resolve(_place_of(folders, wanted.type, wanted.subfolder), wanted.filename, status=400)
    if not is_file(path):
        raise Refusal(f"{wanted.filename[:100]!r} is not in {wanted.type}/", type="no_file")
    return path


async def _receive(request: web.Request, upload: Upload) -> None:
    """Read the form; the file goes to disk as it comes. Raises Refusal if there is no file or it is too large."""
    if not request.content_type.startswith("multipart/"):
        raise Refusal("send the picture as multipart/form-data, in a field called image")
    try:
        async for field in await request.multipart():
            if not isinstance(field, BodyPartReader):
                raise Refusal("a form inside a form is not understood")
            if field.name == "image":
                await _receive_file(request, field, upload)
            elif field.name in ("type", "subfolder", "overwrite", "original_ref"):
                _note(upload, field.name, await _text(field))
    except (ValueError, AssertionError, EOFError, BadHttpMessage):
        raise Refusal("the form is damaged: its parts cannot be told apart") from None
    if not upload.name:
        raise Refusal("the form has no file; put it into a field called image, with a file name")


async def _receive_file(request: web.Request, field: BodyPartReader, upload: Upload) -> None:
    limit = request.app[SETTINGS].max_upload_bytes
    upload.name = _clean_name(field.filename or "")
    upload.part.parent.mkdir(parents=True, exist_ok=True)
    seen, hasher = 0, hashlib.sha256()
    with upload.part.open("wb") as file:
        while chunk := await field.read_chunk(CHUNK):
            seen += len(chunk)
            if seen > limit:
                raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=seen)
            hasher.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    upload.digest = hasher.hexdigest()


async def _text(field: BodyPartReader) -> str:
    data = await field.read_chunk(LONGEST_FIELD)
    if not field.at_eof() and await field.read_chunk(1):
        raise Refusal(f"the form's field {field.name} is too long")
    return data.decode("utf-8", "replace")


def _note(upload: Upload, name: str, text: str) -> None:
    if name == "type":
        upload.type = text or "input"
    elif name == "original_ref":
        upload.original = text
    elif name == "subfolder":
        upload.subfolder = text.strip().replace("\\", "/").strip("/") if not text.startswith(("/", "\\")) else text
    else:
        upload.overwrite = text.lower() in ("true", "1")


def _clean_name(name: str) -> str:
    """Refuse names no folder should hold: empty, hidden by control characters, or only dots."""
    if any(ord(char) < 32 or ord(char) == 127 for char in name):
        raise Refusal("a file name cannot contain control characters", type="invalid_path")
    if name and not PurePosixPath(name).name.strip(". "):
        raise Refusal(f"{name[:60]!r} is no file name", type="invalid_path")
    return name.replace("\\", "/")


def _folder(folders: Folders, upload: Upload) -> Path:
    return _place_of(folders, upload.type, upload.subfolder)


def _place_of(folders: Folders, type: str, subfolder: str) -> Path:
    try:
        root = folders.of_type(type)
    except ValueError as error:
        raise Refusal(str(error)[:200]) from None
    return resolve(root, subfolder, status=400)


def _place(upload: Upload, wanted: Path) -> Path:
    """Give the received file its name; the same bytes under the same name are not stored twice."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    target, same = (wanted, False) if upload.overwrite else free_name(wanted, upload.digest)
    if not same:
        beside = target.with_name(f".{upload.part.name}")
        try:
            shutil.move(upload.part, beside)  # temp/ may be on another disk; the last step must not be
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    return target
