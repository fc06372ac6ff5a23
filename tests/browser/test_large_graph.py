"""1,500 nodes of four widgets each: what the page does is counted; it is timed in benchmarks/editor.py."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.graphs import chains
from tests.browser.hands import drag, node, open_workflow, until_draft
from tests.waiting import wait_until

COUNT = 1500
COUNTERS = """() => {
    window.counts = {renders: 0, frames: 0, timers: 0};
    // React tells this hook of every commit, in production too.
    window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
        supportsFiber: true, inject: () => 1, onCommitFiberUnmount() {}, onPostCommitFiberRoot() {},
        onCommitFiberRoot() { window.counts.renders++; },
    };
    for (const [name, key] of [
        ['requestAnimationFrame', 'frames'], ['setTimeout', 'timers'], ['setInterval', 'timers'],
        ['requestIdleCallback', 'timers'],
    ]) {
        const real = window[name].bind(window);
        window[name] = (...args) => { window.counts[key]++; return real(...args); };
    }
}"""


@pytest.fixture
def large(page: Page) -> Page:
    """The graph, framed, with its counters; every request is noted in `page.asked`."""
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.add_init_script(f"({COUNTERS})()")
    page.reload()
    page.wait_for_selector("[data-node-root]")
    open_workflow(page, chains(COUNT), "large")
    expect(page.locator(".status")).to_contain_text(f"{COUNT} nodes")
    return page


def reset(page: Page) -> None:
    settle(page)
    page.evaluate("window.counts = {renders: 0, frames: 0, timers: 0}")


def settle(page: Page) -> None:
    page.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))))"
    )


def renders(page: Page) -> int:
    settle(page)
    return page.evaluate("window.counts.renders")


def come_near(page: Page) -> None:
    """To the actual size, in the middle of the graph."""
    page.locator(".canvas").focus()
    page.keyboard.press("Control+0")
    page.wait_for_selector("[data-node-root]")
    settle(page)


def elements(page: Page) -> int:
    return page.evaluate("document.querySelectorAll('*').length")


def middle_of_canvas(page: Page) -> tuple[float, float]:
    box = page.locator(".canvas").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def node_in_the_middle(page: Page) -> dict[str, float]:
    """The box of the node that is nearest to the middle of the view."""
    x, y = middle_of_canvas(page)
    boxes = [one.bounding_box() for one in page.locator("[data-node-root]").all()]
    return min(boxes, key=lambda box: abs(box["x"] + box["width"] / 2 - x) + abs(box["y"] + box["height"] / 2 - y))


def test_panning_and_zooming_render_nothing(large: Page):
    come_near(large)
    x, y = middle_of_canvas(large)
    reset(large)
    large.keyboard.down("Space")
    for by in (60, -60, 90, -90):
        drag(large, (x, y), (x + by, y + by))
    large.keyboard.up("Space")
    assert renders(large) == 0
    large.mouse.move(x, y)
    large.mouse.wheel(0, 60)
    expect(large.get_by_title("Actual size")).not_to_have_text("100 %")
    for turn in (-60, *(60, -60) * 3):
        large.mouse.wheel(0, turn)
    expect(large.get_by_title("Actual size")).to_have_text("100 %")
    assert renders(large) == 0


def test_dragging_renders_nothing_until_the_drop_wakes_the_undo_button(large: Page):
    come_near(large)
    box = node_in_the_middle(large)
    grip = (box["x"] + 120, box["y"] + 12)
    large.mouse.click(*grip)  # what is dragged is selected already
    reset(large)
    large.mouse.move(*grip)
    large.mouse.down()
    for step in range(1, 7):
        large.mouse.move(grip[0] + 10 * step, grip[1] + 7 * step)
        settle(large)
    assert renders(large) == 0
    undo = large.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    large.mouse.up()
    expect(undo).to_be_enabled()
    assert renders(large) == 1
    moved = node_in_the_middle(large)
    assert (moved["x"] - box["x"], moved["y"] - box["y"]) == (60, 42)


def test_a_long_way_renders_only_the_nodes_that_come_into_view(large: Page):
    come_near(large)
    large.evaluate("""() => {
        window.touched = 0;
        const mounted = new Set(document.querySelectorAll('[data-node-root]'));
        new MutationObserver(list => {
            for (const {target} of list) if (mounted.has(target.closest?.('[data-node-root]'))) window.touched++;
        }).observe(document.querySelector('.canvas'), {subtree: true, childList: true, attributes: true});
    }""")
    for _ in range(12):
        large.mouse.move(900, 500)
        large.keyboard.down("Shift")
        large.mouse.wheel(0, 240)
        large.keyboard.up("Shift")
    settle(large)
    assert large.evaluate("window.touched") == 0
    assert large.locator("[data-node-root]").count() < 60


def test_the_page_stays_small(large: Page):
    assert elements(large) <= 4000
    assert large.locator("[data-node-root]").count() == 0  # far away they are painted
    come_near(large)
    assert elements(large) <= 4000
    session = large.context.new_cdp_session(large)
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    assert metrics["JSHeapUsedSize"] <= 60 * 2**20


def test_nobody_else_is_asked(large: Page):
    come_near(large)
    host = large.url.split("/")[2]
    strangers = [url for url in large.asked if not url.startswith(("blob:", "data:")) and url.split("/")[2] != host]
    assert large.asked
    assert strangers == []


def test_a_tab_that_is_left_alone_does_nothing(large: Page):
    come_near(large)
    large.mouse.move(5, 5)
    until_draft(large)
    settle(large)
    session = large.context.new_cdp_session(large)
    session.send("Performance.enable")

    def work() -> dict[str, float]:
        found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        return {name: found[name] for name in ("LayoutCount", "RecalcStyleCount")}

    def done_within(milliseconds: int) -> dict[str, float]:
        """What there is more of after that time."""
        large.evaluate("window.counts = {renders: 0, frames: 0, timers: 0}")
        before = work()
        large.wait_for_timeout(milliseconds)
        after = work() | large.evaluate("window.counts")
        return {name: count for name, count in after.items() if count > before.get(name, 0)}

    wait_until(lambda: not done_within(500))  # what was begun has ended
    assert done_within(2000) == {}


def test_changes_to_one_node_reach_only_that_node(large: Page):
    come_near(large)
    first = large.locator("[data-node-root]").nth(10)
    id = first.evaluate("element => element.closest('[data-node]').dataset.node")
    others = large.locator("[data-node-root]").count() - 1
    assert others > 5
    large.evaluate(
        """id => {
            window.touched = new Set();
            new MutationObserver(list => {
                for (const {target} of list) {
                    const shell = (target.nodeType === 1 ? target : target.parentElement).closest?.('[data-node]');
                    if (shell && shell.dataset.node !== id) window.touched.add(shell.dataset.node);
                }
            }).observe(document.querySelector('.canvas'), {
                subtree: true, childList: true, characterData: true, attributes: true,
                attributeFilter: ['class', 'aria-label'],
            });
        }""",
        id,
    )
    node(large, id).get_by_role("spinbutton").first.focus()
    for _ in range(5):
        large.keyboard.press("ArrowUp")
    settle(large)
    assert large.evaluate("[...window.touched]") == []
