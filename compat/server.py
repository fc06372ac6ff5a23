"""The server as packs see it from inside the worker: routes they register, messages they send, prompts they rewrite."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import struct
import threading
from collections.abc import Callable
from typing import Any, ClassVar

from aiohttp import web
from aiohttp.typedefs import Handler

from comfy_core import progress
from execution.previews import IMAGE_KINDS, encoded
from execution.results import plain
from nodes import registry
from nodes.expansion import executing_client, executing_node

log = logging.getLogger(__name__)
KEY_HEADER = "X-Easel-Key"
SECONDS_TO_START = 10.0


class BinaryEventTypes:
    PREVIEW_IMAGE = 1
    UNENCODED_PREVIEW_IMAGE = 2
    TEXT = 3
    PREVIEW_IMAGE_WITH_METADATA = 4


class PromptServer:
    """`PromptServer.instance` is the only one. What packs register while they are loaded is served afterwards."""

    instance: ClassVar[PromptServer]

    def __init__(self) -> None:
        self.supports = ["custom_nodes_from_web"]
        self.number = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rewriting = threading.Lock()
        self.begin()

    def begin(self) -> None:
        """Forget what packs registered: they are about to be loaded (again)."""
        self.routes = web.RouteTableDef()
        self.app = web.Application(client_max_size=1 << 40)  # how large a body may be is the server's to say
        self.on_prompt_handlers: list[Callable[[dict[str, Any]], dict[str, Any]]] = []

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that the routes' handlers run in, in a thread of its own."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="pack-routes", daemon=True).start()
        return self._loop

    @property
    def client_id(self) -> str | None:
        """The client whose prompt runs."""
        return executing_client()

    @property
    def last_node_id(self) -> str | None:
        """The node that runs."""
        return executing_node()

    def send_sync(self, event: Any, data: Any, sid: str | None = None) -> None:
        """Send a message to a client; without `sid` to the one whose prompt runs, and outside of a run to all.

        Bytes go out as a binary frame of the kind `event`, and so does the picture of an UNENCODED_PREVIEW_IMAGE.
        """
        kind, data = _ready(event, data)
        if progress.is_heard() and sid in (None, self.client_id):
            progress.send(kind, data)
        else:
            registry.HOST.say(kind, data, None if sid is None else str(sid))

    async def send(self, event: Any, data: Any, sid: str | None = None) -> None:
        self.send_sync(event, data, sid)

    async def send_json(self, event: Any, data: Any, sid: str | None = None) -> None:
        self.send_sync(event, data, sid)

    def send_progress_text(self, text: str, node_id: str, sid: str | None = None) -> None:
        """Show a line under a node."""
        progress.show_text(text.decode() if isinstance(text, bytes) else text, node_id)

    def add_on_prompt_handler(self, handler: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Have a function see, and change, the body of every prompt before it is queued."""
        self.on_prompt_handlers.append(handler)

    def trigger_on_prompt(self, json_data: dict[str, Any]) -> dict[str, Any]:
        """The body as the handlers leave it; one that fails, or forgets to return it, is passed over. Each sees one
        prompt after the other, for more they were not written for."""
        for handler in self.on_prompt_handlers:
            try:
                with self._rewriting:
                    rewritten = handler(json_data)
            except BaseException:
                log.warning("a pack's prompt handler failed and is passed over", exc_info=True)
            else:
                json_data = rewritten if isinstance(rewritten, dict) else json_data
        return json_data

    def add_routes(self) -> None:
        """Put the recorded routes into `app`, each also under `/api`. One that cannot be added costs only itself."""
        for prefix in ("", "/api"):
            for route in self.routes:
                try:
                    _prefixed(route, prefix).register(self.app.router)
                except (ValueError, RuntimeError) as error:
                    log.warning("a pack's route %s%s is left out: %s", prefix, getattr(route, "path", ""), error)

    def serve(self, key: str) -> tuple[list[tuple[str, str]], str]:
        """Answer requests for the packs' routes that show `key`; the routes, and the address."""
        self.add_routes()
        routes = patterns(self.app)
        return routes, serve(self.app, key, self.loop) if routes else ""


def _ready(event: Any, data: Any) -> tuple[str, Any]:
    """A message as it goes out: its kind, and plain data or, for a binary frame, bytes."""
    if event == BinaryEventTypes.UNENCODED_PREVIEW_IMAGE and isinstance(data, tuple | list):
        make_file = encoded(data)
        assert make_file is not None
        kind, file = make_file()
        return str(BinaryEventTypes.PREVIEW_IMAGE), struct.pack(">I", IMAGE_KINDS[kind]) + file
    if isinstance(event, int) and isinstance(data, bytes | bytearray | memoryview):
        return str(int(event)), bytes(data)
    return str(event), plain(data)


def _prefixed(route: web.AbstractRouteDef, prefix: str) -> web.AbstractRouteDef:
    if isinstance(route, web.RouteDef):
        return web.RouteDef(route.method, prefix + route.path, route.handler, route.kwargs)
    assert isinstance(route, web.StaticDef)
    return web.StaticDef(prefix + route.prefix, route.path, route.kwargs)


# --- serving them ----------------------------------------------------------------------------------------------------


def patterns(app: web.Application) -> list[tuple[str, str]]:
    """The routes of an application as (method, regular expression of whole paths); the method may be `*`."""
    return [(route.method, _pattern(route.resource)) for route in app.router.routes() if route.resource is not None]


def serve(app: web.Application, key: str, loop: asyncio.AbstractEventLoop) -> str:
    """Serve an application in a running loop, on a port of this machine, to whoever shows the key; its address."""

    @web.middleware
    async def ask_for_key(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get(KEY_HEADER, ""), key):
            raise web.HTTPForbidden
        return await handler(request)

    app.middlewares.insert(0, ask_for_key)
    return asyncio.run_coroutine_threadsafe(_start(app), loop).result(SECONDS_TO_START)


async def _start(app: web.Application) -> str:
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


def _pattern(resource: web.AbstractResource) -> str:
    info = resource.get_info()
    if "pattern" in info:
        return info["pattern"].pattern
    return re.escape(info["path"]) if "path" in info else re.escape(info.get("prefix", "")) + "/.*"


PromptServer.instance = PromptServer()
registry.HOST.begin = PromptServer.instance.begin
registry.HOST.serve = PromptServer.instance.serve
registry.HOST.rewrite = PromptServer.instance.trigger_on_prompt
registry.HOST.rewrites = lambda: bool(PromptServer.instance.on_prompt_handlers)
