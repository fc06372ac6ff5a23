"""POST /explain: what a graph would do if it ran now, in either of the two formats."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from execution.convert.detect import is_workflow
from web.server.access.rights import Right, caller_of, needs
from web.server.access.templates import misfit
from web.server.answers import Refusal, fitted, json_answer, read_json
from web.server.keys import engine_of
from web.server.routes.prompt import prompt_of


class ExplainRequest(msgspec.Struct):
    """`prompt`, a prompt or a saved workflow; the body may also be one of these itself."""

    prompt: Any = None
    partial_execution_targets: list[str | int] | None = None


def routes() -> list[web.RouteDef]:
    return [web.post("/explain", explain)]


@needs(Right.SUBMIT)
async def explain(request: web.Request) -> web.Response:
    """Ours: which nodes of a graph would run and why, what that took before, what is missing; nothing runs."""
    body = await read_json(request)
    asked = fitted(body, ExplainRequest) if isinstance(body, dict) and "prompt" in body else ExplainRequest(body)
    engine = await engine_of(request)
    is_saved = is_workflow(asked.prompt)
    prompt = await prompt_of(request, engine, asked.prompt) if is_saved else asked.prompt
    template = caller_of(request).template
    if template is not None and (reason := misfit(template, prompt)) is not None:
        raise Refusal(reason, type="forbidden", status=403)
    targets = asked.partial_execution_targets
    forecast = await engine.explain(prompt, None if targets is None else [str(one) for one in targets])
    if forecast is None:
        raise Refusal("the worker, which knows, is down or restarting", type="worker_unavailable", status=503)
    return json_answer(forecast)
