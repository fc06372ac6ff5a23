"""/queue, /history, /interrupt and /free: what waits, what was, and what should stop."""

from __future__ import annotations

import msgspec
from aiohttp import web

from web.server.access.rights import Right, needs, owner_of
from web.server.answers import Refusal, empty, json_answer, read_as, whole_number
from web.server.keys import engine_of


class Removal(msgspec.Struct):
    clear: bool = False
    delete: list[str] = []


class Interrupt(msgspec.Struct):
    prompt_id: str | None = None


class Free(msgspec.Struct):
    unload_models: bool = False
    free_memory: bool = False


def routes() -> list[web.RouteDef]:
    return [
        web.get("/queue", show_queue),
        web.post("/queue", remove_from_queue),
        web.get("/history", show_history),
        web.post("/history", remove_from_history),
        web.get("/history/{prompt_id}", show_entry),
        web.post("/interrupt", interrupt),
        web.post("/free", free),
    ]


@needs(Right.USE)
async def show_queue(request: web.Request) -> web.Response:
    """What runs and what waits: all of it, or a page of what waits."""
    max_items, offset = _page(request)
    running, pending = await (await engine_of(request)).queue(owner_of(request), max_items, max(0, offset or 0))
    return json_answer({"queue_running": running, "queue_pending": pending})


@needs(Right.USE)
async def remove_from_queue(request: web.Request) -> web.Response:
    asked = await read_as(request, Removal)
    engine = await engine_of(request)
    if asked.clear:
        await engine.clear_queue(owner_of(request))
    if asked.delete:
        await engine.delete_from_queue(asked.delete, owner_of(request))
    return empty()


@needs(Right.USE)
async def show_history(request: web.Request) -> web.Response:
    max_items, offset = _page(request)
    engine = await engine_of(request)
    search = request.query.get("search", "")
    return json_answer(await engine.history(max_items, offset, search, owner_of(request)))


@needs(Right.SUBMIT)
async def show_entry(request: web.Request) -> web.Response:
    engine = await engine_of(request)
    return json_answer(await engine.history_entry(request.match_info["prompt_id"], owner_of(request)))


@needs(Right.USE)
async def remove_from_history(request: web.Request) -> web.Response:
    asked = await read_as(request, Removal)
    engine = await engine_of(request)
    if asked.clear:
        await engine.clear_history(owner_of(request))
    if asked.delete:
        await engine.delete_from_history(asked.delete, owner_of(request))
    return empty()


@needs(Right.USE)
async def interrupt(request: web.Request) -> web.Response:
    """Stop what runs; a body that cannot be read means the same as none, as clients expect."""
    try:
        asked = await read_as(request, Interrupt, default={})
    except Refusal as refusal:
        if refusal.type != "invalid_json":
            raise
        asked = Interrupt()
    await (await engine_of(request)).interrupt(asked.prompt_id, owner_of(request))
    return empty()


@needs(Right.MANAGE)
async def free(request: web.Request) -> web.Response:
    asked = await read_as(request, Free)
    await (await engine_of(request)).free(asked.unload_models, asked.free_memory)
    return empty()


def _page(request: web.Request) -> tuple[int | None, int | None]:
    max_items, offset = whole_number(request, "max_items"), whole_number(request, "offset")
    if max_items is not None and max_items < 0:
        raise Refusal("max_items must not be negative")
    return max_items, offset
