"""POST and GET /prompt, and POST /convert: graphs come in, in either of the two formats."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from execution.convert.detect import is_workflow
from web.server.access.rights import Right, caller_of, needs, owner_of
from web.server.access.templates import misfit
from web.server.answers import Refusal, fitted, json_answer, read_json
from web.server.keys import FOLDERS, engine_of

if TYPE_CHECKING:
    from execution.engine import Engine


class PromptRequest(msgspec.Struct):
    """The fields of POST /prompt that the server itself reads; all else is the engine's to judge."""

    client_id: str | None = None
    front: bool | None = None
    partial_execution_targets: list[str | int] | None = None


def routes() -> list[web.RouteDef]:
    return [web.get("/prompt", remaining), web.post("/prompt", submit), web.post("/convert", convert)]


@needs(Right.SUBMIT)
async def remaining(request: web.Request) -> web.Response:
    engine = await engine_of(request)
    return json_answer({"exec_info": {"queue_remaining": engine.queue_remaining()}})


@needs(Right.SUBMIT)
async def submit(request: web.Request) -> web.Response:
    # Not before: it brings the database along, which the first page need not wait for.
    from execution.engine import QueueUnwritable, Rejected

    body = await read_json(request)
    if is_workflow(body) and "prompt" not in body:
        raise Refusal('this body is a saved workflow; send it as {"prompt": <the workflow>}', type="no_prompt")
    asked = fitted(body, PromptRequest)
    body = {key: value for key, value in body.items() if value is not None}
    if asked.partial_execution_targets is not None:
        body["partial_execution_targets"] = [str(one) for one in asked.partial_execution_targets]
    engine = await engine_of(request)
    if is_workflow(body.get("prompt")):
        body = await _converted(request, engine, body)
    template = caller_of(request).template
    if template is not None and (reason := misfit(template, body.get("prompt"))) is not None:
        raise Refusal(reason, type="forbidden", status=403)
    owner = owner_of(request)
    if owner is not None and not body.get("client_id"):
        body["client_id"] = str(uuid.uuid4())  # runs without a client are told to all, and so to other users
    try:
        taken = await engine.submit(body, owner)
    except Rejected as rejected:
        return json_answer({"error": rejected.error, "node_errors": rejected.node_errors}, status=400)
    except QueueUnwritable as error:
        raise Refusal(f"{error}; make room and send the prompt again", type="queue_unwritable", status=503) from error
    return json_answer(msgspec.to_builtins(taken))


@needs(Right.SUBMIT)
async def convert(request: web.Request) -> web.Response:
    """Ours: a saved workflow in (bare, or as `workflow`), the prompt it becomes out."""
    body = await read_json(request)
    workflow = body.get("workflow", body) if isinstance(body, dict) else body
    if not is_workflow(workflow):
        raise Refusal("the body must be a saved workflow: an object with a list called nodes", type="invalid_workflow")
    return json_answer({"prompt": await prompt_of(request, await engine_of(request), workflow)})


async def prompt_of(request: web.Request, engine: Engine, workflow: dict[str, Any]) -> dict[str, Any]:
    """The API prompt of a saved workflow. Raises Refusal naming the node that stands in the way."""
    from execution.convert import ConversionError, to_prompt

    schemas = await engine.schemas()
    try:
        return await asyncio.to_thread(to_prompt, workflow, schemas, request.app[FOLDERS].files)
    except ConversionError as error:
        extra = {} if error.node_id is None else {"node_id": error.node_id}
        raise Refusal(str(error), type="invalid_workflow", extra=extra) from None


async def _converted(request: web.Request, engine: Engine, body: dict[str, Any]) -> dict[str, Any]:
    """The request with its workflow as a prompt; pictures keep the workflow they came from."""
    extra = dict(body.get("extra_data") or {})
    pnginfo = extra.get("extra_pnginfo")
    extra["extra_pnginfo"] = {"workflow": body["prompt"], **(pnginfo if isinstance(pnginfo, dict) else {})}
    return {**body, "prompt": await prompt_of(request, engine, body["prompt"]), "extra_data": extra}
