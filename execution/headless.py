"""One workflow without a server: from a file to a request, through an engine of its own, to the files it saved."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from comfy_core.folders import Folders
from execution import changes
from execution.convert.files import Found, read_workflow_file
from execution.convert.to_prompt import to_prompt
from execution.engine import Engine
from execution.events import AnyEvent, Executed, Executing, ExecutionError, ExecutionInterrupted
from execution.subscription import QueueStatus
from execution.validate import Validation
from execution.worker import Worker, WorkerFailed
from nodes.schema import NodeSchema

CLIENT = "command-line"
INTERRUPTED = "the run was interrupted"
Schemas = dict[str, NodeSchema]
Outputs = dict[str, dict[str, Any]]
"""What output nodes report, their `ui` dictionaries, by node id."""


class Failed(Exception):
    """The run did not give what was asked for. `problems` are sentences for the person who waits."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_file(path: Path) -> Found:
    """What a file carries. Raises Failed for a file that is not there, ValueError for one that carries nothing."""
    try:
        return read_workflow_file(path)
    except FileNotFoundError:
        raise Failed(f"there is no file {path}") from None
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}") from None


@asynccontextmanager
async def own_engine(folders: Folders, worker: Worker) -> AsyncIterator[Engine]:
    """An engine with a queue of its own, which is gone with it."""
    with tempfile.TemporaryDirectory(prefix="easel-run-") as scratch:
        engine = Engine(folders, worker=worker, database_url=f"sqlite:///{scratch}/queue.db")
        try:
            await engine.start()
            yield engine
        finally:
            await engine.close()


async def schemas_of(engine: Engine) -> Schemas:
    """The nodes there are. Raises Failed when the worker cannot start."""
    try:
        return await engine.schemas()
    except WorkerFailed as error:
        raise Failed(str(error)) from error


def prompt_of(found: Found, schemas: Schemas, folders: Folders) -> dict[str, Any]:
    """The API prompt of a file: its own, or what its saved workflow becomes. Raises ConversionError."""
    return found.prompt if found.prompt is not None else to_prompt(found.workflow or {}, schemas, folders.files)


def request_of(
    found: Found, prompt: dict[str, Any], asked: list[changes.Change], schemas: Schemas, folders: Folders
) -> dict[str, Any]:
    """What a client would POST: the prompt with the changes made, and the workflow for the pictures' metadata."""
    workflow = found.workflow
    if workflow is not None and asked:
        workflow = changes.apply_to_workflow(asked, workflow, schemas, folders.files)
    extra = {"extra_pnginfo": {"workflow": workflow}} if workflow is not None else {}
    return {"prompt": changes.apply(asked, prompt), "client_id": CLIENT, "extra_data": extra}


async def check(engine: Engine, prompt: dict[str, Any]) -> dict[str, Any]:
    """The prompt as it will run. One of which any part cannot run is refused as a whole: raises Failed."""
    validation = await engine.validate(prompt)
    refuse_invalid(validation)
    return validation.prompt


def refuse_invalid(validation: Validation) -> None:
    """Raises Failed for a prompt of which any part cannot run."""
    if validation.error is not None or validation.node_errors:
        raise Failed(*problems_of(validation.error or {}, validation.node_errors))


async def run_request(
    engine: Engine,
    request: dict[str, Any],
    started: Callable[[str], None] = lambda prompt_id: None,
    hear: Callable[[AnyEvent], None] = lambda event: None,
) -> Outputs:
    """Run a request to its end. `started` is told its id, and `hear` all that happens. Raises Failed."""
    await check(engine, request["prompt"])
    outputs: Outputs = {}
    problem = None
    with engine.subscribe() as events:
        taken = await engine.submit(request)
        started(taken.prompt_id)
        async for envelope in events:
            event = envelope.event
            if isinstance(event, QueueStatus) or event.prompt_id != taken.prompt_id:
                continue
            hear(event)
            if isinstance(event, Executed) and event.output:
                outputs[event.node] = event.output
            elif isinstance(event, ExecutionError):
                problem = explain(event, request["prompt"])
            elif isinstance(event, ExecutionInterrupted):
                problem = INTERRUPTED
            elif isinstance(event, Executing) and event.node is None:
                break
    if problem is not None:
        raise Failed(problem)
    return outputs


def files_of(folders: Folders, outputs: Outputs) -> list[Path]:
    """The files that the nodes of a run reported. Saved files count; previews only if nothing was saved."""
    reported = reported_files(folders, outputs)
    return [path for path, type in reported.items() if type == "output"] or list(reported)


def reported_files(folders: Folders, outputs: Outputs) -> dict[Path, str]:
    """All files that the nodes of a run reported, previews included, each with its type (`output`, `temp`)."""
    return {
        folders.find(type, entry["filename"], entry.get("subfolder", "")): type
        for ui in outputs.values()
        for entries in ui.values()
        if isinstance(entries, list)
        for entry in entries
        if isinstance(entry, dict) and "filename" in entry
        for type in [entry.get("type", "output")]
    }


def explain(event: ExecutionError, prompt: dict[str, Any]) -> str:
    """An error in one line, with the node it happened in."""
    message = " ".join(event.exception_message.split()) or event.exception_type
    return f"{node_name(event.node_id, prompt)}: {message}" if event.node_id else message


def node_name(node_id: str, prompt: dict[str, Any]) -> str:
    """`Node 3 (KSampler)`; nodes that came up during the run have no entry in the prompt."""
    class_type = prompt.get(node_id, {}).get("class_type")
    return f"Node {node_id} ({class_type})" if class_type else f"Node {node_id}"


def problems_of(error: dict[str, Any], node_errors: dict[str, Any]) -> list[str]:
    """One sentence per problem, those of nodes first."""
    found = [
        f"Node {id} ({entry.get('class_type')}): {one['message']}"
        + (f": {one['details']}" if one.get("details") else "")
        for id, entry in node_errors.items()
        for one in entry.get("errors", [])
    ]
    if found or not error:
        return found
    details = f" ({error['details']})" if error.get("details") and error["details"] != error["message"] else ""
    return [f"{error['message']}{details}"]
