"""GET /ws: the WebSocket on which a client hears its runs."""

from __future__ import annotations

import asyncio
import logging
import uuid

from aiohttp import WSCloseCode, web

from web.server.access.rights import Right, caller_of, needs
from web.server.answers import Refusal, whole_number
from web.server.hub import Client
from web.server.keys import HUB, engine_of

log = logging.getLogger("easel.server")

HEARTBEAT_SECONDS = 30.0


def routes() -> list[web.RouteDef]:
    return [web.get("/ws", talk)]


@needs(Right.SUBMIT)
async def talk(request: web.Request) -> web.WebSocketResponse:
    """`clientId` names the client, `since` (ours) is the last event it heard: what came after is told again."""
    since = whole_number(request, "since")
    id = request.query.get("clientId") or uuid.uuid4().hex
    hub, user = request.app[HUB], caller_of(request).user
    if hub.is_anothers(id, user):
        raise Refusal("a client of another user has this clientId", type="forbidden", status=403)
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, compress=False)  # previews are compressed already
    await socket.prepare(request)
    try:
        await hub.serve(await engine_of(request), Client(id, socket, user), since)
    except TimeoutError:
        log.info("client %s takes nothing any more; it is let go", id)
        await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too slow: it took nothing for a minute")
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        await socket.close()
    return socket
