"""Which node classes there are, and what the server can do."""

from __future__ import annotations

import asyncio
import platform
import sys
from typing import Any

from aiohttp import web

from web.server.access.rights import Right, needs
from web.server.answers import json_answer
from web.server.described import describe
from web.server.keys import ASSETS, DESCRIBED, FOLDERS, SETTINGS, engine_of
from web.server.settings import ServerSettings

COMFYUI_VERSION = "0.33.0"  # the release whose protocol is spoken


def routes() -> list[web.RouteDef]:
    return [
        web.get("/object_info", all_nodes),
        web.get("/object_info/{node}", one_node),
        web.get("/features", show_features),
        web.get("/system_stats", system_stats),
    ]


@needs(Right.SUBMIT)
async def all_nodes(request: web.Request) -> web.Response:
    """Every node. Who has the newest answer already is told so; who can unpack it gets it small."""
    if ASSETS in request.app:
        request.app[ASSETS].seeder.start()  # who asks for the nodes is about to ask for files
    text = await request.app[DESCRIBED].text(await (await engine_of(request)).schemas(anew=True))
    headers = {"ETag": text.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if text.tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    body = text.plain
    if "gzip" in request.headers.get("Accept-Encoding", "").lower():
        body, headers["Content-Encoding"] = text.packed, "gzip"
    return web.Response(body=body, content_type="application/json", charset="utf-8", headers=headers)


@needs(Right.SUBMIT)
async def one_node(request: web.Request) -> web.Response:
    schema = (await (await engine_of(request)).schemas(anew=True)).get(request.match_info["node"])
    text = await asyncio.to_thread(describe, [schema] if schema else [], request.app[FOLDERS].files)
    return web.Response(text=text, content_type="application/json")


@needs(Right.SUBMIT)
async def show_features(request: web.Request) -> web.Response:
    return json_answer(features(request.app[SETTINGS]))


def features(settings: ServerSettings) -> dict[str, Any]:
    """What this server can do, as clients ask for it over HTTP and the WebSocket."""
    return {
        "supports_preview_metadata": True,
        "supports_progress_changes": True,
        "supports_message_lists": True,
        "supports_model_type_tags": settings.assets,
        "max_upload_size": settings.max_upload_bytes,
        "extension": {},
        "node_replacements": True,
        "assets": settings.assets,
    }


@needs(Right.USE)
async def system_stats(request: web.Request) -> web.Response:
    import psutil

    stats = await (await engine_of(request)).stats()
    memory = psutil.virtual_memory()
    system = {
        "os": sys.platform if sys.platform != "win32" else "nt",
        "ram_total": memory.total,
        "ram_free": memory.available,
        "comfyui_version": COMFYUI_VERSION,
        "required_frontend_version": None,
        "installed_templates_version": None,
        "required_templates_version": None,
        "comfy_package_versions": [],
        "python_version": sys.version.replace("\n", " "),
        "pytorch_version": stats.get("pytorch_version", ""),
        "embedded_python": False,
        "deploy_environment": "easel",
        "machine": platform.machine(),
        "argv": sys.argv,
    }
    return json_answer({"system": system, "devices": stats.get("devices", [])})
