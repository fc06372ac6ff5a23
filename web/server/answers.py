"""Requests in, answers out: JSON read strictly, JSON written as ComfyUI writes it, refusals that say what to do."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

T = TypeVar("T")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Refusal(Exception):
    """A request that is turned down. `message` is one sentence that says what to change."""

    def __init__(
        self, message: str, *, type: str = "invalid_request", status: int = 400, extra: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.type = type
        self.status = status
        self.extra = extra or {}

    def answer(self) -> web.Response:
        return error_answer(self.status, self.type, self.message, self.extra)


class PlainRefusal(Refusal):
    """A refusal in the shape `{"error": "<sentence>"}`, which some routes have."""

    def answer(self) -> web.Response:
        return json_answer({"error": self.message, **self.extra}, status=self.status)


def error_answer(status: int, type: str, message: str, extra: dict[str, Any] | None = None) -> web.Response:
    """The one shape all errors have (contract http_ws.md §1)."""
    error = {"type": type, "message": message, "details": "", "extra_info": extra or {}}
    return json_answer({"error": error, "node_errors": {}}, status=status)


def dumps(data: Any) -> str:
    """JSON as `json.dumps` writes it; a NaN or infinity, which browsers cannot read, becomes null."""
    try:
        return json.dumps(data, allow_nan=False)
    except ValueError:
        return json.dumps(msgspec.json.decode(msgspec.json.encode(data)))


def json_answer(data: Any, status: int = 200) -> web.Response:
    return web.Response(text=dumps(data), status=status, content_type="application/json")


def empty() -> web.Response:
    """Success with nothing to say, which many POSTs answer."""
    return web.Response(status=200)


async def read_json(request: web.Request, default: Any = ...) -> Any:
    """The body as JSON. `default` stands for an empty body. Raises Refusal.

    Scripts may call it what they like; from a page it must not come as a form, which pages of all sites can send.
    """
    if request.content_type in FORMS and any(name in request.headers for name in ("Origin", "Sec-Fetch-Site")):
        raise Refusal("send JSON (Content-Type: application/json), not a form", type="not_json", status=415)
    body = await request.read()
    if not body.strip() and default is not ...:
        return default
    try:
        return msgspec.json.decode(body)
    except msgspec.MsgspecError as error:
        raise Refusal(f"the body is not valid JSON: {error}{_hint(body)}", type="invalid_json") from None
    except UnicodeDecodeError as error:
        raise Refusal(f"the body is not UTF-8: byte {error.start} of a text in it", type="invalid_json") from None
    except RecursionError:
        raise Refusal("the JSON nests too deeply", type="invalid_json") from None


def _hint(body: bytes) -> str:
    if re.search(rb"\b(NaN|Infinity)\b", body):
        return "; NaN and Infinity are no JSON, send null"
    return "; half of a surrogate pair is no text" if re.search(rb"\\u[dD][89a-fA-F]", body) else ""


async def read_as(request: web.Request, shape: type[T], default: Any = ...) -> T:
    """The body as JSON of a given shape. Raises Refusal naming the field that does not fit."""
    return fitted(await read_json(request, default), shape)


def fitted(data: Any, shape: type[T]) -> T:
    try:
        return msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise Refusal(_sentence(str(error))) from None


def _sentence(complaint: str) -> str:
    """msgspec's "Expected `array`, got `int` - at `$.delete`" in a form that reads."""
    match = re.fullmatch(r"Expected `([^`]+)`, got `([^`]+)`(?: - at `\$\.?(.*)`)?", complaint)
    if not match:
        return complaint
    wanted, got, where = match[1], match[2], match[3] or "the body"
    return f"{where} must be {wanted.replace(' | ', ' or ')}, not {got}"


def whole_number(request: web.Request, name: str) -> int | None:
    """A query parameter that is a whole number of up to 18 digits, or None if it is absent. Raises Refusal."""
    text = request.query.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[+-]?\d{1,18}", text.strip(), re.ASCII):
        raise Refusal(f"{name} must be a whole number, not {text[:40]!r}")
    return int(text)


def flag(request: web.Request, name: str, default: bool = False) -> bool:
    """A query parameter that is `true` or `false`."""
    text = request.query.get(name)
    return default if text is None else text.lower() in ("true", "1")


@web.middleware
async def compress(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Pack answers of JSON and text for who can unpack them (`--enable-compress-response-body`)."""
    response = await handler(request)
    if isinstance(response, web.Response) and response.content_type in ("application/json", "text/plain"):
        accepts = "gzip" in request.headers.get("Accept-Encoding", "").lower()
        if accepts and response.body and "Content-Encoding" not in response.headers:
            response.enable_compression(web.ContentCoding.gzip)
    return response
