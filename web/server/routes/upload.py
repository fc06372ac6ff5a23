"""POST /upload/image and /upload/mask: a file comes in, keeps its name if it can, and is there whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from comfy_core.folders import Folders
from web.server.access.rights import Right, caller_of, needs
from web.server.answers import Refusal, json_answer
from web.server.files import digest, free_name, is_file, move_whole, resolve, writing
from web.server.forms import clean_name, fields_of, reading_form, receive_file, text_of
from web.server.keys import ASSETS, folders_of
from web.server.pictures import check_picture, put_mask_on

ASSET_KEYS = ("id", "name", "asset_hash", "size", "mime_type", "tags")
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
    """A file for input/; one that is called a picture must not be a page, nor too large to open."""
    return await _upload(request, lambda upload: check_picture(upload.part, upload.name))


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
    return json_answer(
        {"name": name, "subfolder": upload.subfolder, "type": upload.type, **await _asset(request, upload.type, placed)}
    )


async def _asset(request: web.Request, type: str, placed: Path) -> dict[str, Any]:
    """What the assets API has to say of the file, if it is on."""
    library = request.app.get(ASSETS)
    asset = await library.adopt(caller_of(request).user, type, placed) if library else None
    return {"asset": {key: asset[key] for key in ASSET_KEYS if key in asset}} if asset else {}


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
    with reading_form():
        async for field in fields_of(request, "send the picture as multipart/form-data, in a field called image"):
            if field.name == "image":
                upload.name = clean_name(field.filename or "")
                hasher = hashlib.sha256()
                await receive_file(request, field, upload.part, hasher)
                upload.digest = hasher.hexdigest()
            elif field.name in ("type", "subfolder", "overwrite", "original_ref"):
                _note(upload, field.name, await text_of(field))
    if not upload.name:
        raise Refusal("the form has no file; put it into a field called image, with a file name")


def _note(upload: Upload, name: str, text: str) -> None:
    if name == "type":
        upload.type = text or "input"
    elif name == "original_ref":
        upload.original = text
    elif name == "subfolder":
        upload.subfolder = text.strip().replace("\\", "/").strip("/") if not text.startswith(("/", "\\")) else text
    else:
        upload.overwrite = text.lower() in ("true", "1")


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
        move_whole(upload.part, target)
    return target
