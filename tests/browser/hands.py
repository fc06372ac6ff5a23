"""What the tests of the page do with it, and where they find things on it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.waiting import PATIENCE_SECONDS

RUN_SECONDS = 240
expect.set_options(timeout=PATIENCE_SECONDS * 1000)


def node(page: Page, id: str):
    return page.locator(f'[data-node="{id}"] [data-node-root]')


def widget(page: Page, id: str, name: str):
    return page.locator(f'[data-node="{id}"] [data-widget="{name}"]')


def tab(page: Page, name: str | None = None):
    """The tab of this name, or the one that is shown."""
    if name is None:
        return page.get_by_role("tab", selected=True)
    return page.get_by_role("tab", name=name)


def next_frame(page: Page) -> None:
    """Until everything that waited for a frame is drawn: the view follows the hand with the next one."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def turn_wheel(page: Page, by: float) -> None:
    """Until the page has had the turn: what sends it does not wait for that."""
    page.evaluate("""() => {
        const once = {once: true, capture: true, passive: true};
        window.turned = new Promise(done => addEventListener('wheel', () => setTimeout(done), once));
    }""")
    page.mouse.wheel(0, by)
    page.evaluate("window.turned")


KEPT = """() => new Promise((done, failed) => {
    const open = indexedDB.open('keyval-store');
    open.onerror = failed;
    open.onsuccess = () => {
        const store = open.result.transaction('keyval').objectStore('keyval');
        const [keys, values] = [store.getAllKeys(), store.getAll()];
        values.onsuccess = () => {
            open.result.close();
            done(keys.result.map((key, i) => [key, values.result[i]]));
        };
    };
})"""


def until_kept(page: Page, condition: Callable[[dict[str, dict]], bool]) -> None:
    """Until what this browser keeps for the next time (drafts, closed tabs, the order of tabs), by its keys, is so."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition(dict(page.evaluate(KEPT))):
        assert time.monotonic() < end, "the draft is not written"
        page.wait_for_timeout(50)


def until_draft(page: Page) -> None:
    """Until the draft of the workflow in view is what it is now."""
    now = saved(page)
    until_kept(page, lambda kept: any(json.loads(one.get("text", "{}")) == now for one in kept.values()))


def drop_file(page: Page, name: str, content: str, kind: str = "application/json") -> None:
    """Drop a text file on the page."""
    page.evaluate(
        """([name, content, type]) => {
            const data = new DataTransfer();
            data.items.add(new File([content], name, {type}));
            window.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        [name, content, kind],
    )


def type_number(page: Page, id: str, name: str, value: str) -> None:
    widget(page, id, name).get_by_role("spinbutton").click()
    page.keyboard.type(value)
    page.keyboard.press("Enter")


def slot(page: Page, id: str, title: str) -> tuple[float, float]:
    """The middle of a slot, by the beginning of its tooltip."""
    box = page.locator(f'[data-node="{id}"] .slot[title^="{title}"]').first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def swipe(page: Page, *paths: tuple[tuple[float, float], tuple[float, float]]) -> None:
    """Every finger goes its way, all at once."""
    page.touch("touchStart", *(start for start, _ in paths))
    for t in (0.25, 0.5, 0.75, 1):
        page.touch("touchMove", *((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for a, b in paths))
    page.touch("touchEnd")
    next_frame(page)


def saved(page: Page) -> dict:
    """The workflow as "Download" writes it."""
    with page.expect_download() as download:
        page.keyboard.press("Control+Alt+s")
    return json.loads(download.value.path().read_text())


def links(page: Page) -> set[tuple[int, int]]:
    return {(link[1], link[3]) for link in saved(page)["links"]}


def open_workflow(page: Page, workflow: dict, name: str = "dropped") -> None:
    """Drops a workflow on the page, beside all nodes, and waits until it is shown."""
    drop_file(page, f"{name}.json", json.dumps(workflow))
    expect(tab(page)).to_contain_text(name)


def make_small(page: Page) -> None:
    """Two steps at 64 pixels: quick, and still every part of the way."""
    type_number(page, "3", "steps", "2")
    type_number(page, "5", "width", "64")
    type_number(page, "5", "height", "64")


def run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator('.status [data-outcome="success"]').wait_for(timeout=RUN_SECONDS * 1000)


def selected(page: Page) -> set[str]:
    """The ids of the nodes that are selected."""
    found = page.locator("[data-node]:has([data-node-root][data-selected])").all()
    return {one.get_attribute("data-node") for one in found}


def select(page: Page, *ids: str) -> None:
    """Select these nodes and nothing else, by their titles."""
    page.locator(".canvas").focus()
    page.keyboard.press("Escape")
    for id in ids:
        box = node(page, id).bounding_box()
        page.keyboard.down("Shift")
        page.mouse.click(box["x"] + 60, box["y"] + 12)
        page.keyboard.up("Shift")
