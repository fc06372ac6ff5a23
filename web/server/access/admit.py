"""The gate: finds out who is calling, and lets pass what they may do.

A server that only its own machine can reach lets everybody in, as its owner. Any other asks for a token
(`Authorization: Bearer`, or `?token=` where a program opens the page or the WebSocket), or a session: the cookie that a
browser gets for a token or a password.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from web.server.access.accounts import SESSION_SECONDS
from web.server.access.rights import CALLER, DEFAULT_USER, NOBODY, OWNER, Caller, Right, right_needed
from web.server.answers import Refusal
from web.server.keys import ACCOUNTS, SETTINGS

BY_QUERY = ("/", "/ws", "/api/ws")  # where a token may stand in the address
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")  # a proxy speaks for somebody elsewhere


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a caller pass to a route they have the right to. Routes that declare no right are closed."""
    caller = who_calls(request)
    request[CALLER] = caller
    if request.match_info.http_exception is not None:
        return await handler(request)
    needed = right_needed(request.match_info.handler)
    if needed is None:
        raise Refusal("this route does not say who may use it, so nobody may", type="closed", status=403)
    require(request, needed)
    return await handler(request)


def require(request: web.Request, needed: Right) -> None:
    """Raises Refusal for a caller who may not, HTTPFound where there is a way in."""
    caller = request[CALLER]
    if caller.right >= needed:
        return
    if caller is not NOBODY:
        raise Refusal(f"{caller.user!r} may not do this", type="forbidden", status=403)
    if request.path == "/":
        raise web.HTTPFound("/login")
    hint = "send it as 'Authorization: Bearer TOKEN', or open /login in a browser"
    raise Refusal(f"this server wants a token; {hint}", type="unauthorized", status=401)


def who_calls(request: web.Request) -> Caller:
    """Raises Refusal for a token that is wrong, so that its sender notices."""
    is_open = is_open_to(request)
    if (token := _token(request)) is not None:
        caller = find_token(request.app, token)
        if caller is None and not is_open:
            raise Refusal("this token is not known here", type="unauthorized", status=401)
        return caller or OWNER
    return _visitor(request) or (OWNER if is_open else NOBODY)


def is_open_to(request: web.Request) -> bool:
    """Whether a caller needs no token: the server is the machine's own, and no proxy brings others in."""
    return not request.app[SETTINGS].wants_token and not any(name in request.headers for name in FORWARDED)


def find_token(app: web.Application, token: str) -> Caller | None:
    """Whom a token stands for: the one printed at start for the owner, those made at the terminal for their users."""
    own = app[SETTINGS].token
    if own is not None and hmac.compare_digest(token.encode(), own.encode()):
        return OWNER
    return app[ACCOUNTS].current().find_token(token)


def give_session(request: web.Request, response: web.StreamResponse, user: str) -> None:
    """Have the browser known from now on."""
    response.set_cookie(
        cookie_name(request),
        request.app[ACCOUNTS].current().session(user),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.secure,
        path="/",
    )


def cookie_name(request: web.Request) -> str:
    """Browsers keep cookies by host, not by port; two servers on one host must not log each other out."""
    return f"easel-session-{urlsplit(f'//{request.host}').port or 0}"


def _visitor(request: web.Request) -> Caller | None:
    """Whoever the browser's cookie stands for."""
    session = request.cookies.get(cookie_name(request))
    if not session:
        return None
    accounts = request.app[ACCOUNTS].current()
    user = accounts.find_session(session)
    return OWNER if user == DEFAULT_USER else accounts.caller(user or "")


def _token(request: web.Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return token.strip()
    return request.query.get("token") or None if request.path in BY_QUERY else None
