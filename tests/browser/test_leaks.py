"""Opening and closing whatever opens, again and again, leaves no node and no listener behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

TIMES = 50
PANELS = {"Control+Alt+w": "Workflows", "Control+Alt+o": "Outputs", "Control+h": "Queue and history"}


def held(page: Page) -> dict[str, float]:
    """DOM nodes and listeners that are left after the garbage was collected."""
    page.wait_for_timeout(700)  # requests that were under way, and toasts
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    for _ in range(2):
        devtools.send("HeapProfiler.collectGarbage")
    values = {metric["name"]: metric["value"] for metric in devtools.send("Performance.getMetrics")["metrics"]}
    devtools.detach()
    return {name: values[name] for name in ("Nodes", "JSEventListeners")}


def assert_nothing_is_left(page: Page, open_and_close: Callable[[], None], times: int = TIMES) -> None:
    for _ in range(5):
        open_and_close()
    before = held(page)
    for _ in range(times):
        open_and_close()
    after = held(page)
    assert {name: after[name] for name in before if after[name] > before[name]} == {}


@pytest.mark.parametrize("key", PANELS)
def test_a_panel(page: Page, key: str):
    panel = page.get_by_role("complementary", name=PANELS[key])

    def open_and_close() -> None:
        page.keyboard.press(key)
        expect(panel).to_be_visible()
        page.keyboard.press(key)
        expect(panel).to_have_count(0)

    page.expected_errors.append("404")  # nobody has saved a workflow yet
    assert_nothing_is_left(page, open_and_close)


def test_a_tab(page: Page):
    def open_and_close() -> None:
        page.keyboard.press("Alt+n")
        expect(page.get_by_role("tab")).to_have_count(2)
        page.keyboard.press("Alt+PageUp")
        expect(page.locator("[data-node-root]")).to_have_count(7)
        page.keyboard.press("Alt+PageDown")
        page.keyboard.press("Alt+w")
        expect(page.get_by_role("tab")).to_have_count(1)

    assert_nothing_is_left(page, open_and_close, times=10)


def test_pictures_of_the_sampling_are_let_go(page: Page):
    """Each is a blob with an address of its own."""
    page.add_init_script("""
        window.blobs = new Set();
        const [make, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
        URL.createObjectURL = blob => { const url = make.call(URL, blob); window.blobs.add(url); return url; };
        URL.revokeObjectURL = url => { window.blobs.delete(url); revoke.call(URL, url); };
    """)
    page.reload()
    page.wait_for_selector("[data-node-root]")
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator('.status [data-outcome="success"]').wait_for()
    page.keyboard.press("Alt+n")
    page.locator('[role="tab"]').first.click(button="middle")
    page.wait_for_function("() => window.blobs.size === 0", timeout=10_000)
