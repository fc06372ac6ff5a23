"""/userdata: what the editor keeps for a user. `workflows/` is user_workflows/, the rest lies in user/default/, or in a
folder of the user's own where there are several."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from aiohttp import web

from web.server import earlier
from web.server.access.rights import Right, needs
from web.server.answers import Refusal, flag, json_answer
from web.server.files import is_file, resolve, send_file, write_whole, writing
from web.server.places import WORKFLOWS, earlier_folder, user_folder, workflows_folder


def routes() -> list[web.RouteDef]:
    return [
        web.get("/userdata", list_files),
        web.get("/v2/userdata", list_tree),
        web.post("/userdata/{file:[^/]+}/move/{dest:[^/]+}", move),
        web.get("/userdata/{file:.+}", read),
        web.post("/userdata/{file:.+}", write),
        web.delete("/userdata/{file:.+}", delete),
    ]


@needs(Right.USE)
async def list_files(request: web.Request) -> web.Response:
    name = request.query.get("dir", "")
    if not name:
        raise Refusal("say which folder: /userdata?dir=workflows", type="no_directory")
    folder = _path(request, name)
    if not folder.is_dir():
        raise Refusal(f"there is no folder {name[:100]!r}", status=404, type="no_directory")
    listing = await asyncio.to_thread(_listing, folder, flag(request, "recurse"))
    if flag(request, "full_info"):
        return json_answer([_info(path.relative_to(folder).as_posix(), path) for path in listing])
    names = [path.relative_to(folder).as_posix() for path in listing]
    if flag(request, "split"):
        return json_answer([[name, *name.split("/")] for name in names])
    return json_answer(names)


@needs(Right.USE)
async def list_tree(request: web.Request) -> web.Response:
    """Everything beneath `path` (all of the user's, without one), with names as /userdata/{file} takes them."""
    name = request.query.get("path", "").replace("\\", "/").strip("/")
    top = _path(request, name)
    if name and not top.is_dir():
        raise Refusal(f"there is no folder {name[:100]!r}", status=404, type="no_directory")
    if name:
        return json_answer(await asyncio.to_thread(_tree, [(name, top)]))
    return json_answer(await asyncio.to_thread(_tree, [("", top), (WORKFLOWS, workflows_folder(request))], True))


@needs(Right.USE)
async def read(request: web.Request) -> web.StreamResponse:
    name = request.match_info["file"]
    path = _existing(request, name)
    if name != "user.css":
        return send_file(path, download=True)
    response = web.FileResponse(path)
    response.headers["Content-Type"] = "text/css; charset=utf-8"
    return response


@needs(Right.USE)
async def write(request: web.Request) -> web.Response:
    """Keep a file. With `If-Match`, only where it is still as the caller knows it: somebody else may have saved it."""
    name = request.match_info["file"]
    path = _path(request, name)
    there = is_file(path)
    if there and not flag(request, "overwrite", default=True):
        raise Refusal(f"{name[:100]!r} already exists", status=409, type="file_exists")
    if there and not _is_as_known(request, path):
        message = f"{name[:100]!r} was changed meanwhile: open it again, or save without If-Match"
        raise Refusal(message, status=412, type="file_changed")
    data = await request.read()
    history = _history(request, name)
    with writing(_place(name)):
        if there and history:
            await asyncio.to_thread(earlier.keep, history, path)
        await asyncio.to_thread(write_whole, path, data)
    return _written(request, name, path)


@needs(Right.USE)
async def delete(request: web.Request) -> web.Response:
    """Delete a file. A workflow can be had back: /earlier lists it."""
    name = request.match_info["file"]
    path, history = _existing(request, name), _history(request, name)
    with writing(_place(name)):
        if history:
            await asyncio.to_thread(earlier.take, history, path)
        else:
            await asyncio.to_thread(path.unlink)
    return web.Response(status=204)


@needs(Right.USE)
async def move(request: web.Request) -> web.Response:
    """Give a file another name. Earlier versions of a workflow go with it."""
    source_name, name = request.match_info["file"], request.match_info["dest"]
    source, target = _existing(request, source_name), _path(request, name)
    if is_file(target) and target != source and not flag(request, "overwrite"):
        raise Refusal(f"{name[:100]!r} already exists", status=409, type="file_exists")
    history, to = _history(request, source_name), _history(request, name)
    with writing(_place(name)):
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
        if history and to and history != to:
            await asyncio.to_thread(earlier.move, history, to)
    return _written(request, name, target)


def _path(request: web.Request, name: str) -> Path:
    """Where a name of the editor's lies on disk. Raises Refusal (403) for names that lead elsewhere."""
    name = name.replace("\\", "/")
    head, _, rest = name.partition("/")
    if head == WORKFLOWS:
        return resolve(workflows_folder(request), rest)
    return resolve(user_folder(request), name)


def _history(request: web.Request, name: str) -> Path | None:
    """Where earlier versions of a workflow lie; other files have none."""
    head, _, rest = name.replace("\\", "/").partition("/")
    return resolve(earlier_folder(request), rest) if head == WORKFLOWS and rest else None


def _tag(path: Path) -> str:
    """The ETag of a file, as aiohttp makes it when it sends one."""
    stat = path.stat()
    return f"{stat.st_mtime_ns:x}-{stat.st_size:x}"


def _is_as_known(request: web.Request, path: Path) -> bool:
    known = request.if_match
    return known is None or any(tag.value in ("*", _tag(path)) for tag in known)


def _existing(request: web.Request, name: str) -> Path:
    path = _path(request, name)
    if not is_file(path):
        raise Refusal(f"there is no file {name[:100]!r}", status=404, type="no_file")
    return path


def _place(name: str) -> str:
    return "user_workflows" if name.startswith(WORKFLOWS) else "user"


def _listing(folder: Path, recurse: bool) -> list[Path]:
    """The files of a folder, in order; files half written are not shown."""
    found = folder.rglob("*") if recurse else folder.iterdir()
    return sorted(path for path in found if path.is_file() and path.suffix != ".part")


def _tree(tops: list[tuple[str, Path]], with_tops: bool = False) -> list[dict[str, Any]]:
    """Folders first, then by name. A top is (its name, its place); `with_tops` lists those with a name too."""
    found = [(name, top) for name, top in tops if with_tops and name and top.is_dir()]
    for name, top in tops:
        inner = (path for path in top.rglob("*") if path.suffix != ".part")
        found += [(f"{name}/{path.relative_to(top).as_posix()}".lstrip("/"), path) for path in inner]
    entries = [_tree_entry(name, path) for name, path in found if path.is_dir() or path.is_file()]
    return sorted(entries, key=lambda entry: (entry["type"] != "directory", entry["name"].lower()))


def _tree_entry(name: str, path: Path) -> dict[str, Any]:
    shown = {"name": path.name if "/" in name else name, "path": name}
    if path.is_dir():
        return {**shown, "type": "directory"}
    stat = path.stat()
    return {**shown, "type": "file", "size": stat.st_size, "modified": stat.st_mtime}


def _written(request: web.Request, name: str, path: Path) -> web.Response:
    response = json_answer(_info(name, path) if flag(request, "full_info") else name)
    response.etag = _tag(path)
    return response


def _info(name: str, path: Path) -> dict[str, Any]:
    """Size in bytes and times in milliseconds since 1970."""
    stat = path.stat()
    return {
        "path": name,
        "size": stat.st_size,
        "modified": int(stat.st_mtime * 1000),
        "created": int(stat.st_ctime * 1000),
    }
