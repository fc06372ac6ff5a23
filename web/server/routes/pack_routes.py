"""Routes that custom packs registered live in the worker; requests for them go there and the answers come back.

Whatever the packs' routes are, this server's own come first, and so do its checks of who may ask.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from execution.worker import PackServices
from web.server.access.admit import require
from web.server.access.rights import Right
from web.server.answers import Refusal
from web.server.keys import SETTINGS, engine_of
from web.server.routes.pack_sockets import LARGEST_MESSAGE, pass_on

KEY_HEADER = "X-Easel-Key"
SECONDS_TO_CONNECT = 5.0
SECONDS_TO_COME_UP = 10.0
SESSION = web.AppKey("pack_routes", aiohttp.ClientSession)
# What concerns one connection only, and what opens this server: neither is a pack's business.
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
PRIVATE = {"cookie", "authorization", KEY_HEADER.lower()}


async def session(app: web.Application) -> AsyncIterator[None]:
    """The connections to the worker, as long as the application lives."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=SECONDS_TO_CONNECT)
    async with aiohttp.ClientSession(
        timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as app[SESSION]:
        yield


async def forward(request: web.Request) -> web.StreamResponse | None:
    """The answer of the pack that has this route; None if none has. Raises Refusal when the worker is down."""
    services = await _services(request)
    if services is None or not _has_route(services, request.method, request.rel_url.path_safe):
        return None
    require(request, Right.USE)
    body = Body(request)
    try:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await _converse(request, services)
        return await _exchange(request, services, body)
    except aiohttp.WSServerHandshakeError as refused:
        status = refused.status if refused.status >= 400 else 400
        raise Refusal("the pack's route took up no WebSocket", type="refused", status=status) from None
    except (aiohttp.ClientConnectionError, TimeoutError):
        if body.is_too_large:
            raise web.HTTPRequestEntityTooLarge(max_size=body.most, actual_size=body.bytes) from None
        raise Refusal(
            "the worker that has this route is down or restarting; ask again in a moment",
            type="worker_unavailable",
            status=503,
        ) from None


async def _services(request: web.Request) -> PackServices | None:
    """What the packs offer; while the first worker comes up, a moment's patience."""
    try:
        async with asyncio.timeout(SECONDS_TO_COME_UP):
            return await (await engine_of(request)).pack_services()
    except TimeoutError:
        return None


def _has_route(services: PackServices, method: str, path: str) -> bool:
    return any(
        known in ("*", method) or (known == "GET" and method == "HEAD")
        for known, pattern in services.routes
        if _compiled(pattern).fullmatch(path)
    )


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


async def _converse(request: web.Request, services: PackServices) -> web.StreamResponse:
    handshake = {name.lower() for name in request.headers if name.lower().startswith("sec-websocket-")}
    headers = _passed_on(request.headers, HOP_BY_HOP | PRIVATE | handshake)
    headers[KEY_HEADER] = services.key
    asked = request.headers.get("Sec-WebSocket-Protocol", "")
    protocols = [one.strip() for one in asked.split(",") if one.strip()]
    async with request.app[SESSION].ws_connect(
        services.address + request.raw_path, headers=headers, protocols=protocols, max_msg_size=LARGEST_MESSAGE
    ) as far:
        return await pass_on(request, far)


async def _exchange(request: web.Request, services: PackServices, body: Body) -> web.StreamResponse:
    headers = _passed_on(request.headers, HOP_BY_HOP | PRIVATE)
    headers[KEY_HEADER] = services.key
    async with request.app[SESSION].request(
        request.method,
        services.address + request.raw_path,
        headers=headers,
        data=body.pieces() if request.can_read_body else None,
        allow_redirects=False,
    ) as answer:
        response = web.StreamResponse(status=answer.status, reason=answer.reason)
        response.headers.extend(_passed_on(answer.headers, HOP_BY_HOP))
        await response.prepare(request)
        try:
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
        except aiohttp.ClientError:
            # What was sent cannot be taken back; a connection that breaks says that it is not all.
            if request.transport is not None:
                request.transport.abort()
        return response


class Body:
    """What a client sends, in pieces, up to what this server takes."""

    def __init__(self, request: web.Request) -> None:
        self.most = request.app[SETTINGS].max_upload_bytes
        self.bytes = 0
        self._content = request.content

    @property
    def is_too_large(self) -> bool:
        return self.bytes > self.most

    async def pieces(self) -> AsyncIterator[bytes]:
        """Breaks off, so that the worker does too, when there is more."""
        async for piece in self._content.iter_any():
            self.bytes += len(piece)
            if self.is_too_large:
                raise ConnectionError("the body is too large")
            yield piece


def _passed_on(headers: Mapping[str, str], without: set[str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in without)
