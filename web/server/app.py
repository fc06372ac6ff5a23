"""The application: all routes, each with and without /api, behind the guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from comfy_core.folders import Folders
from web.server import answers, failures, security
from web.server.access.accounts import AccountsFile
from web.server.access.admit import admit
from web.server.access.patience import Patience
from web.server.assets.results import with_asset_ids
from web.server.described import Described
from web.server.hub import Hub
from web.server.keys import ACCOUNTS, ASSETS, DESCRIBED, DOOR, FOLDERS, HUB, LOGS, PATIENCE, SETTINGS, Door
from web.server.logs import LogBook
from web.server.routes import (
    assets,
    catalogue,
    documentation,
    earlier,
    explain,
    infotext,
    internal,
    jobs,
    login,
    models,
    pack_routes,
    packs,
    page,
    preferences,
    prompt,
    queue,
    socket,
    templates,
    upload,
    userdata,
    view,
    workflow_pictures,
)
from web.server.settings import ServerSettings

if TYPE_CHECKING:
    from execution.engine import Engine


# with and without /api
TWICE = (
    prompt, explain, infotext, queue, catalogue, models, packs, view, upload, userdata, earlier, preferences, socket,
    documentation, workflow_pictures,
)  # fmt: skip
ONCE = (
    jobs.routes,
    packs.routes_under_api,
    internal.routes,
    login.routes,
    templates.routes,
)  # only as written


def make_app(engine: Engine | Awaitable[Engine], folders: Folders, settings: ServerSettings) -> web.Application:
    """Put the server together. `engine` may still be on its way: only the routes that need it wait.

    The caller starts and closes the engine.
    """
    packing = [answers.compress] if settings.compress else []
    app = web.Application(
        middlewares=[*packing, failures.answer_failures, security.guard, admit],
        client_max_size=settings.max_upload_bytes,
    )
    app[FOLDERS], app[SETTINGS] = folders, settings
    app[ACCOUNTS], app[PATIENCE] = AccountsFile(folders.user / "accounts.json"), Patience()
    app[DOOR] = Door(engine)
    app[DESCRIBED] = Described(folders)
    app[HUB] = Hub(catalogue.features(settings))
    app[LOGS] = LogBook(app[HUB].tell)
    for subject in TWICE:
        app.router.add_routes([twin for route in subject.routes() for twin in _with_and_without_api(route)])
    for routes in ONCE:
        app.router.add_routes(routes())
    app.router.add_routes(assets.routes() if settings.assets else assets.refusals())
    app.router.add_routes(page.routes())
    app.on_response_prepare.append(security.add_headers)
    app.cleanup_ctx.append(_watching)
    app.cleanup_ctx.append(pack_routes.session)
    app.on_shutdown.append(_say_goodbye)
    if settings.assets:
        _keep_assets(app)
    return app


def _with_and_without_api(route: web.RouteDef) -> tuple[web.RouteDef, web.RouteDef]:
    return route, web.RouteDef(route.method, f"/api{route.path}", route.handler, route.kwargs)


async def _watching(app: web.Application) -> AsyncIterator[None]:
    """Wait for the engine and keep an eye on its runs, as long as the application lives."""
    app[DOOR].open()
    watching = asyncio.create_task(_watch(app))
    with app[LOGS].listening():
        yield
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def _watch(app: web.Application) -> None:
    try:
        engine = await app[DOOR].engine()
    except Exception:
        return  # whoever starts the engine says why it did not start
    if ASSETS in app:
        engine.complete_outputs(partial(with_asset_ids, app[ASSETS]))
    engine.observe(app[HUB].note)


def _keep_assets(app: web.Application) -> None:
    from web.server.assets.library import Library  # with SQLAlchemy, which takes its time to import

    library = Library(app[FOLDERS], lambda: app[ACCOUNTS].current().users)
    app[ASSETS] = library

    async def close(app: web.Application) -> None:
        await library.close()

    app.on_cleanup.append(close)


async def _say_goodbye(app: web.Application) -> None:
    await app[HUB].close()
