"""The browser dies in the middle of an edit, and is started again: what was open is there, but for the last second."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.hands import tab, type_number, widget

TYPING_SECONDS = 2.0
LOST_SECONDS = 1.0
KEY_SECONDS = 0.02


@pytest.fixture(scope="module")
def driver() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def start(driver: Playwright, chromium: str, tmp_path: Path) -> Iterator[Callable[[], BrowserContext]]:
    """Starts the browser, always with the same profile."""
    started: list[BrowserContext] = []

    def start() -> BrowserContext:
        context = driver.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=chromium, args=FLAGS, viewport={"width": 1400, "height": 800}
        )
        started.append(context)
        return context

    yield start
    started[-1].close()


def open_page(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("[data-node-root]")
    return page


def processes(profile: Path) -> tuple[psutil.Process, list[psutil.Process]]:
    """The browser with this profile, and the renderers of its pages."""
    mark = f"--user-data-dir={profile}"
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if mark in words and not any(word.startswith("--type=") for word in words):
            below = process.children(recursive=True)
            return process, [child for child in below if "--type=renderer" in child.cmdline()]
    raise LookupError(f"no browser has {profile}")


def type_and_die(page: Page, die: Callable[[], None]) -> tuple[str, str]:
    """Types into the prompt without a pause until the end. Answers what must have been kept, and all that was typed."""
    widget(page, "6", "text").locator("textarea").click()
    page.keyboard.press("Control+a")
    typed: list[tuple[float, str]] = []
    end = time.monotonic() + TYPING_SECONDS
    while time.monotonic() < end:
        letter = chr(ord("a") + len(typed) % 26)
        page.keyboard.type(letter)
        typed.append((time.monotonic(), letter))
        time.sleep(KEY_SECONDS)
    died = time.monotonic()
    die()
    kept = "".join(letter for at, letter in typed if at < died - LOST_SECONDS)
    return kept, "".join(letter for _, letter in typed)


def expect_kept(page: Page, kept: str, typed: str) -> None:
    text = widget(page, "6", "text").locator("textarea").input_value()
    assert text.startswith(kept)
    assert typed.startswith(text)
    expect(widget(page, "3", "steps").get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "7")
    expect(tab(page)).to_have_accessible_name("Text to image, not saved")


def test_the_page_crashes_in_mid_edit_and_is_opened_again(start, server, tmp_path):
    context = start()
    page = open_page(context, server)
    type_number(page, "3", "steps", "7")
    _, renderers = processes(tmp_path / "profile")

    def die() -> None:
        with page.expect_event("crash"):
            for renderer in renderers:
                renderer.send_signal(signal.SIGKILL)

    kept, typed = type_and_die(page, die)
    expect_kept(open_page(context, server), kept, typed)


def test_the_browser_is_killed_in_mid_edit_and_started_again(start, server, tmp_path):
    context = start()
    page = open_page(context, server)
    type_number(page, "3", "steps", "7")
    browser, _ = processes(tmp_path / "profile")

    def die() -> None:
        with context.expect_event("close"):
            browser.send_signal(signal.SIGKILL)

    kept, typed = type_and_die(page, die)
    expect_kept(open_page(start(), server), kept, typed)
