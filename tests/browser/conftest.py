"""The real server as a process of its own, with a tiny checkpoint, and the real page in Chromium."""

from __future__ import annotations

import json
import os
import shutil
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

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
READY_SECONDS = 240
PATIENCE_SECONDS = 90
"""Generous: a busy machine is slow, not wrong."""


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path: $EASEL_CHROMIUM, or what the system has."""
    found = os.environ.get("EASEL_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("no Chromium here: install one, or name it in EASEL_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server whose starter checkpoint is a random one of a few megabytes."""
    with serving(tmp_path_factory.mktemp("easel")) as url:
        yield url


@contextmanager
def serving(base: Path, *flags: str) -> Iterator[str]:
    """A server as a process of its own, with these flags besides; its address."""
    from tests.tiny_sd1 import write_checkpoint

    models = base / "models" / "checkpoints"
    models.mkdir(parents=True)
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


@pytest.fixture(scope="module")  # no longer: playwright's loop would run on under the tests that come after
def browser(chromium: str):
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests drive Chromium with playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, server):
    """The editor as a person sees it who comes for the first time. Anything it complains about fails the test,
    unless the test says beforehand that it expects it (`page.expected_errors`)."""
    context = browser.new_context(viewport={"width": 1600, "height": 900}, color_scheme="dark", accept_downloads=True)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    complaints: list[str] = []
    page.expected_errors = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(server)
    page.wait_for_selector("[data-node-root]")
    yield page
    context.close()
    assert [c for c in complaints if not any(expected in c for expected in page.expected_errors)] == []


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
