"""What the API is, as OpenAPI 3.1: the addresses from the router, the words from the handlers, the shapes of bodies
from the structs that read them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import msgspec
from aiohttp import web

from web.server.assets import shapes
from web.server.routes import (
    asset_upload,
    assets,
    earlier,
    explain,
    infotext,
    internal,
    jobs,
    models,
    preferences,
    prompt,
    queue,
    socket,
    upload,
    userdata,
    view,
)

BODIES: dict[Callable[..., Any], type[msgspec.Struct]] = {
    prompt.submit: prompt.PromptRequest,
    explain.explain: explain.ExplainRequest,
    infotext.import_infotext: infotext.Infotext,
    queue.remove_from_queue: queue.Removal,
    queue.remove_from_history: queue.Removal,
    queue.interrupt: queue.Interrupt,
    queue.free: queue.Free,
    internal.subscribe: internal.LogSubscription,
    preferences.add_user: preferences.NewUser,
    assets.from_hash: shapes.FromHash,
    assets.change: shapes.Change,
    assets.add_tags: shapes.Tags,
    assets.remove_tags: shapes.Tags,
    assets.seed: shapes.Seed,
}
ASSET_FILTERS = (
    "tags_all", "tags_none", "tags_any", "include_tags", "exclude_tags", "name_contains", "metadata_filter", "limit",
)  # fmt: skip
FORMS: dict[Callable[..., Any], tuple[str, ...]] = {  # the file first
    infotext.import_infotext: ("image",),
    upload.upload_image: ("image", "type", "subfolder", "overwrite"),
    upload.upload_mask: ("image", "original_ref", "type", "subfolder", "overwrite"),
    asset_upload.upload: ("file", "tags", "name", "user_metadata", "hash", "mime_type", "preview_id"),
}
QUERIES: dict[Callable[..., Any], tuple[str, ...]] = {
    queue.show_queue: ("max_items", "offset"),
    queue.show_history: ("max_items", "offset", "search"),
    jobs.list_jobs: ("status", "workflow_id", "search", "sort_by", "sort_order", "limit", "offset"),
    view.view: ("filename", "type", "subfolder", "preview", "channel", "metadata"),
    userdata.list_files: ("dir", "recurse", "split", "full_info"),
    userdata.list_tree: ("path",),
    userdata.write: ("overwrite", "full_info"),
    userdata.move: ("overwrite", "full_info"),
    earlier.list_earlier: ("file",),
    earlier.read_earlier: ("file",),
    models.metadata: ("filename",),
    socket.talk: ("clientId", "since"),
    assets.list_assets: (*ASSET_FILTERS, "offset", "after", "sort", "order"),
    assets.refine: ASSET_FILTERS,
    assets.content: ("disposition",),
    assets.list_tags: ("prefix", "limit", "offset", "order", "include_zero"),
    assets.seed: ("wait",),
}
REFUSAL = {"description": "Refused, with a sentence that says what to change"}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Easel: the API</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}}
@media(prefers-color-scheme:dark){{body{{color:#e6e6e6;background:#161616}}
a{{color:#8ab4f8}}}}code{{font-size:.9em}}h2{{margin:2rem 0 0}}dt{{margin-top:.75rem;overflow-wrap:anywhere}}</style>
<h1>The API</h1><p>Each address works with and without <code>/api</code> unless it is shown with it, or begins with
<code>/internal</code>. Events come over the WebSocket at <code>/ws</code>. For programs: <a href="openapi.json">
openapi.json</a>.</p>
{sections}</html>"""


def describe(app: web.Application) -> dict[str, Any]:
    """The OpenAPI document of an application."""
    structs = sorted(set(BODIES.values()), key=lambda struct: struct.__name__)
    schemas = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")[1]
    paths: dict[str, dict[str, Any]] = {}
    for route in _routes(app):
        path = route.resource.canonical if route.resource else ""
        paths.setdefault(path, {})[route.method.lower()] = _operation(route.handler, path, route.method)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Easel", "version": "1", "description": "Node graphs in, pictures out."},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas},
    }


def page(document: dict[str, Any]) -> str:
    """The document for people to read; it needs no script and nothing from elsewhere."""
    sections: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            asked = [f"<code>{escape(one['name'])}</code>" for one in operation["parameters"] if one["in"] == "query"]
            more = f"; query: {', '.join(asked)}" if asked else ""
            sections.setdefault(operation["tags"][0], []).append(
                f"<dt><code><b>{method.upper()}</b> {escape(path)}</code><dd>{escape(operation['summary'])}{more}"
            )
    return PAGE.format(
        sections="\n".join(
            f"<h2>{escape(subject)}</h2><dl>{''.join(entries)}</dl>" for subject, entries in sorted(sections.items())
        )
    )


def _routes(app: web.Application) -> Iterator[web.AbstractRoute]:
    """Every route once: of twins the one without /api; not the page itself, which takes all that is left."""
    known = {route.resource.canonical for route in app.router.routes() if route.resource}
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        is_twin = path.startswith("/api/") and path.removeprefix("/api") in known
        if route.method not in ("HEAD", "*") and not is_twin and path != "/":
            yield route


def _operation(handler: Callable[..., Any], path: str, method: str) -> dict[str, Any]:
    words = inspect.getdoc(handler) or ""
    name = handler.__name__.strip("_").replace("_", " ")
    operation: dict[str, Any] = {
        "summary": words.partition("\n")[0] or name.capitalize(),
        "operationId": f"{handler.__module__.rpartition('.')[2]}.{handler.__name__}",
        "tags": [handler.__module__.rpartition(".")[2]],
        "parameters": [*_path_parameters(path), *_query_parameters(handler)],
        "responses": {"2XX": {"description": "Done"}, "4XX": REFUSAL},
    }
    if method != "GET" and (body := _body(handler)):
        operation["requestBody"] = {"content": body}
    return operation


def _body(handler: Callable[..., Any]) -> dict[str, Any]:
    """The bodies that a handler takes, by their kind; some take two."""
    bodies: dict[str, Any] = {}
    if handler in BODIES:
        bodies["application/json"] = {"schema": {"$ref": f"#/components/schemas/{BODIES[handler].__name__}"}}
    if handler in FORMS:
        file, *others = FORMS[handler]
        fields = {file: {"type": "string", "format": "binary"}, **{name: {"type": "string"} for name in others}}
        bodies["multipart/form-data"] = {"schema": {"type": "object", "properties": fields, "required": [file]}}
    return bodies


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(handler: Callable[..., Any]) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": {"type": "string"}} for name in QUERIES.get(handler, ())]
