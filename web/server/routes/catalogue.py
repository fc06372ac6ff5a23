"""Which node classes there are, and what the server can do."""

from __future__ import annotations

import asyncio
import logging
import platform
import sys
from functools import lru_cache
from typing import Any

from aiohttp import web

from comfy_core.folders import Folders
from nodes.schema import NodeSchema, object_info
from web.server.answers import dumps, json_answer
from web.server.keys import FOLDERS, SETTINGS, engine_of
from web.server.settings import ServerSettings

log = logging.getLogger("easel.server")

COMFYUI_VERSION = "0.33.0"  # the release whose protocol is spoken


def routes() -> list[web.RouteDef]:
    return [
        web.get("/object_info", all_nodes),
        web.get("/object_info/{node}", one_node),
        web.get("/features", show_features),
        web.get("/system_stats", system_stats),
    ]


async def all_nodes(request: web.Request) -> web.Response:
    schemas = await (await engine_of(request)).schemas()
    text = await asyncio.to_thread(_describe, list(schemas.values()), request.app[FOLDERS])
    return web.Response(text=text, content_type="application/json")


async def one_node(request: web.Request) -> web.Response:
    schema = (await (await engine_of(request)).schemas()).get(request.match_info["node"])
    text = await asyncio.to_thread(_describe, [schema] if schema else [], request.app[FOLDERS])
    return web.Response(text=text, content_type="application/json")


def _describe(schemas: list[NodeSchema], folders: Folders) -> str:
    """The /object_info of these nodes; each folder is listed once, and a broken schema costs only its own node."""
    files = lru_cache(maxsize=None)(folders.files)
    described = {}
    for schema in schemas:
        try:
            described[schema.id] = object_info(schema, files)
        except (KeyError, TypeError, ValueError, OSError) as error:
            log.error("node %s is left out of the catalogue: %s", schema.id, error)
    return dumps(described)


async def show_features(request: web.Request) -> web.Response:
    return json_answer(features(request.app[SETTINGS]))


def features(settings: ServerSettings) -> dict[str, Any]:
    """What this server can do, as clients ask for it over HTTP and the WebSocket."""
    return {
        "supports_preview_metadata": True,
        "supports_model_type_tags": False,
        "max_upload_size": settings.max_upload_bytes,
        "extension": {},
        "node_replacements": False,
        "assets": False,
    }


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
