"""POST /api/assets: a file comes in and is stored under the hash of its bytes, once."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from aiohttp import web
from blake3 import blake3

from web.server.access.rights import Right, caller_of, needs
from web.server.answers import json_answer
from web.server.assets.contents import check_hash, mime_type, name_of
from web.server.assets.new import New
from web.server.assets.places import Place, destination
from web.server.assets.refusals import AssetRefusal, coded
from web.server.assets.shapes import LARGEST_METADATA, check_metadata, check_name, check_tags, check_type
from web.server.files import move_whole, writing
from web.server.forms import clean_name, fields_of, reading_form, receive_file, text_of
from web.server.keys import ASSETS, folders_of

WORDS = ("name", "user_metadata", "hash", "mime_type", "preview_id")
ENDING = re.compile(r"\.[a-z0-9]{1,16}")


@dataclass
class Form:
    """What the form said. `part` is the file as received so far, under a temporary name in temp/."""

    part: Path
    filename: str = ""
    size: int = 0
    hash: str = ""
    tags: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)


@needs(Right.SUBMIT)
@coded
async def upload(request: web.Request) -> web.Response:
    """Send a file, with its tags: `input`, `output`, or `models` and `model_type:<folder>`, say where it goes."""
    folders, library = folders_of(request), request.app[ASSETS]
    form = Form(part=folders.temp / f".{secrets.token_hex(8)}.part")
    try:
        with writing("temp"):
            await _receive(request, form)
        place = destination(folders, form.tags)
        _check_right(request, place)
        name = form.hash.partition(":")[2] + _ending(form, place)
        with writing(place.root):
            asset, is_new = await library.add_file(
                caller_of(request).user,
                place,
                _new(form),
                form.hash,
                name,
                form.size,
                lambda path: move_whole(form.part, path),
            )
    finally:
        form.part.unlink(missing_ok=True)
    return json_answer({**asset, "created_new": is_new}, status=201 if is_new else 200)


async def _receive(request: web.Request, form: Form) -> None:
    """Read the form; the file goes to disk as it comes. Raises Refusal if there is none, or if it is not the one that
    the form's `hash` names."""
    with reading_form():
        async for part in fields_of(request, "send the file as multipart/form-data, in a field called file"):
            if part.name == "file" and part.filename:
                hasher = blake3()
                form.filename = clean_name(part.filename)
                form.size = await receive_file(request, part, form.part, hasher)
                form.hash = name_of(hasher.hexdigest())
            elif part.name == "tags":
                form.tags += _listed(await text_of(part))
            elif part.name in WORDS:
                form.words[part.name] = await text_of(part, LARGEST_METADATA)
    if not form.size:
        raise AssetRefusal("MISSING_FILE", "the form has no file; put it into a field called file, with a file name")
    form.tags = check_tags(form.tags)
    declared = form.words.get("hash")
    if declared and check_hash(declared) != form.hash:
        raise AssetRefusal("HASH_MISMATCH", f"the file that arrived has the hash {form.hash}, not {declared[:80]}")


def _check_right(request: web.Request, place: Place) -> None:
    """A model is code's neighbour: who may put one on the server is who manages it."""
    if place.root == "models" and caller_of(request).right < Right.MANAGE:
        raise AssetRefusal("FORBIDDEN", "only who manages this server may add models", 403)


def _ending(form: Form, place: Place) -> str:
    """The ending that the file keeps. Raises AssetRefusal for one that no loader of its folder would show."""
    ending = PurePosixPath(form.filename).suffix.lower()
    if not ENDING.fullmatch(ending):
        ending = ""
    if place.endings is not None and ending not in place.endings:
        takes = ", ".join(place.endings) or "files without an ending"
        raise AssetRefusal("INVALID_BODY", f"models/{place.folder.name}/ takes {takes}, not {form.filename[:60]!r}")
    return ending


def _new(form: Form) -> New:
    words = form.words
    return New(
        name=check_name(words.get("name") or PurePosixPath(form.filename).name),
        tags=form.tags,
        user_metadata=check_metadata(_metadata(words.get("user_metadata", ""))),
        mime_type=check_type(words.get("mime_type")) or mime_type(form.filename),
        preview_id=words.get("preview_id") or None,
    )


def _listed(text: str) -> list[str]:
    """Tags as a JSON list, or with commas between them."""
    if not text.lstrip().startswith("["):
        return [tag for tag in text.split(",") if tag.strip()]
    try:
        return msgspec.json.decode(text, type=list[str])
    except (msgspec.MsgspecError, RecursionError):
        raise AssetRefusal("INVALID_BODY", 'tags must be a list such as ["input", "cats"]') from None


def _metadata(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any]) if text else {}
    except (msgspec.MsgspecError, RecursionError):
        raise AssetRefusal("INVALID_BODY", "user_metadata must be a JSON object") from None
