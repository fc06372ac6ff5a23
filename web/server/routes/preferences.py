"""/settings and /users: what the editor remembers of its user, in comfy.settings.json in its folder."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from web.server.access.rights import Right, needs
from web.server.answers import PlainRefusal, Refusal, empty, json_answer, read_as, read_json
from web.server.files import write_whole, writing
from web.server.places import user_folder

log = logging.getLogger("easel.server")
_changing = asyncio.Lock()


class NewUser(msgspec.Struct):
    username: str = ""


def routes() -> list[web.RouteDef]:
    return [
        web.get("/settings", show_all),
        web.post("/settings", change_some),
        web.get("/settings/{id}", show_one),
        web.post("/settings/{id}", change_one),
        web.get("/users", users),
        web.post("/users", add_user),
    ]


@needs(Right.USE)
async def show_all(request: web.Request) -> web.Response:
    return json_answer(_read(_path(request)))


@needs(Right.USE)
async def show_one(request: web.Request) -> web.Response:
    return json_answer(_read(_path(request)).get(request.match_info["id"]))


@needs(Right.USE)
async def change_some(request: web.Request) -> web.Response:
    changes = await read_json(request)
    if not isinstance(changes, dict):
        raise Refusal("settings are an object of names and values")
    return await _change(request, changes)


@needs(Right.USE)
async def change_one(request: web.Request) -> web.Response:
    return await _change(request, {request.match_info["id"]: await read_json(request)})


@needs(Right.USE)
async def users(request: web.Request) -> web.Response:
    return json_answer({"storage": "server", "migrated": True})


@needs(Right.MANAGE)
async def add_user(request: web.Request) -> web.Response:
    if not (await read_as(request, NewUser)).username.strip():
        raise PlainRefusal("username not provided")
    raise PlainRefusal("This server has one user, who needs no name; it keeps no others apart.")


async def _change(request: web.Request, changes: dict[str, Any]) -> web.Response:
    path = _path(request)
    async with _changing:
        text = json.dumps({**_read(path), **changes}, indent=4)
        with writing("user"):
            await asyncio.to_thread(write_whole, path, text.encode())
    return empty()


def _path(request: web.Request) -> Path:
    return user_folder(request) / "comfy.settings.json"


def _read(path: Path) -> dict[str, Any]:
    """The settings; a damaged file is put aside, so that nothing in it is lost and the editor still opens."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    aside = path.with_suffix(".damaged.json")
    log.warning("settings in %s are damaged; they are kept as %s and begin anew", path, aside.name)
    path.replace(aside)
    return {}
