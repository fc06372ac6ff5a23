"""`python main.py batch workflow.json table.csv`: a workflow for every row of a table; none is run twice."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from typing import Any

from comfy_core.folders import Folders
from execution import changes, headless
from execution.batch import Manifest, Row, read_table
from execution.convert.files import Found
from execution.engine import Engine
from execution.headless import INTERRUPTED, Failed
from web.server.cli.arguments import folders_of, worker_of
from web.server.cli.run import exit_code, run_with_report


def batch(options: argparse.Namespace) -> int:
    """Run the rows that the options name. Returns the exit code: 1 if a row failed."""
    return exit_code(_batch(options), options.verbose)


async def _batch(options: argparse.Namespace) -> int:
    found = headless.read_file(options.workflow)
    try:
        rows = read_table(options.table, options.workflow.read_bytes())
        manifest = Manifest(options.manifest or options.table.with_suffix(".manifest.jsonl"))
        done = manifest.done()
    except OSError as error:
        raise Failed(f"{error.filename}: {error.strerror}") from None
    waiting = [row for row in rows if row.key not in done]
    if len(waiting) < len(rows):
        print(f"{len(rows) - len(waiting)} of {len(rows)} rows are done already, as {manifest.path} says")
    if not waiting:
        return 0
    folders = folders_of(options)
    async with headless.own_engine(folders, worker_of(options, in_process=not options.subprocess)) as engine:
        schemas = await headless.schemas_of(engine)
        run = _Batch(engine, folders, found, headless.prompt_of(found, schemas, folders), schemas, manifest)
        run.check(waiting)
        failed = 0
        for row in waiting:
            failed += not await run.row(row, options.stop)
    print(f"rows done: {len(waiting) - failed}, failed: {failed}; see {manifest.path}")
    return 1 if failed else 0


@dataclass
class _Batch:
    """The workflow, and what runs it."""

    engine: Engine
    folders: Folders
    found: Found
    prompt: dict[str, Any]
    schemas: headless.Schemas
    manifest: Manifest

    def check(self, rows: list[Row]) -> None:
        """Have wrong names and values told before anything is made. Raises ValueError naming the row."""
        for row in rows:
            try:
                changes.read_changes(row.words, None, self.prompt, self.schemas)
            except ValueError as error:
                said = str(error).removeprefix("--set ")  # where a run would have had it
                raise ValueError(f"row {row.number}: {said}") from None

    async def row(self, row: Row, stop: bool) -> bool:
        """Run one row and write down what came of it; whether it went well. Raises Failed where that ends the batch."""
        asked = changes.read_changes(row.words, None, self.prompt, self.schemas)
        request = headless.request_of(self.found, self.prompt, asked, self.schemas, self.folders)
        begun = time.monotonic()
        try:
            files = headless.files_of(self.folders, await run_with_report(self.engine, request))
        except Failed as failure:
            if INTERRUPTED in failure.problems:
                raise Failed(f"row {row.number}: {INTERRUPTED}; the same command goes on from there") from None
            self._note(row, error=" ".join(failure.problems))
            if stop:
                raise Failed(f"row {row.number}: {failure}") from None
            print(f"row {row.number}: {failure}", file=sys.stderr)
            return False
        self._note(row, files=[str(path) for path in files], seconds=round(time.monotonic() - begun, 2))
        print(f"row {row.number}: {', '.join(map(str, files)) or 'nothing saved'}")
        return True

    def _note(self, row: Row, **result: Any) -> None:
        try:
            self.manifest.add(row, **result)
        except OSError as error:
            raise Failed(f"{self.manifest.path} cannot be written: {error.strerror}") from None
