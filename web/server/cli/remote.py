"""`python main.py run workflow.json --server URL`: the same, on a server that runs already, here or elsewhere."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from easel_client import AsyncClient, Event, Refused, Result, RunFailed, Unreachable
from execution import changes, headless
from execution.convert.files import Found
from execution.events import Executing, Progress
from execution.headless import Failed
from web.server.cli.report import Report
from web.server.cli.results import check_out, deliver


async def run_elsewhere(options: argparse.Namespace) -> None:
    """Have the server run the workflow, and bring its files. Raises Failed."""
    found = headless.read_file(options.workflow)
    if options.out is not None:
        check_out(options.out)
    try:
        async with AsyncClient(options.server, options.token) as easel:
            result = await _run(easel, options, found)
    except (Refused, RunFailed, Unreachable) as error:
        raise Failed(str(error)) from None
    for line in _delivered(result, options.out):
        print(line)


async def _run(easel: AsyncClient, options: argparse.Namespace, found: Found) -> Result:
    prompt = found.prompt or await easel.prompt_of(found.workflow or {})
    asked = changes.read_changes(options.changes, options.seed, prompt, {})
    shown = found.workflow if not asked else None  # which widgets show the changes, only the server could tell
    with Report(prompt) as report:
        async for event in easel.follow(changes.apply(asked, prompt), workflow=shown):
            if isinstance(event, Result):
                return event
            _show(event, report)
    raise Failed("the server ended the run without a result")


def _show(event: Event, report: Report) -> None:
    data: dict[str, Any] = event.data
    if event.type == "executing":
        report.hear(Executing(prompt_id=data.get("prompt_id", ""), node=data.get("node")))
    elif event.type == "progress":
        known = {name: data[name] for name in ("prompt_id", "node", "value", "max")}
        report.hear(Progress(**known))


def _delivered(result: Result, out: Path | None) -> list[str]:
    """Where the files are: on the server, or with `out` here."""
    saved = [file for file in result.files if file.type == "output"]
    if out is None:
        return [f"{file.type}/{file.subfolder}/{file.filename}".replace("//", "/") for file in saved]
    with tempfile.TemporaryDirectory(prefix="easel-run-") as scratch:
        paths = [file.save(Path(scratch, f"{place}_{Path(file.filename).name}")) for place, file in enumerate(saved)]
        return list(deliver(paths, out))
