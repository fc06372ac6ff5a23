"""The real server as a process of its own, with a tiny checkpoint as its starter unless the real one is wanted."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tiny_sd1 import write_checkpoint

ROOT = Path(__file__).parents[1]
READY_SECONDS = 240
PATIENCE_SECONDS = 90
"""Generous: a busy machine is slow, not wrong."""


@contextmanager
def serving(base: Path, *flags: str, tiny: bool = True) -> Iterator[str]:
    """A server as a process of its own, with these flags besides; its address."""
    if tiny:
        models = base / "models" / "checkpoints"
        models.mkdir(parents=True, exist_ok=True)
        write_checkpoint(models / "easel-starter.safetensors")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = base / "server.log"
    # One thread: the pictures are tiny, and tests may share few cores.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "main.py", "--port", str(port), "--base-directory", str(base), "--cpu", *flags]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            wait_until_ready(url, process, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(url: str, process: subprocess.Popen, log: Path) -> None:
    """Until the catalogue holds the nodes of the default graph."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/api/object_info", timeout=10) as answer:
                if "KSampler" in json.load(answer):
                    return
        except (urllib.error.URLError, OSError, ValueError):
            pass
        time.sleep(0.3)
    pytest.fail(f"the server did not become ready:\n{log.read_text(errors='replace')[-4000:]}")
