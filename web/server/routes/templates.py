"""/templates: the workflows at hand, as ComfyUI's own page lists them in its template browser."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from web.server.access.rights import Right, needs
from web.server.answers import Refusal, json_answer
from web.server.files import is_file, resolve, send_file
from web.server.keys import FOLDERS


def routes() -> list[web.RouteDef]:
    return [web.get("/templates/index.json", index), web.get("/templates/{name}.json", template)]


@needs(Right.USE)
async def index(request: web.Request) -> web.Response:
    """One shelf with every workflow of user_workflows/."""
    names = await asyncio.to_thread(_names, request.app[FOLDERS].workflows)
    shelf = {"moduleName": "default", "title": "Easel", "type": "image", "templates": [_shown(name) for name in names]}
    return json_answer([shelf])


@needs(Right.USE)
async def template(request: web.Request) -> web.StreamResponse:
    """One of these workflows."""
    name = request.match_info["name"]
    path = resolve(request.app[FOLDERS].workflows, f"{name}.json", status=404)
    if not is_file(path):
        raise Refusal(f"there is no workflow {name[:100]!r}", type="not_found", status=404)
    return send_file(path)


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.json") if path.is_file())


def _shown(name: str) -> dict[str, Any]:
    title = name.replace("_", " ").capitalize()
    return {"name": name, "title": title, "description": "", "mediaType": "image", "mediaSubtype": "webp"}
