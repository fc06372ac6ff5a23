"""Opening and closing whatever opens, again and again, leaves no node and no listener behind."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page

from tests.browser.places import PLACES, SOURCE, Place, again, built_in_panels, openers
from tests.waiting import PATIENCE_SECONDS

TIMES = 20
PANEL_TIMES = 50
COUNT_SUBSCRIBERS = """(() => {
    // Stores and emitters keep who listens to them in sets.
    const [known, sets, add] = [new WeakSet(), [], Set.prototype.add];
    Set.prototype.add = function (value) {
        if (typeof value === 'function' && !known.has(this)) {
            known.add(this);
            sets.push(new WeakRef(this));
        }
        return add.call(this, value);
    };
    const listeners = set => [...set.deref() ?? []].filter(value => typeof value === 'function').length;
    window.subscribers = () => sets.reduce((sum, set) => sum + listeners(set), 0);
})()"""


def held(page: Page) -> dict[str, float]:
    """What is left once it is the same twice: nothing is being drawn or fetched any more, nor a toast about to go."""
    last, now = None, counted(page)
    end = time.monotonic() + PATIENCE_SECONDS
    while now != last and time.monotonic() < end:
        page.wait_for_timeout(500)
        last, now = now, counted(page)
    return now


def counted(page: Page) -> dict[str, float]:
    """DOM nodes, listeners and subscribers after the garbage was collected."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    for _ in range(2):
        devtools.send("HeapProfiler.collectGarbage")
    values = {metric["name"]: metric["value"] for metric in devtools.send("Performance.getMetrics")["metrics"]}
    devtools.detach()
    return {name: values[name] for name in ("Nodes", "JSEventListeners")} | {
        "subscribers": page.evaluate("subscribers()")
    }


def left_by(page: Page, places: Iterable[Place], times: int) -> dict[str, float]:
    """What there is more of after these were opened and closed so often."""
    for place in places:
        again(page, place, 5)
    before = held(page)
    for place in places:
        again(page, place, times)
    after = held(page)
    return {name: after[name] - before[name] for name in before if after[name] > before[name]}


def assert_nothing_is_left(page: Page, places: Iterable[Place], times: int) -> None:
    if left_by(page, places, times):
        assert {place.name: left for place in places if (left := left_by(page, [place], times))} == {}


def count_subscribers(page: Page) -> None:
    page.add_init_script(COUNT_SUBSCRIBERS)
    page.reload()
    page.wait_for_selector(".canvas")


@pytest.fixture
def page(page: Page) -> Page:
    count_subscribers(page)
    return page


def test_of_no_panel_is_anything_left(scene: Page):
    assert_nothing_is_left(scene, built_in_panels(), PANEL_TIMES)


def test_of_no_dialog_menu_tab_or_subgraph_is_anything_left(scene: Page):
    assert_nothing_is_left(scene, PLACES, TIMES)


def test_every_component_that_opens_something_is_among_the_places():
    sources = {place.source for place in PLACES}
    assert openers() - sources == set()
    assert {source for source in sources if not (SOURCE / source).is_file()} == set()


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
    page.wait_for_function("() => window.blobs.size === 0")
