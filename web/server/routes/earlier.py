"""/earlier: what workflows held before, for who wants them back. /userdata keeps them as it writes and deletes."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from aiohttp import web

from web.server import earlier
from web.server.access.rights import Right, needs
from web.server.answers import Refusal, json_answer
from web.server.files import is_file, resolve, send_file
from web.server.places import earlier_folder, workflows_folder


def routes() -> list[web.RouteDef]:
    return [web.get("/earlier", list_earlier), web.get("/earlier/{version}", read_earlier)]


@needs(Right.USE)
async def list_earlier(request: web.Request) -> web.Response:
    """The versions of the workflow `file`, newest first; without one, the last versions of deleted ones."""
    root = earlier_folder(request)
    name = request.query.get("file", "")
    if name:
        found = await asyncio.to_thread(earlier.versions, resolve(root, name))
        return json_answer([{"path": name, **asdict(version)} for version in found])
    gone = await asyncio.to_thread(earlier.deleted, root, workflows_folder(request))
    return json_answer([{"path": path, **asdict(version)} for path, version in gone])


@needs(Right.USE)
async def read_earlier(request: web.Request) -> web.StreamResponse:
    """One version of the workflow `file`."""
    name, version = request.query.get("file", ""), request.match_info["version"]
    path = resolve(earlier_folder(request), f"{name}/{version}.json", status=404)
    if not name or not is_file(path):
        raise Refusal(f"there is no such version of {name[:100]!r}", status=404, type="no_file")
    return send_file(path, download=True)
