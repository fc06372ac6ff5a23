"""POST /infotext: a picture or a text of AUTOMATIC1111's web UI and its kin in, the graph that makes it again out."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable

import msgspec
from aiohttp import web

from execution.infotext import Imported, import_picture, import_text
from web.server.access.rights import Right, needs
from web.server.answers import Refusal, json_answer, read_as
from web.server.files import writing
from web.server.forms import fields_of, reading_form, receive_file
from web.server.keys import FOLDERS, engine_of, folders_of


class Infotext(msgspec.Struct):
    """`text` is what the web UI shows under a picture: prompt, negative prompt, settings."""

    text: str


def routes() -> list[web.RouteDef]:
    return [web.post("/infotext", import_infotext)]


@needs(Right.SUBMIT)
async def import_infotext(request: web.Request) -> web.Response:
    """Ours: the graph of an infotext (JSON), or of a picture that carries one (a form, its file in `image`)."""
    if request.content_type.startswith("multipart/"):
        return await _of_picture(request)
    text = (await read_as(request, Infotext)).text
    schemas, folders = await (await engine_of(request)).schemas(), request.app[FOLDERS]
    return await _answer(lambda: import_text(text, schemas, folders))


async def _of_picture(request: web.Request) -> web.Response:
    part = folders_of(request).temp / f".{secrets.token_hex(8)}.part"
    schemas, folders = await (await engine_of(request)).schemas(), request.app[FOLDERS]
    try:
        with writing("temp"), reading_form():
            received = False
            async for field in fields_of(request, "send the picture as multipart/form-data, in a field called image"):
                if field.name == "image":
                    await receive_file(request, field, part, hashlib.sha256())
                    received = True
        if not received:
            raise Refusal("the form has no file; put it into a field called image, with a file name")
        return await _answer(lambda: import_picture(part, schemas, folders), part.name)
    finally:
        part.unlink(missing_ok=True)


async def _answer(make: Callable[[], Imported], temporary: str = "") -> web.Response:
    try:
        made = await asyncio.to_thread(make)
    except ValueError as error:
        sentence = str(error).replace(temporary, "the picture") if temporary else str(error)
        raise Refusal(sentence, type="invalid_infotext") from None
    return json_answer({"workflow": made.workflow, "prompt": made.prompt, "warnings": made.warnings})
