"""The editor's files from web/dist, and a page that says how to build them where they are missing."""

from __future__ import annotations

from aiohttp import web

from web.server.access.admit import give_session
from web.server.access.rights import Right, caller_of, needs
from web.server.answers import Refusal
from web.server.files import is_file, resolve, send_page_file
from web.server.keys import SETTINGS
from web.server.routes import pack_routes

MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Easel</title>
<style>body{font:16px/1.5 system-ui;max-width:36rem;margin:15vh auto;padding:0 1rem;color:#1c1c1c;background:#f4f4f4}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}}code{font-size:.9em}</style>
<h1>Easel is running</h1>
<p>The server answers, but the editor has not been built here: <code>web/dist</code> is missing.</p>
<p>Build it once with <code>cd web/editor &amp;&amp; npm ci &amp;&amp; npm run build</code>, then reload this page.
The HTTP API works without it.</p></html>"""
CATCH_ALL = "/{path}"


def routes() -> list[web.RouteDef]:
    return [web.get("/", index), web.route("*", "/{path:.+}", asset)]


@needs(Right.USE)
async def index(request: web.Request) -> web.StreamResponse:
    """The page. A token in its address becomes a session, and leaves the address."""
    if "token" in request.query:
        answer = web.Response(status=303, headers={"Location": "/"})
        give_session(request, answer, caller_of(request).user)
        return answer
    path = request.app[SETTINGS].dist / "index.html"
    if not is_file(path):
        return web.Response(text=MISSING, content_type="text/html", headers={"Cache-Control": "no-store"})
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


@needs(Right.OPEN)
async def asset(request: web.Request) -> web.StreamResponse:
    """A file of the editor, or else what a pack has at this address."""
    is_read = request.method in ("GET", "HEAD")
    name = request.match_info["path"]
    path = resolve(request.app[SETTINGS].dist, name, status=404) if is_read else None
    if path is None or not is_file(path):
        answer = await pack_routes.forward(request)
        if answer is not None:
            return answer
        if not is_read:
            await _refuse_method(request)
        raise Refusal(f"there is nothing at /{name[:200]}", type="not_found", status=404)
    return send_page_file(path)


async def _refuse_method(request: web.Request) -> None:
    """All that no other route takes ends here: say which methods the address does take, or that there is none."""
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        if resource.canonical != CATCH_ALL:
            allowed |= (await resource.resolve(request))[1]
    if allowed:
        raise web.HTTPMethodNotAllowed(request.method, allowed)
    raise Refusal(f"there is nothing at {request.path[:200]}", type="not_found", status=404)
