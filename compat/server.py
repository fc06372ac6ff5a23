"""The server as packs see it from inside the worker: routes they register, messages they send to the client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from aiohttp import web

from comfy_core import progress
from nodes.expansion import executing_client, executing_context


class BinaryEventTypes:
    PREVIEW_IMAGE = 1
    UNENCODED_PREVIEW_IMAGE = 2
    TEXT = 3
    PREVIEW_IMAGE_WITH_METADATA = 4


class PromptServer:
    """`PromptServer.instance` is the only one. `routes` records what packs register while they are loaded."""

    instance: ClassVar[PromptServer]

    def __init__(self) -> None:
        self.routes = web.RouteTableDef()
        self.app = web.Application()
        self.on_prompt_handlers: list[Callable[[dict[str, Any]], dict[str, Any]]] = []
        self.supports = ["custom_nodes_from_web"]
        self.number = 0

    @property
    def client_id(self) -> str | None:
        """The client whose prompt runs."""
        return executing_client()

    @property
    def last_node_id(self) -> str | None:
        """The node that runs."""
        context = executing_context()
        return context.node_id if context is not None else None

    def send_sync(self, event: Any, data: Any, sid: str | None = None) -> None:
        """Send a message to the client of the prompt that runs; outside of a run there is nobody to hear it."""
        progress.send(str(event), data)

    def send_progress_text(self, text: str, node_id: str, sid: str | None = None) -> None:
        """Show a line under a node."""
        progress.show_text(text.decode() if isinstance(text, bytes) else text, node_id)

    def add_on_prompt_handler(self, handler: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Record what wants to rewrite prompts before they are queued."""
        self.on_prompt_handlers.append(handler)

    def add_routes(self) -> None:
        """Put the recorded routes into `app`, each also under `/api`."""
        both = web.RouteTableDef()
        for route in self.routes:
            if isinstance(route, web.RouteDef):
                both.route(route.method, f"/api{route.path}", **route.kwargs)(route.handler)
        self.app.add_routes(self.routes)
        self.app.add_routes(both)


PromptServer.instance = PromptServer()
