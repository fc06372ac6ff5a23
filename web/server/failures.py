"""What goes wrong becomes an answer: JSON with one sentence, never a traceback or a path."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from web.server.answers import Refusal, error_answer

log = logging.getLogger("easel.server")

SENTENCES = {
    404: "there is nothing at {path}",
    405: "{method} does not work on {path}; it takes {allowed}",
    413: "the request is larger than this server takes; start it with a larger --max-upload-size",
}


@web.middleware
async def answer_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals, HTTP errors and accidents into JSON answers."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.answer()
    except web.HTTPException as error:
        return _http_error(request, error)
    except RecursionError:
        return error_answer(400, "invalid_json", "the JSON nests too deeply")
    except OSError as error:
        log.exception("%s %s failed", request.method, request.path)
        return error_answer(500, "system_error", f"the system refused: {error.strerror or type(error).__name__}")
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return error_answer(500, "internal_error", "something went wrong in the server; its log says what")


def _http_error(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    if error.status < 400:
        raise error
    allowed = error.headers.get("Allow", "")
    sentence = SENTENCES.get(error.status, error.reason)
    message = sentence.format(path=request.path[:200], method=request.method, allowed=allowed or "another method")
    answer = error_answer(error.status, error.reason.lower().replace(" ", "_"), message)
    if allowed:
        answer.headers["Allow"] = allowed
    return answer
