"""The way in for browsers: /login swaps a token or a password for a session, /logout ends it. Needs no script."""

from __future__ import annotations

import asyncio
from html import escape

from aiohttp import web

from web.server.access.admit import cookie_name, find_token, give_session
from web.server.access.rights import Caller, Right, needs
from web.server.answers import Refusal
from web.server.keys import ACCOUNTS, PATIENCE, SETTINGS

LONGEST_FORM = 4096
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Easel: sign in</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px/1.5 system-ui;max-width:22rem;margin:15vh auto;padding:0 1rem;color:#1c1c1c;background:#f4f4f4}}
label{{display:block;margin:.75rem 0 .25rem}}input,button{{font:inherit;box-sizing:border-box;width:100%;padding:.5rem}}
button{{margin-top:1rem}}p[role=alert]{{color:#a4201c}}
@media(prefers-color-scheme:dark){{body{{color:#e6e6e6;background:#161616}}p[role=alert]{{color:#ff8f87}}}}</style>
<h1>Sign in to Easel</h1>{problem}<form method="post" action="/login">{fields}<button>Sign in</button></form></html>"""
TOKEN_FIELD = """<label for="token">Token{alternative}</label>
<input id="token" name="token" type="password" autocomplete="off">
<p>The server's terminal shows it, in the address after <code>token=</code>.</p>"""
USER_FIELDS = """<label for="user">Name</label><input id="user" name="user" autocomplete="username" autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password">"""


def routes() -> list[web.RouteDef]:
    return [web.get("/login", show), web.post("/login", sign_in), web.post("/logout", sign_out)]


@needs(Right.OPEN)
async def show(request: web.Request) -> web.Response:
    """The page to sign in on."""
    return _page(request)


@needs(Right.OPEN)
async def sign_in(request: web.Request) -> web.Response:
    """A form with a token, or a name and a password, in; a session in a cookie out."""
    address = request.remote or ""
    request.app[PATIENCE].check(address)
    if (request.content_length or 0) > LONGEST_FORM:
        raise Refusal("that is no name and no password", status=413)
    form = {name: str(value) for name, value in (await request.post()).items()}
    caller = await _known(request, form)
    if caller is None or caller.right < Right.USE:
        request.app[PATIENCE].note(address)
        return _page(request, "This name and password, or this token, are not known here.", status=401)
    response = web.Response(status=303, headers={"Location": "/"})
    give_session(request, response, caller.user)
    return response


@needs(Right.OPEN)
async def sign_out(request: web.Request) -> web.Response:
    """Forget the browser."""
    response = web.Response(status=303, headers={"Location": "/login"})
    response.del_cookie(cookie_name(request), path="/")
    return response


async def _known(request: web.Request, form: dict[str, str]) -> Caller | None:
    if form.get("token"):
        return find_token(request.app, form["token"].strip())
    accounts = request.app[ACCOUNTS].current()
    return await asyncio.to_thread(accounts.check_password, form.get("user", ""), form.get("password", ""))


def _page(request: web.Request, problem: str = "", status: int = 200) -> web.Response:
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    fields = TOKEN_FIELD.format(alternative="")
    if request.app[SETTINGS].multi_user:
        fields = USER_FIELDS + TOKEN_FIELD.format(alternative=" (instead of name and password)")
    text = PAGE.format(problem=alert, fields=fields)
    return web.Response(text=text, status=status, content_type="text/html", headers={"Cache-Control": "no-store"})
