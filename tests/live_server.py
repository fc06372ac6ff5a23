"""The real server as a process of its own, with a tiny checkpoint as its starter unless the real one is wanted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.tiny_sd1 import write_checkpoint

ROOT = Path(__file__).parents[1]
READY_SECONDS = 240


@contextmanager
def serving(base: Path, *flags: str, tiny: bool = True) -> Iterator[str]:
    """A server as a process of its own, with these flags besides; its address."""
    if tiny:
        models = base / "models" / "checkpoints"
        models.mkdir(parents=True, exist_ok=True)
        write_checkpoint(models / "easel-starter.safetensors")
    log = base / "server.log"
    # One thread: the pictures are tiny, and tests may share few cores.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "main.py", "--port", "0", "--base-directory", str(base), "--cpu", *flags]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            yield wait_until_ready(process, log)
        finally:
            process.terminate()
            try:
                process.wait(READY_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(process: subprocess.Popen, log: Path) -> str:
    """Until the catalogue holds the nodes of the default graph; the server's address."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        said = re.search(r"Easel is ready: (\S+)\n", log.read_text(errors="replace"))
        with suppress(urllib.error.URLError, OSError, ValueError):
            if said is not None and has_its_nodes(said[1]):
                return said[1]
        time.sleep(0.3)
    pytest.fail(f"the server did not become ready:\n{log.read_text(errors='replace')[-4000:]}")


def has_its_nodes(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/api/object_info", timeout=READY_SECONDS) as answer:
        return "KSampler" in json.load(answer)
