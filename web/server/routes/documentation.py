"""/openapi.json and /docs: the API, for programs and for people."""

from __future__ import annotations

from aiohttp import web

from web.server.access.rights import Right, needs
from web.server.answers import json_answer
from web.server.description import describe, page


def routes() -> list[web.RouteDef]:
    return [web.get("/openapi.json", document), web.get("/docs", documentation)]


@needs(Right.SUBMIT)
async def document(request: web.Request) -> web.Response:
    """This API as OpenAPI 3.1."""
    return json_answer(describe(request.app))


@needs(Right.SUBMIT)
async def documentation(request: web.Request) -> web.Response:
    """This API as a page to read."""
    return web.Response(text=page(describe(request.app)), content_type="text/html")
