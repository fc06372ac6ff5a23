"""GET /ws: the WebSocket on which a client hears its runs."""

from __future__ import annotations

import asyncio
import uuid

from aiohttp import web

from web.server.access.rights import Right, needs
from web.server.answers import whole_number
from web.server.hub import Client
from web.server.keys import HUB, engine_of

HEARTBEAT_SECONDS = 30.0


def routes() -> list[web.RouteDef]:
    return [web.get("/ws", talk)]


@needs(Right.SUBMIT)
async def talk(request: web.Request) -> web.WebSocketResponse:
    """`clientId` names the client, `since` (ours) is the last event it heard: what came after is told again."""
    since = whole_number(request, "since")
    id = request.query.get("clientId") or uuid.uuid4().hex
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, compress=False)  # previews are compressed already
    await socket.prepare(request)
    try:
        await request.app[HUB].serve(await engine_of(request), Client(id, socket), since)
    except (TimeoutError, ConnectionError, asyncio.CancelledError):
        pass
    finally:
        await socket.close()
    return socket
