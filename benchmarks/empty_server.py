"""A server that takes prompts and says at once that they are over: what HTTP and a WebSocket cost by themselves.

python -m benchmarks.empty_server PORT
"""

from __future__ import annotations

import json
import sys
import uuid

from aiohttp import WSMsgType, web

sockets: dict[str, web.WebSocketResponse] = {}


async def listen(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    sockets[request.query["clientId"]] = socket
    async for message in socket:
        assert message.type is WSMsgType.TEXT
    return socket


async def take(request: web.Request) -> web.Response:
    body = await request.json()
    prompt_id = str(uuid.uuid4())
    ended = {"type": "executing", "data": {"node": None, "prompt_id": prompt_id}}
    await sockets[body["client_id"]].send_str(json.dumps(ended))
    return web.json_response({"prompt_id": prompt_id, "number": 0, "node_errors": {}})


async def ready(request: web.Request) -> web.Response:
    return web.json_response({"BenchShow": {}})


if __name__ == "__main__":
    app = web.Application()
    app.add_routes([web.get("/ws", listen), web.post("/prompt", take), web.get("/object_info/BenchShow", ready)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
