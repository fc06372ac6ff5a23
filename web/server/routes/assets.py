"""/api/assets and /api/tags: files by their content, with names, tags and words of the user's (contract http_ws.md §5).

They are on with `--enable-assets`; without it, each address says so in the words clients expect.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from msgspec import UNSET

from web.server.access.rights import Right, caller_of, needs
from web.server.answers import flag, json_answer, read_as
from web.server.assets import query
from web.server.assets.contents import check_hash
from web.server.assets.new import New
from web.server.assets.places import ROOTS
from web.server.assets.refusals import AssetRefusal, coded
from web.server.assets.shapes import (
    Change,
    FromHash,
    Seed,
    Tags,
    check_metadata,
    check_name,
    check_tags,
    check_type,
)
from web.server.files import send_file
from web.server.keys import ASSETS
from web.server.routes import asset_upload

DISABLED = "Assets system is disabled. Start the server with --enable-assets to use this feature."
MOST_COUNTS = 1000


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/assets", list_assets),
        web.post("/api/assets", asset_upload.upload),
        web.post("/api/assets/from-hash", from_hash),
        web.head("/api/assets/hash/{hash}", has_hash),
        web.get("/api/assets/tags/refine", refine),
        web.post("/api/assets/seed", seed),
        web.get("/api/assets/seed/status", seed_status),
        web.post("/api/assets/seed/cancel", seed_cancel),
        web.post("/api/assets/prune", prune),
        web.get("/api/assets/{id}", show),
        web.put("/api/assets/{id}", change),
        web.delete("/api/assets/{id}", delete),
        web.get("/api/assets/{id}/content", content),
        web.post("/api/assets/{id}/tags", add_tags),
        web.delete("/api/assets/{id}/tags", remove_tags),
        web.get("/api/tags", list_tags),
    ]


def refusals() -> list[web.RouteDef]:
    """The same addresses while the API is off."""
    return [web.route("*", path, refuse) for path in ("/api/assets", "/api/assets/{rest:.+}", "/api/tags")]


@needs(Right.USE)
async def refuse(request: web.Request) -> web.Response:
    return AssetRefusal("SERVICE_DISABLED", DISABLED, 503).answer()


@needs(Right.USE)
@coded
async def list_assets(request: web.Request) -> web.Response:
    """A page of assets; go on with `after`, which takes the answer's `next_cursor`."""
    filters, page = query.filters_of(request.query), query.page_of(request.query)
    return json_answer(await request.app[ASSETS].page(_user(request), filters, page))


@needs(Right.SUBMIT)
@coded
async def from_hash(request: web.Request) -> web.Response:
    """One more asset of a file that is here already."""
    asked = await read_as(request, FromHash)
    new = New(
        name=None if asked.name is None else check_name(asked.name),
        tags=check_tags(asked.tags),
        user_metadata=check_metadata(asked.user_metadata),
        mime_type=check_type(asked.mime_type),
        preview_id=asked.preview_id,
    )
    asset = await request.app[ASSETS].add_from_hash(_user(request), check_hash(asked.hash), new)
    return json_answer({**asset, "created_new": False}, status=201)


@needs(Right.SUBMIT)
@coded
async def has_hash(request: web.Request) -> web.Response:
    """Whether there is an asset with these bytes."""
    found = await request.app[ASSETS].has(_user(request), check_hash(request.match_info["hash"]))
    return web.Response(status=200 if found else 404)


@needs(Right.USE)
@coded
async def show(request: web.Request) -> web.Response:
    return json_answer(await request.app[ASSETS].find(_user(request), request.match_info["id"]))


@needs(Right.USE)
@coded
async def content(request: web.Request) -> web.StreamResponse:
    """The bytes of an asset, to keep or (`disposition=inline`) to look at."""
    where = query.choice(request.query, "disposition", ("attachment", "inline"), "attachment")
    path, name = await request.app[ASSETS].open(_user(request), request.match_info["id"])
    return send_file(path, download=where == "attachment", name=name)


