"""/models, /experiment/models and /view_metadata: which model files there are, how they look, what they say."""

from __future__ import annotations

import asyncio

from aiohttp import web

from comfy_core.folders import beneath
from web.server import model_files
from web.server.access.rights import Right, needs
from web.server.answers import Refusal, json_answer
from web.server.files import is_file, resolve
from web.server.keys import DOOR, FOLDERS


def routes() -> list[web.RouteDef]:
    return [
        web.get("/embeddings", embeddings),
        web.get("/models", names_of_kinds),
        web.get("/models/{folder}", names),
        web.get("/experiment/models", kinds),
        web.get("/experiment/models/{folder}", listing),
        web.get("/experiment/models/preview/{folder}/{index}/{file:.*}", preview),
        web.get("/view_metadata/{folder}", metadata),
    ]


@needs(Right.USE)
async def embeddings(request: web.Request) -> web.Response:
    names = await asyncio.to_thread(request.app[FOLDERS].files, "embeddings")
    return json_answer([name.rpartition(".")[0] for name in names])


@needs(Right.USE)
async def names_of_kinds(request: web.Request) -> web.Response:
    return json_answer(list(known_kinds(request)))


@needs(Right.USE)
async def names(request: web.Request) -> web.Response:
    return json_answer(await asyncio.to_thread(model_files.names, request.app[FOLDERS], _kind(request)))


@needs(Right.USE)
async def kinds(request: web.Request) -> web.Response:
    return json_answer(model_files.shown(known_kinds(request)))


@needs(Right.USE)
async def listing(request: web.Request) -> web.Response:
    return json_answer(await asyncio.to_thread(model_files.listing, _kind(request)))


@needs(Right.USE)
async def preview(request: web.Request) -> web.Response:
    """A picture of the model `file` in the folder number `index` of its kind."""
    places = _kind(request).folders
    index, name = request.match_info["index"], request.match_info["file"]
    if not (index.isascii() and index.isdigit() and int(index) < len(places)):
        raise Refusal(f"the folder number must be from 0 to {len(places) - 1}, not {index[:20]!r}")
    if not name:
        raise Refusal("say which model: /experiment/models/preview/checkpoints/0/name.safetensors")
    path = resolve(places[int(index)], name, within=beneath)
    picture = await asyncio.to_thread(model_files.preview, path)
    if picture is None:
        raise Refusal(f"there is no preview of {name[:100]!r}", status=404, type="no_preview")
    return web.Response(body=picture, content_type="image/webp", headers={"Cache-Control": "no-cache"})


@needs(Right.USE)
async def metadata(request: web.Request) -> web.Response:
    """`__metadata__` of a safetensors file."""
    name = request.query.get("filename", "")
    for folder in _kind(request).folders:
        path = resolve(folder, name, status=404, within=beneath)
        if name and is_file(path):
            words = await asyncio.to_thread(model_files.header_words, path)
            if words is not None:
                return json_answer(words)
    raise Refusal(f"{name[:100]!r} has no words in its header to show", status=404, type="no_metadata")


def known_kinds(request: web.Request) -> dict[str, model_files.Kind]:
    """With those that packs registered while they were loaded, as far as that has happened yet."""
    engine = request.app[DOOR].engine_now()
    services = engine.pack_services_now() if engine is not None else None
    return model_files.kinds_of(request.app[FOLDERS], services.models if services is not None else {})


def _kind(request: web.Request) -> model_files.Kind:
    return model_files.named(known_kinds(request), request.match_info["folder"])
