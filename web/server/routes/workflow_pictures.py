"""/workflow_pictures: what the caller's workflows made last, to know them by."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from web.server.access.rights import Right, needs, owner_of
from web.server.answers import Refusal, json_answer
from web.server.files import content_type, is_file, resolve
from web.server.keys import engine_of, folders_of
from web.server.places import workflows_folder

if TYPE_CHECKING:
    from comfy_core.folders import Folders
    from execution.store import StoredJob

KEPT_IDS = 10_000


class _Head(msgspec.Struct):
    """What is read of a workflow file."""

    id: Any = None


def routes() -> list[web.RouteDef]:
    return [web.get("/workflow_pictures", workflow_pictures)]


@needs(Right.USE)
async def workflow_pictures(request: web.Request) -> web.Response:
    """By the path of a workflow: the picture that its newest finished run made, as long as it is there."""
    from execution.store import JobQuery

    ids = await asyncio.to_thread(_ids, workflows_folder(request))
    engine = await engine_of(request)
    newest, _ = await engine.jobs(JobQuery(["completed"], newest_of_each=True, owner=owner_of(request)))
    pictures = await asyncio.to_thread(_pictures, newest, folders_of(request))
    return json_answer({path: pictures[id] for path, id in ids.items() if id in pictures})


def _ids(folder: Path) -> dict[str, str]:
    """The ids of the workflows that have one, by their paths."""
    ids = {}
    for path in sorted(folder.rglob("*.json")):
        try:
            stat = path.stat()
            id = _id(path, stat.st_mtime_ns, stat.st_size) if is_file(path) else None
        except OSError:  # gone meanwhile, or nobody's to read
            continue
        if id:
            ids[path.relative_to(folder).as_posix()] = id
    return ids


@lru_cache(KEPT_IDS)
def _id(path: Path, changed_ns: int, size: int) -> str | None:
    """Of a file in one state of it; None for what is no workflow or has no id."""
    try:
        id = msgspec.json.decode(path.read_bytes(), type=_Head).id
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return id if isinstance(id, str) and id else None


def _pictures(jobs: list[StoredJob], folders: Folders) -> dict[str, dict[str, str]]:
    """By the id of the workflow."""
    from web.server.shown_jobs import summary

    found = ((job.workflow_id, _picture(summary(job).get("preview_output"), folders)) for job in jobs)
    return {id: picture for id, picture in found if id and picture}


def _picture(output: Any, folders: Folders) -> dict[str, str] | None:
    """An output as /view asks for it; None where it is no picture, or is gone."""
    if not isinstance(output, dict):
        return None
    name, subfolder, type = (output.get(key, "") for key in ("filename", "subfolder", "type"))
    if not all(isinstance(part, str) for part in (name, subfolder, type)):
        return None
    try:
        path = resolve(folders.of_type(type or "output"), f"{subfolder}/{name}" if subfolder else name)
    except (Refusal, ValueError):
        return None
    if not content_type(name).startswith("image/") or not is_file(path):
        return None
    return {"filename": name, "subfolder": subfolder, "type": type or "output"}
