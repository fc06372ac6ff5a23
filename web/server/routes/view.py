"""GET /view: pictures and other results, as they are, re-encoded or one channel of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from web.server.access.rights import Right, caller_of, needs
from web.server.answers import Refusal
from web.server.assets.contents import HASH
from web.server.files import content_type, disposition, is_file, resolve, send_file
from web.server.keys import ASSETS, folders_of
from web.server.pictures import encoded, open_picture
from web.server.security import FILE_POLICY
from web.server.share import Unshareable, without_words

SUFFIXES = {f" [{word}]": word for word in ("input", "output", "temp")}


def routes() -> list[web.RouteDef]:
    return [web.get("/view", view)]


@needs(Right.SUBMIT)
async def view(request: web.Request) -> web.StreamResponse:
    path = await _asset(request) or _path(request)
    channel = request.query.get("channel", "rgba")
    if channel not in ("rgba", "rgb", "a"):
        raise Refusal(f"channel must be rgba, rgb or a, not {channel[:20]!r}")
    if "preview" in request.query:
        form, _, quality = request.query["preview"].partition(";")
        return await _encoded(path, _preview, form, _quality(quality), channel)
    if channel != "rgba":
        return await _encoded(path, _channel, channel)
    if request.query.get("metadata", "all") != "all":
        return await _to_share(path, request.query["metadata"])
    if path.suffix.lower() in (".svg", ".svgz") and request.headers.get("Sec-Fetch-Dest") == "image":
        return _svg(path)
    return send_file(path)


async def _to_share(path: Path, metadata: str) -> web.Response:
    """The picture without what it says of its making."""
    if metadata != "none":
        raise Refusal(f"metadata must be all or none, not {metadata[:20]!r}")

    def read(path: Path) -> tuple[bytes, str]:
        return without_words(path.read_bytes()), content_type(path.name)

    try:
        return await _encoded(path, read)
    except Unshareable as reason:
        raise Refusal(str(reason)) from None


async def _asset(request: web.Request) -> Path | None:
    """The asset that `filename=blake3:…` asks for, where the assets API is on."""
    name = request.query.get("filename", "").lower()
    if ASSETS not in request.app or not HASH.fullmatch(name):
        return None
    return await request.app[ASSETS].result_by_hash(caller_of(request).user, name)


def _path(request: web.Request) -> Path:
    """The file that is asked for. Raises Refusal: 404 missing, 400 bad type or name, 403 bad subfolder."""
    query = request.query
    name, type = query.get("filename", ""), query.get("type", "output")
    for suffix, word in SUFFIXES.items():
        if name.endswith(suffix):
            name, type = name.removesuffix(suffix), word
    if not name:
        raise Refusal("say which file: /view?filename=…&type=output", status=404, type="no_file")
    try:
        folder = folders_of(request).of_type(type)
    except ValueError as error:
        raise Refusal(str(error)[:200]) from None
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
        raise Refusal("a file name cannot lead out of its folder", type="invalid_path")
    path = resolve(resolve(folder, query.get("subfolder", "")), name, status=400)
    if not is_file(path) or not path.is_relative_to(folder):
        raise Refusal(f"{name[:100]!r} is not in {type}/", status=404, type="no_file")
    return path


def _svg(path: Path) -> web.FileResponse:
    """An SVG inside an <img> cannot run scripts, so it may be shown there."""
    response = web.FileResponse(path)
    response.headers["Content-Type"] = "image/svg+xml"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["Vary"] = "Sec-Fetch-Dest"
    return response


async def _encoded(path: Path, work: Callable[..., tuple[bytes, str]], *details: object) -> web.Response:
    data, type = await asyncio.to_thread(work, path, *details)
    headers = {
        "Content-Disposition": disposition(path.name, attachment=False),
        "Content-Security-Policy": FILE_POLICY,
    }
    return web.Response(body=data, content_type=type, headers=headers)


def _preview(path: Path, form: str, quality: int, channel: str) -> tuple[bytes, str]:
    """The picture as WebP or JPEG; JPEG knows no transparency, and neither does `channel=rgb`."""
    form = form if form in ("webp", "jpeg") and "a" not in channel.replace("rgba", "") else "webp"
    image = open_picture(path, path.name)
    if form == "jpeg" or channel == "rgb":
        image = image.convert("RGB")
    elif image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA")
    return encoded(image, form, quality=quality), f"image/{form}"


def _channel(path: Path, channel: str) -> tuple[bytes, str]:
    from PIL import Image

    image = open_picture(path, path.name)
    if channel == "rgb":
        result = image.convert("RGB")
    else:
        alpha = image.convert("RGBA").getchannel("A")
        result = Image.new("RGBA", image.size)
        result.putalpha(alpha)
    return encoded(result, "png", compress_level=1), "image/png"


def _quality(text: str) -> int:
    return min(100, max(1, int(text))) if text.isascii() and text.isdigit() else 90
