"""`python main.py import picture.png`: a picture of AUTOMATIC1111's web UI and its kin as a workflow."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from comfy_core import folders
from execution import infotext
from execution.calling import all_nodes
from execution.headless import Failed
from web.server.cli.arguments import folders_of
from web.server.cli.run import exit_code

TEXTS = (".txt", ".md")
LARGEST_TEXT = 1 << 20


def import_picture(options: argparse.Namespace) -> int:
    """Write the workflow of the picture that the options name. Returns the exit code."""
    return exit_code(asyncio.to_thread(_import, options), options.verbose)  # packs start event loops of their own


def _import(options: argparse.Namespace) -> None:
    where = folders_of(options)
    folders.use(where)
    path: Path = options.picture
    try:
        text = path.read_text("utf-8-sig")[:LARGEST_TEXT] if path.suffix.lower() in TEXTS else None
        schemas = {name: node.schema for name, node in all_nodes().items()}
        made = (
            infotext.import_picture(path, schemas, where)
            if text is None
            else infotext.import_text(text, schemas, where)
        )
    except UnicodeDecodeError:
        raise Failed(f"{path} is no text") from None
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}") from None
    for warning in made.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    _write(json.dumps(made.prompt if options.api else made.workflow, indent=2), options.out)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        print(text)
        return
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise Failed(f"cannot write {out}: {error.strerror}") from None
    print(out)
