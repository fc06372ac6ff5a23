"""WebSockets of custom packs: what a client and a route in the worker say is passed on, both ways, to the end."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import WSMsgType, web

LARGEST_MESSAGE = 64 << 20
Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def pass_on(request: web.Request, far: aiohttp.ClientWebSocketResponse) -> web.WebSocketResponse:
    """Join a request that wants a WebSocket to `far`, the worker's end, until either side is done."""
    near = web.WebSocketResponse(
        protocols=[far.protocol] if far.protocol else (), max_msg_size=LARGEST_MESSAGE, compress=False
    )
    await near.prepare(request)
    ways = [asyncio.create_task(_pump(near, far)), asyncio.create_task(_pump(far, near))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        code = next((side.close_code for side in (far, near) if _may_be_sent(side.close_code)), None)
        for side in (near, far):
            await side.close(code=code or aiohttp.WSCloseCode.OK)
    return near


def _may_be_sent(code: int | None) -> bool:
    """Whether a code came from the other side, and not from a connection that broke."""
    return code is not None and code not in (aiohttp.WSCloseCode.ABNORMAL_CLOSURE, 1005)


async def _pump(source: Socket, sink: Socket) -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await sink.send_bytes(message.data)
