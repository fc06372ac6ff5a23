"""`python main.py run workflow.json`: one workflow, headless, apart from any server that may be running."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from comfy_core.folders import Folders
from execution import changes, headless
from execution.convert.files import Found
from execution.headless import Failed
from web.server.cli.arguments import folders_of, worker_of
from web.server.cli.report import Report
from web.server.cli.results import check_out, deliver

if TYPE_CHECKING:
    from execution.engine import Engine


def run(options: argparse.Namespace) -> int:
    """Run the workflow that the options name. Returns the exit code."""
    if options.server is not None:
        from web.server.cli.remote import run_elsewhere

        return exit_code(run_elsewhere(options), options.verbose)
    return exit_code(_run(options), options.verbose)


def exit_code(work: Coroutine[Any, Any, int | None], verbose: bool = False, trouble: int = 1) -> int:
    """Do the work of a command; what goes wrong is told on stderr, in sentences, and gives the code `trouble`."""
    try:
        return asyncio.run(work) or 0
    except Failed as failure:
        print("\n".join(failure.problems), file=sys.stderr)
        return trouble
    except ValueError as error:
        print(error, file=sys.stderr)
        return trouble
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if verbose:
            raise
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return trouble


async def _run(options: argparse.Namespace) -> None:
    """Start an engine with a queue of its own, have the workflow run, and say what came of it."""
    found = headless.read_file(options.workflow)
    if options.out is not None:
        check_out(options.out)
    folders = folders_of(options)
    async with headless.own_engine(folders, worker_of(options, in_process=not options.subprocess)) as engine:
        request = _request(options, folders, found, await headless.schemas_of(engine))
        outputs = await run_with_report(engine, request)
    for line in deliver(headless.files_of(folders, outputs), options.out):
        print(line)


def _request(options: argparse.Namespace, folders: Folders, found: Found, schemas: headless.Schemas) -> dict[str, Any]:
    prompt = headless.prompt_of(found, schemas, folders)
    asked = changes.read_changes(options.changes, options.seed, prompt, schemas)
    return headless.request_of(found, prompt, asked, schemas, folders)


async def run_with_report(engine: Engine, request: dict[str, Any]) -> headless.Outputs:
    """Run a request, shown on the terminal; Ctrl+C stops it. Raises Failed."""
    with Report(request["prompt"]) as report:
        return await headless.run_request(engine, request, lambda id: _stop_on_interrupt(engine, id), report.hear)


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
