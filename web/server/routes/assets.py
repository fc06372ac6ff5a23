"""The assets API, which this server does not offer: each of its routes says so in the words clients expect."""

from __future__ import annotations

from aiohttp import web

from web.server.access.rights import Right, needs
from web.server.answers import json_answer

DISABLED = {
    "error": {
        "code": "SERVICE_DISABLED",
        "message": "Assets system is disabled. This server keeps none; use /upload/image, /view and /models.",
        "details": {},
    }
}


def routes() -> list[web.RouteDef]:
    paths = ("/api/assets", "/api/assets/{rest:.+}", "/api/tags")
    return [web.route("*", path, refuse) for path in paths]


@needs(Right.USE)
async def refuse(request: web.Request) -> web.Response:
    return json_answer(DISABLED, status=503)
