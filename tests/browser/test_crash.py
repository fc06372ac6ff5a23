"""The browser dies in the middle of an edit, and is started again: what was open is there as the last draft has it."""

from __future__ import annotations

import json
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
from tests.waiting import PATIENCE_SECONDS

KEY_SECONDS = 0.02
DRAFTS = 2
NOTE_DRAFTS = """
    window.drafts = [];
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (value, key) {
        if (value.text) this.transaction.addEventListener('complete', () => window.drafts.push(value.text));
        return put.call(this, value, key);
    };
"""


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
            str(tmp_path / "profile"),
            executable_path=chromium,
            args=FLAGS,
            viewport={"width": 1400, "height": 800},
            timeout=PATIENCE_SECONDS * 1000,
        )
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        started.append(context)
        return context

    yield start
    started[-1].close()


def open_page(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.add_init_script(NOTE_DRAFTS)
    page.goto(url)
    page.wait_for_selector("[data-node-root]")
    return page


def processes(profile: Path) -> tuple[psutil.Process, list[psutil.Process]]:
    """The browser with this profile, and the renderers of its pages."""
    mark = f"--user-data-dir={profile}"
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if mark in words and not any(word.startswith("--type=") for word in words):
            return process, [child for child in process.children(recursive=True) if is_renderer(child)]
    raise LookupError(f"no browser has {profile}")


def is_renderer(process: psutil.Process) -> bool:
    try:
        return "--type=renderer" in process.cmdline()
    except psutil.Error:  # it has ended meanwhile
        return False


def type_and_die(page: Page, die: Callable[[], None]) -> tuple[str, str]:
    """Types into the prompt without a pause, while drafts are written. Answers what is in the last one, and all that
    was typed."""
    widget(page, "6", "text").locator("textarea").click()
    page.keyboard.press("Control+a")
    page.evaluate("window.drafts = []")
    typed = ""
    while len(drafts := page.evaluate("window.drafts")) < DRAFTS:
        letter = chr(ord("a") + len(typed) % 26)
        page.keyboard.type(letter)
        typed += letter
        time.sleep(KEY_SECONDS)
    die()
    prompt = next(one for one in json.loads(drafts[-1])["nodes"] if one["id"] == 6)
    return prompt["widgets_values"][0], typed


def expect_kept(page: Page, kept: str, typed: str) -> None:
    expect(widget(page, "3", "steps").get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "7")
    text = widget(page, "6", "text").locator("textarea").input_value()
    assert kept
    assert text.startswith(kept)
    assert typed.startswith(text)
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
