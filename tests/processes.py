"""Several processes that work on the same files at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from comfy_core.folders import CHECKOUT

PATIENCE_SECONDS = 120
"""Generous: a busy machine is slow, not wrong."""
HANDS = """
import json, sys

def begin():
    print("ready", flush=True)
    sys.stdin.readline()

def tell(found):
    print(json.dumps(found), flush=True)
"""


def at_once(*programs: str, arguments: Sequence[object] = ()) -> list[Any]:
    """What each program told, with which it ends. Each calls `begin()`, which returns when all have called it."""
    started = [_start(HANDS + textwrap.dedent(program), arguments) for program in programs]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [json.loads(process.communicate(timeout=PATIENCE_SECONDS)[0]) for process in started]
    finally:
        for process in started:
            process.kill()
            process.communicate()


def _start(program: str, arguments: Sequence[object]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, cwd=CHECKOUT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