@needs(Right.USE)
@coded
async def change(request: web.Request) -> web.Response:
    """Another name, other words or another preview; what is not named stays as it is."""
    asked = await read_as(request, Change)
    values: dict[str, Any] = {}
    if asked.name is not UNSET:
        values["name"] = check_name(asked.name)
    if asked.user_metadata is not UNSET:
        values["user_metadata"] = check_metadata(asked.user_metadata)
    if asked.preview_id is not UNSET:
        values["preview_id"] = asked.preview_id
    if not values:
        raise AssetRefusal("INVALID_BODY", "say what to change: name, user_metadata or preview_id")
    return json_answer(await request.app[ASSETS].change(_user(request), request.match_info["id"], values))


@needs(Right.USE)
@coded
async def delete(request: web.Request) -> web.Response:
    """Forget an asset; its file stays where it is."""
    await request.app[ASSETS].delete(_user(request), request.match_info["id"])
    return web.Response(status=204)


@needs(Right.USE)
@coded
async def add_tags(request: web.Request) -> web.Response:
    tags = check_tags((await read_as(request, Tags)).tags)
    return json_answer(await request.app[ASSETS].tag(_user(request), request.match_info["id"], tags))


@needs(Right.USE)
@coded
async def remove_tags(request: web.Request) -> web.Response:
    tags = check_tags((await read_as(request, Tags)).tags)
    return json_answer(await request.app[ASSETS].untag(_user(request), request.match_info["id"], tags))


@needs(Right.USE)
@coded
async def list_tags(request: web.Request) -> web.Response:
    """The tags there are, and how many assets have each."""
    asked = request.query
    limit, offset = query.whole(asked, "limit", 100, 1, MOST_COUNTS), query.whole(asked, "offset", 0, 0, query.LARGEST)
    tags, total = await request.app[ASSETS].vocabulary(
        _user(request),
        asked.get("prefix", "").strip().lower(),
        by_name=query.choice(asked, "order", ("count_desc", "name_asc"), "count_desc") == "name_asc",
        with_zero=flag(request, "include_zero", default=True),
        limit=limit,
        offset=offset,
    )
    listed = [{"name": name, "count": count} for name, count in tags]
    return json_answer({"tags": listed, "total": total, "has_more": offset + len(listed) < total})


@needs(Right.USE)
@coded
async def refine(request: web.Request) -> web.Response:
    """By which tags the assets that the filters let through could be told apart."""
    filters, most = query.filters_of(request.query), query.whole(request.query, "limit", 100, 1, MOST_COUNTS)
    return json_answer({"tag_counts": await request.app[ASSETS].tag_counts(_user(request), filters, most)})


@needs(Right.USE)
@coded
async def seed(request: web.Request) -> web.Response:
    """Look for new files, in the background unless `wait=true`. With `hash` in the body, every file that has no hash
    yet is read for one, which takes as long as the disk needs."""
    asked = await read_as(request, Seed, default={})
    wrong = [root for root in asked.roots if root not in ROOTS]
    if wrong or not asked.roots:
        raise AssetRefusal("INVALID_BODY", f"roots are some of {', '.join(ROOTS)}, not {str(wrong)[:80]}")
    seeder = request.app[ASSETS].seeder
    scan = seeder.start(asked.roots, asked.hash)
    if scan is None:
        return json_answer({"status": "already_running"}, status=409)
    if not flag(request, "wait"):
        return json_answer({"status": "started"}, status=202)
    await scan
    report = seeder.report()
    return json_answer({"status": "completed", "progress": report["progress"], "errors": report["errors"]})


@needs(Right.USE)
@coded
async def seed_status(request: web.Request) -> web.Response:
    return json_answer(request.app[ASSETS].seeder.report())


@needs(Right.USE)
@coded
async def seed_cancel(request: web.Request) -> web.Response:
    return json_answer({"status": "cancelling" if request.app[ASSETS].seeder.cancel() else "idle"})


@needs(Right.USE)
@coded
async def prune(request: web.Request) -> web.Response:
    """Leave out what is no longer on the disk, until a scan finds it again."""
    return json_answer({"status": "completed", "marked": await request.app[ASSETS].prune()})


def _user(request: web.Request) -> str:
    return caller_of(request).user
