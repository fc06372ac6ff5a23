"""/api/jobs: queue and history in one view. Only under /api, as its clients ask for it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from aiohttp import web

from web.server.access.rights import Right, needs, owner_of
from web.server.answers import PlainRefusal, Refusal, json_answer, read_json
from web.server.keys import engine_of

LARGEST = 2**31


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/jobs", list_jobs),
        web.post("/api/jobs/cancel", cancel_many),
        web.get("/api/jobs/{id}", show_job),
        web.post("/api/jobs/{id}/cancel", cancel_one),
    ]


@needs(Right.USE)
async def list_jobs(request: web.Request) -> web.Response:
    """Query: `status` (several with commas), `workflow_id`, `search`, `sort_by`, `sort_order`, `limit`, `offset`."""
    from execution.store import JobQuery
    from web.server.shown_jobs import summary

    statuses = _statuses(request.query.get("status", ""))
    by_duration = _choice(request, "sort_by", "created_at", "execution_duration") == "execution_duration"
    ascending = _choice(request, "sort_order", "desc", "asc") == "asc"
    limit, offset = _limit(request), max(0, _integer(request, "offset") or 0)
    engine = await engine_of(request)
    asked = JobQuery(
        statuses=statuses,
        by_duration=by_duration,
        ascending=ascending,
        offset=offset,
        limit=limit,
        workflow_id=request.query.get("workflow_id") or None,
        search=request.query.get("search", ""),
        owner=owner_of(request),
    )
    found, total = await engine.jobs(asked)
    jobs = await asyncio.to_thread(lambda: [summary(job) for job in found])
    page = {"offset": offset, "limit": limit, "total": total, "has_more": offset + len(jobs) < total}
    return json_answer({"jobs": jobs, "pagination": page})


@needs(Right.SUBMIT)
async def show_job(request: web.Request) -> web.Response:
    from web.server.shown_jobs import details

    job = await (await engine_of(request)).job(request.match_info["id"], owner_of(request))
    if job is None:
        raise PlainRefusal("Job not found", status=404)
    return json_answer(details(job))


@needs(Right.USE)
async def cancel_one(request: web.Request) -> web.Response:
    cancelled = await _cancel(request, [request.match_info["id"]])
    return json_answer({"cancelled": cancelled})


@needs(Right.USE)
async def cancel_many(request: web.Request) -> web.Response:
    ids = await _asked_ids(request)
    return json_answer({"cancelled": await _cancel(request, ids)})


async def _cancel(request: web.Request, ids: list[str]) -> bool:
    """Take the pending ones out of the queue and stop those that run; whether there was any."""
    engine, owner = await engine_of(request), owner_of(request)
    removed = await engine.delete_from_queue(ids, owner)
    running = [id for id in engine.running() if id in ids and await engine.job(id, owner) is not None]
    for id in running:
        await engine.interrupt(id, owner)
    return bool(removed or running)


async def _asked_ids(request: web.Request) -> list[str]:
    try:
        body = await read_json(request)
    except Refusal:
        raise PlainRefusal("Request body must be valid JSON") from None
    ids = body.get("job_ids") if isinstance(body, dict) else None
    if not isinstance(ids, list):
        raise PlainRefusal("job_ids must be a list")
    invalid = [str(id) for id in ids if not _is_uuid(id)]
    if invalid:
        raise PlainRefusal("job_ids contains invalid id(s)", extra={"invalid_ids": invalid})
    return ids


def _is_uuid(id: Any) -> bool:
    try:
        return isinstance(id, str) and bool(UUID(id))
    except ValueError:
        return False


def _statuses(text: str) -> list[str]:
    from web.server.shown_jobs import STATUSES

    asked = [word.strip().lower() for word in text.split(",") if word.strip()]
    unknown = [word for word in asked if word not in STATUSES]
    if unknown:
        valid = ", ".join(STATUSES)
        raise PlainRefusal(f"Invalid status value(s): {', '.join(unknown)[:200]}. Valid values: {valid}")
    return [STATUSES[word] for word in asked or STATUSES]


def _choice(request: web.Request, name: str, usual: str, other: str) -> str:
    asked = request.query.get(name, usual).lower()
    if asked not in (usual, other):
        first, second = sorted((usual, other))
        raise PlainRefusal(f"{name} must be '{first}' or '{second}'")
    return asked


def _limit(request: web.Request) -> int | None:
    limit = _integer(request, "limit")
    if limit is not None and limit <= 0:
        raise PlainRefusal("limit must be a positive integer")
    return limit


def _integer(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return max(-LARGEST, min(int(text), LARGEST))
    except ValueError:
        raise PlainRefusal(f"{name} must be an integer") from None
