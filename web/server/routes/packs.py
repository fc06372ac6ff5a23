"""What custom packs bring to the editor: scripts, translations, example workflows, subgraphs, replacements."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from web.server import pack_files
from web.server.access.rights import Right, needs
from web.server.answers import Refusal, json_answer
from web.server.files import is_file, resolve, send_file, send_page_file
from web.server.keys import DOOR, FOLDERS, SETTINGS, engine_of


def routes() -> list[web.RouteDef]:
    return [
        web.get("/extensions", extensions),
        web.get("/extensions/{pack}/{file:.+}", extension_file),
        web.get("/i18n", translations),
        web.get("/workflow_templates", templates),
        web.get("/global_subgraphs", subgraphs),
        web.get("/global_subgraphs/{id}", subgraph),
        web.get("/node_replacements", replacements),
    ]


def routes_under_api() -> list[web.RouteDef]:
    return [web.get("/api/workflow_templates/{pack}/{file:.+}", template_file)]


@needs(Right.USE)
async def extensions(request: web.Request) -> web.Response:
    dist = request.app[SETTINGS].dist
    told = _told(request)
    return json_answer(await asyncio.to_thread(pack_files.scripts, request.app[FOLDERS], dist, told))


@needs(Right.USE)
async def extension_file(request: web.Request) -> web.StreamResponse:
    pack, name = request.match_info["pack"], request.match_info["file"]
    folders = await asyncio.to_thread(pack_files.web_folders, request.app[FOLDERS], _told(request))
    if pack in folders:
        path = resolve(folders[pack], name, status=404)
    else:
        path = resolve(request.app[SETTINGS].dist / "extensions", f"{pack}/{name}", status=404)
    if not is_file(path):
        raise Refusal(f"there is nothing at {request.path[:200]}", type="not_found", status=404)
    return send_page_file(path)


@needs(Right.USE)
async def translations(request: web.Request) -> web.Response:
    return json_answer(await asyncio.to_thread(pack_files.translations, request.app[FOLDERS]))


@needs(Right.USE)
async def templates(request: web.Request) -> web.Response:
    return json_answer(await asyncio.to_thread(pack_files.example_workflows, request.app[FOLDERS]))


@needs(Right.USE)
async def template_file(request: web.Request) -> web.StreamResponse:
    """An example workflow, or the picture beside it."""
    pack, name = request.match_info["pack"], request.match_info["file"]
    for folder in await asyncio.to_thread(pack_files.example_places, request.app[FOLDERS], pack):
        path = resolve(folder, name, status=404)
        if is_file(path):
            return send_file(path)
    raise Refusal(f"the pack {pack[:60]!r} has no example {name[:100]!r}", type="not_found", status=404)


@needs(Right.USE)
async def subgraphs(request: web.Request) -> web.Response:
    found = await asyncio.to_thread(lambda: list(pack_files.subgraphs(request.app[FOLDERS])))
    return json_answer({one.id: one.entry() for one in found})


@needs(Right.USE)
async def subgraph(request: web.Request) -> web.Response:
    """One subgraph with its text as `data`; null for an unknown id."""
    wanted = request.match_info["id"]

    def read() -> dict | None:
        for one in pack_files.subgraphs(request.app[FOLDERS]):
            if one.id == wanted:
                return {**one.entry(), "data": one.path.read_text("utf-8", "replace")}
        return None

    return json_answer(await asyncio.to_thread(read))


@needs(Right.USE)
async def replacements(request: web.Request) -> web.Response:
    """Which nodes stand in for those of classes that are no more, by the old class."""
    services = await (await engine_of(request)).pack_services()
    return json_answer(msgspec.to_builtins(services.replacements) if services is not None else {})


def _told(request: web.Request) -> dict[str, str]:
    """The folders that packs registered while they were loaded, as far as that has happened yet."""
    engine = request.app[DOOR].engine_now()
    services = engine.pack_services_now() if engine is not None else None
    return services.web if services is not None else {}
