"""The real page in Chromium, on a running server."""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.live_server import serving
from tests.waiting import PATIENCE_SECONDS

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def chromium_path() -> str | None:
    """The browser's path: $EASEL_CHROMIUM, or what the system has."""
    return os.environ.get("EASEL_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = chromium_path()
    if not found:
        pytest.skip("no Chromium here: install one, or name it in EASEL_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server whose starter checkpoint is a random one of a few megabytes."""
    with serving(tmp_path_factory.mktemp("easel")) as url:
        yield url


@pytest.fixture(scope="module")  # no longer: playwright's loop would run on under the tests that come after
def browser(chromium: str):
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests drive Chromium with playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS, timeout=PATIENCE_SECONDS * 1000)
        yield browser
        browser.close()


def ask(server: str, path: str, body: Any = None, method: str | None = None) -> Any:
    """What the server answers to this, read as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server}/api/{path}", data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return json.loads(answer.read() or "null")


@pytest.fixture
def as_found(server: str) -> Iterator[None]:
    """The server goes on after a test: what was queued, set and saved in it is not there for the next one."""
    before = kept_files(server)
    yield
    stop_everything(server)
    for path in kept_files(server) - before:
        ask(server, f"userdata/{quote(path, safe='')}", method="DELETE")


def kept_files(server: str) -> set[str]:
    """The workflows, the subgraphs and the settings."""
    return {file["path"] for file in ask(server, "v2/userdata") if file["type"] == "file"}


def stop_everything(server: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while ask(server, "prompt")["exec_info"]["queue_remaining"]:
        ask(server, "queue", {"clear": True})
        ask(server, "interrupt", {})
        assert time.monotonic() < end, "the queue does not come to an end"
        time.sleep(0.1)


@pytest.fixture
def page(browser, server, as_found):
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


@pytest.fixture
def phone(browser, server: str, as_found):
    """The editor on a telephone, and a hand with several fingers (`page.touch(kind, *points)`)."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    session = context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        found = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": found})

    page.touch = touch
    page.goto(server)
    page.wait_for_selector(".canvas")
    yield page
    context.close()


@pytest.fixture
def scene(page):
    """The page with something to open every dialog and menu from."""
    from tests.browser.places import clear_scene, set_scene  # needs playwright

    runs = set_scene(page)
    yield page
    clear_scene(page, runs)
