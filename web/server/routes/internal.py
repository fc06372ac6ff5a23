"""/internal: what a front end shows of the server itself. Without an /api twin, for it is no API to build on."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec
from aiohttp import web

from web.server.access.rights import Right, needs
from web.server.answers import PlainRefusal, empty, json_answer, read_as
from web.server.keys import FOLDERS, LOGS, folders_of
from web.server.routes.models import known_kinds


class LogSubscription(msgspec.Struct, rename="camel"):
    client_id: str
    enabled: bool = True


def routes() -> list[web.RouteDef]:
    return [
        web.get("/internal/logs", logs),
        web.get("/internal/logs/raw", raw_logs),
        web.patch("/internal/logs/subscribe", subscribe),
        web.get("/internal/folder_paths", folder_paths),
        web.get("/internal/files/{type}", files),
    ]


@needs(Right.MANAGE)
async def logs(request: web.Request) -> web.Response:
    """The last lines of the log as one text."""
    return json_answer("".join(f"{entry['t']} - {entry['m']}" for entry in request.app[LOGS].entries()))


@needs(Right.MANAGE)
async def raw_logs(request: web.Request) -> web.Response:
    size = shutil.get_terminal_size()
    entries = request.app[LOGS].entries()
    return json_answer({"entries": entries, "size": {"cols": size.columns, "rows": size.lines}})


@needs(Right.MANAGE)
async def subscribe(request: web.Request) -> web.Response:
    """Have the log told on a client's WebSocket, or no more."""
    asked = await read_as(request, LogSubscription)
    if asked.enabled:
        request.app[LOGS].subscribe(asked.client_id)
    else:
        request.app[LOGS].unsubscribe(asked.client_id)
    return empty()


@needs(Right.MANAGE)
async def folder_paths(request: web.Request) -> web.Response:
    """Where each kind of model, and the packs, are looked for."""
    found = {name: list(map(str, kind.folders)) for name, kind in known_kinds(request).items()}
    return json_answer({**found, "custom_nodes": [str(request.app[FOLDERS].custom_nodes)]})


@needs(Right.USE)
async def files(request: web.Request) -> web.Response:
    """The files at the top of input/, output/ or temp/, newest first, as a file input takes them."""
    type = request.match_info["type"]
    if type not in ("input", "output", "temp"):
        raise PlainRefusal("Invalid directory type")
    return json_answer(await asyncio.to_thread(_newest_first, folders_of(request).of_type(type), type))


def _newest_first(folder: Path, type: str) -> list[str]:
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return [f"{path.name} [{type}]" for path in found]
