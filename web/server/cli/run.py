"""`python main.py run workflow.json`: one workflow, headless, apart from any server that may be running."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comfy_core.folders import Folders
from execution.convert.files import Found, read_workflow_file
from web.server.cli import changes
from web.server.cli.arguments import folders_of, worker_of
from web.server.cli.report import Report
from web.server.cli.results import Results, check_out

if TYPE_CHECKING:
    from execution.engine import Engine

CLIENT = "command-line"


class Failed(Exception):
    """The run did not give what was asked for. `problems` are sentences for the person at the terminal."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def run(options: argparse.Namespace) -> int:
    """Run the workflow that the options name. Returns the exit code."""
    try:
        found = _read(options.workflow)
        if options.out is not None:
            check_out(options.out)
        asyncio.run(_run(options, folders_of(options), found))
    except Failed as failure:
        print("\n".join(failure.problems), file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if options.verbose:
            raise
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _read(path: Path) -> Found:
    try:
        return read_workflow_file(path)
    except FileNotFoundError:
        raise Failed(f"there is no file {path}") from None
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}") from None


async def _run(options: argparse.Namespace, folders: Folders, found: Found) -> None:
    """Start an engine with a queue of its own, have the workflow run, and say what came of it."""
    from execution.engine import Engine

    with tempfile.TemporaryDirectory(prefix="easel-run-") as scratch:
        worker = worker_of(options, in_process=not options.subprocess)
        engine = Engine(folders, worker=worker, database_url=f"sqlite:///{scratch}/queue.db")
        try:
            await engine.start()
            schemas = await _catalogue(engine)
            request = _request(options, folders, found, schemas)
            results = await _execute(engine, request, folders)
        finally:
            await engine.close()
    for line in results.deliver(options.out):
        print(line)


async def _catalogue(engine: Engine) -> changes.Schemas:
    from execution.worker import WorkerFailed

    try:
        return await engine.schemas()
    except WorkerFailed as error:
        raise Failed(str(error)) from error


def _request(options: argparse.Namespace, folders: Folders, found: Found, schemas: changes.Schemas) -> dict[str, Any]:
    """What a client would POST: the prompt with the changes made, and the workflow for the pictures' metadata."""
    from execution.convert.to_prompt import to_prompt

    prompt = found.prompt
    if prompt is None:
        prompt = to_prompt(found.workflow or {}, schemas, folders.files)
    asked = changes.read_changes(options.changes, options.seed, prompt, schemas)
    workflow = found.workflow
    if workflow is not None and asked:
        workflow = changes.apply_to_workflow(asked, workflow, schemas, folders.files)
    extra = {"extra_pnginfo": {"workflow": workflow}} if workflow is not None else {}
    return {"prompt": changes.apply(asked, prompt), "client_id": CLIENT, "extra_data": extra}


async def _execute(engine: Engine, request: dict[str, Any], folders: Folders) -> Results:
    """Run a request to its end. A prompt of which any part cannot run is refused as a whole."""
    validation = await engine.validate(request["prompt"])
    if validation.error is not None or validation.node_errors:
        raise Failed(*_problems(validation.error or {}, validation.node_errors))
    with engine.subscribe() as events, Report(request["prompt"]) as report:
        taken = await engine.submit(request)
        _stop_on_interrupt(engine, taken.prompt_id)
        async for envelope in events:
            if report.hear(envelope.event, taken.prompt_id):
                break
    if report.problem is not None:
        raise Failed(report.problem)
    return Results(folders, report.outputs)


def _problems(error: dict[str, Any], node_errors: dict[str, Any]) -> list[str]:
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


def _stop_on_interrupt(engine: Engine, prompt_id: str) -> None:
    """Ctrl+C stops the run at the sampler's next step; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked:
            os._exit(130)
        asked = True
        stopping.add(loop.create_task(engine.interrupt(prompt_id)))

    stopping: set[asyncio.Task[None]] = set()
    for signum in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(signum, stop)
