"""`python main.py export workflow.json --python`: a workflow as a script."""

from __future__ import annotations

import argparse
import asyncio

from comfy_core import folders
from comfy_core.folders import CHECKOUT
from execution import headless
from execution.calling import all_nodes
from execution.export import write_script
from execution.validate import validate
from web.server.cli.arguments import folders_of
from web.server.cli.run import exit_code


def export(options: argparse.Namespace) -> int:
    """Write the script that the options ask for. Returns the exit code."""
    return exit_code(asyncio.to_thread(_export, options), options.verbose)  # packs start event loops of their own


def _export(options: argparse.Namespace) -> None:
    found = headless.read_file(options.workflow)
    where = folders_of(options)
    folders.use(where)
    nodes = all_nodes()
    schemas = {name: node.schema for name, node in nodes.items()}
    validation = validate(headless.prompt_of(found, schemas, where), schemas, where, None, nodes)
    headless.refuse_invalid(validation)
    script = write_script(
        validation.prompt,
        validation.outputs,
        nodes,
        title=options.workflow.name,
        base=where.base if where.base != CHECKOUT else None,
        cpu=options.cpu,
    )
    if options.out is None:
        print(script, end="")
        return
    try:
        options.out.write_text(script, encoding="utf-8")
    except OSError as error:
        raise headless.Failed(f"cannot write {options.out}: {error.strerror}") from None
    print(options.out)
