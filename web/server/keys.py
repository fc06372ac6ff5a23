"""What every route can ask of its application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from aiohttp import web

from comfy_core.folders import Folders, of_user
from web.server.access.accounts import AccountsFile
from web.server.access.patience import Patience
from web.server.access.rights import owner_of
from web.server.described import Described
from web.server.hub import Hub
from web.server.logs import LogBook
from web.server.settings import ServerSettings

if TYPE_CHECKING:
    from execution.engine import Engine
    from web.server.assets.library import Library


class Door:
    """The engine, or the engine to come: routes that need it wait, all others are served meanwhile."""

    def __init__(self, engine: Engine | Awaitable[Engine]) -> None:
        self._coming = engine
        self._opening: asyncio.Future[Engine] | None = None

    def open(self) -> None:
        """Begin to wait; called once there is an event loop."""
        self._opening = asyncio.ensure_future(self._wait())

    async def engine(self) -> Engine:
        assert self._opening is not None, "the application has not started"
        return await asyncio.shield(self._opening)

    def engine_now(self) -> Engine | None:
        """The engine, if it is there already."""
        coming = self._opening
        return coming.result() if coming is not None and coming.done() and not coming.exception() else None

    async def _wait(self) -> Engine:
        return await self._coming if isinstance(self._coming, Awaitable) else self._coming


DOOR = web.AppKey("door", Door)
FOLDERS = web.AppKey("folders", Folders)
SETTINGS = web.AppKey("settings", ServerSettings)
HUB = web.AppKey("hub", Hub)
ACCOUNTS = web.AppKey("accounts", AccountsFile)
PATIENCE = web.AppKey("patience", Patience)
DESCRIBED = web.AppKey("described", Described)
LOGS = web.AppKey("logs", LogBook)
ASSETS: web.AppKey[Library] = web.AppKey("assets")  # only with --enable-assets


def folders_of(request: web.Request) -> Folders:
    """Where the caller's files lie: of several users each has results of their own."""
    return of_user(request.app[FOLDERS], owner_of(request) or "")


async def engine_of(request: web.Request) -> Engine:
    return await request.app[DOOR].engine()
