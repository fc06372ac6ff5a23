"""Every main screen is whole: nothing scrolls sideways, and what one needs is inside the window.

Each is also a picture. `EASEL_SCREENSHOTS=docs` puts them into docs/screens; otherwise they are thrown away.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from PIL import Image, ImageOps
from playwright.sync_api import Locator, Page, expect

from tests.browser.graphs import chains
from tests.browser.hands import RUN_SECONDS, node, open_workflow, run
from tests.browser.test_subgraphs import convert, inner
from tests.live_server import ROOT, serving

DESKTOP = {"width": 1360, "height": 800}
PHONE = {"width": 390, "height": 844}
SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll('body *')]
    .filter((one) => !one.matches('[role=tablist]')) // many tabs are made to scroll
    .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1)
    .filter((one) => one.matches('html, .topbar, .status, .app-head') || // what they hide is lost
        /auto|scroll/.test(getComputedStyle(one).overflowX))
    .map((one) => `${one.tagName} ${one.className}`)"""
"""What is wider than its place."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One with the real starter model: its pictures are worth showing."""
    with serving(tmp_path_factory.mktemp("screens"), tiny=False) as url:
        yield url


@pytest.fixture
def desk(page: Page) -> Page:
    """The default graph with its picture, in a window of a laptop's size."""
    page.expected_errors.append("404")  # models without a picture
    page.set_viewport_size(DESKTOP)
    page.reload()
    page.wait_for_selector("[data-node-root]")
    run(page)
    shown(picture(page))
    return page


@pytest.fixture
def keep(page: Page, tmp_path: Path):
    """Holds the screen to what every screen must be, and keeps its picture under a name."""
    folder = ROOT / os.environ.get("EASEL_SCREENSHOTS", tmp_path) / "screens"
    folder.mkdir(exist_ok=True)

    def check(name: str, *controls: Locator) -> None:
        page.wait_for_timeout(250)  # what moves has arrived
        assert page.evaluate(SIDEWAYS) == []
        for control in controls:
            expect(control).to_be_in_viewport(ratio=1)
        with Image.open(io.BytesIO(page.screenshot())) as shot:
            # Six bits: two thirds of the size, where a palette would lose the links' colours.
            ImageOps.posterize(shot.convert("RGB"), 6).save(folder / f"{name}.png", optimize=True)

    return check


def picture(page: Page) -> Locator:
    return node(page, "9").locator(".preview img")


def shown(image: Locator) -> None:
    """Until the picture itself has come."""
    image.wait_for()
    image.evaluate("(image) => image.decode()")


def run_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Run", exact=True)


def panel(page: Page, name: str) -> Locator:
    return page.get_by_role("complementary", name=name)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_graph_and_its_picture(desk: Page, keep, theme: str):
    desk.emulate_media(color_scheme=theme)
    other = desk.get_by_role("button", name={"dark": "Light theme", "light": "Dark theme"}[theme])
    expect(desk.locator("html")).to_have_attribute("data-theme", theme)
    keep(f"graph_{theme}", run_button(desk), other, desk.locator(".status"), picture(desk), node(desk, "4"))


def test_panels_beside_the_graph(desk: Page, keep):
    desk.keyboard.press("Control+h")
    queue = panel(desk, "Queue and history")
    shown(queue.locator("img").first)
    keep("queue", run_button(desk), queue)
    for name in ("Nodes", "Models", "Outputs"):
        desk.get_by_role("navigation", name="Panels").get_by_role("button", name=name, exact=True).click()
        beside = panel(desk, name)
        beside.get_by_role("searchbox").or_(beside.get_by_role("textbox")).first.wait_for()
        keep(name.lower(), run_button(desk), beside.get_by_role("button", name="Close panel"))


def test_the_palette(desk: Page, keep):
    desk.keyboard.press("Control+k")
    box = desk.get_by_role("combobox", name="Command palette")
    keep("palette", box, desk.get_by_role("listbox", name="Command palette").get_by_role("option").first)


def test_the_inside_of_a_subgraph(desk: Page, keep):
    id = convert(desk)
    node(desk, id).get_by_role("button", name="Open subgraph").click()
    keep("subgraph", desk.get_by_role("navigation", name="Subgraphs"), inner(desk, "Inputs"), inner(desk, "Outputs"))


def test_the_mask_editor(desk: Page, keep):
    made = desk.request.get(picture(desk).evaluate("(image) => image.src")).body()
    file = {"name": "apple.png", "mimeType": "image/png", "buffer": made}
    assert desk.request.post(f"{desk.url}api/upload/image", multipart={"image": file}).ok
    loader = {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [320, 400], "widgets_values": ["apple.png"]}
    open_workflow(desk, {"nodes": [loader], "links": [], "version": 0.4}, "mask")
    node(desk, "1").locator(".preview").hover()
    node(desk, "1").get_by_role("button", name="Edit mask").click()
    stage = desk.locator(".paint-stage")
    box = stage.bounding_box()
    desk.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.2 * box["height"])
    desk.mouse.down()
    desk.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.1 * box["height"], steps=8)
    desk.mouse.up()
    dialog = desk.get_by_role("dialog", name="Mask of")
    keep("mask", stage, dialog.get_by_role("button", name="Save"))


def test_app_mode(desk: Page, keep):
    desk.keyboard.press("Control+Alt+a")
    app = desk.get_by_role("region", name="App mode")
    app.get_by_role("group", name="Positive prompt").get_by_label("text").check()
    app.get_by_role("group", name="KSampler").get_by_label("steps").check()
    app.get_by_role("button", name="Choose inputs").click()
    go = app.get_by_role("button", name="Run", exact=True)
    made = app.get_by_role("button", name="Open ").locator("img")
    before = made.get_attribute("src")
    go.click()
    expect(made).not_to_have_attribute("src", before, timeout=RUN_SECONDS * 1000)
    expect(app.get_by_role("button", name="Stop")).to_have_count(0)
    shown(made)
    keep("app", go, app.get_by_role("textbox", name="text"))
    desk.set_viewport_size(PHONE)
    keep("app_phone", go, app.get_by_role("textbox", name="text"))


def test_a_large_graph_from_afar(page: Page, keep):
    page.set_viewport_size(DESKTOP)
    open_workflow(page, chains(1500), "large")
    expect(page.locator(".status")).to_contain_text("1500 nodes")
    keep("large", run_button(page), page.locator(".status"))


def test_a_phone(desk: Page, keep):
    node(desk, "9").locator(".node-title").click()
    desk.set_viewport_size(PHONE)
    expect(desk.locator(".topbar-theme")).to_be_hidden()
    desk.keyboard.press(".")
    status = desk.locator(".status")
    keep("phone", run_button(desk), status, status.get_by_role("button", name="Minimap"), picture(desk))
