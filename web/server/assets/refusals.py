"""Refusals as the assets API words them: a code for programs and a sentence for people."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from web.server.answers import Refusal, json_answer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CODES = {403: "FORBIDDEN", 404: "NOT_FOUND", 413: "TOO_LARGE", 507: "NOT_WRITABLE"}


class AssetRefusal(Refusal):
    """A refusal in the shape `{"error": {"code", "message", "details"}}` (contract http_ws.md §5)."""

    def __init__(self, code: str, message: str, status: int = 400, **details: Any) -> None:
        super().__init__(message, type=code, status=status, extra=details)

    def answer(self) -> web.Response:
        error = {"code": self.type, "message": self.message, "details": self.extra}
        return json_answer({"error": error}, status=self.status)


def no_asset(id: str) -> AssetRefusal:
    return AssetRefusal("ASSET_NOT_FOUND", f"there is no asset {id[:80]!r}", 404)


def coded(handler: Handler) -> Handler:
    """Have a handler's refusals, those of the helpers it shares with other routes too, in the shape of this API."""

    @functools.wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except AssetRefusal:
            raise
        except Refusal as refusal:
            code = CODES.get(refusal.status, "INVALID_BODY")
            raise AssetRefusal(code, refusal.message, refusal.status) from None
        except web.HTTPRequestEntityTooLarge:
            message = "the file is larger than this server takes; start it with a larger --max-upload-size"
            raise AssetRefusal("TOO_LARGE", message, 413) from None

    return answer
