"""What axe-core finds wrong on the page, panel by panel and dialog by dialog, in both themes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.hands import node, open_workflow, widget

AXE = Path(__file__).parents[2] / "web/editor/node_modules/axe-core/axe.min.js"
PANELS = {
    "nodes": "Nodes",
    "models": "Models",
    "workflows": "Workflows",
    "templates": "Templates",
    "logs": "Log",
}
RIGHT = {"Control+h": "Queue and history", "Control+Alt+p": "Properties", "Control+Alt+h": "Help"}

pytestmark = pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: cd web/editor && npm ci")


def violations(page: Page) -> list[str]:
    """`rule: element` for each. It is evaluated from outside, which the page's own policy does not hold up."""
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{rule['id']}: {one['html'][:160]}" for rule in found for one in rule["nodes"]]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_panel_and_no_dialog_has_a_violation(page: Page, theme: str):
    page.expected_errors += ["404"]
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # colours half-way have no contrast to speak of
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    wrong = {"the graph": violations(page)}
    for name in PANELS.values():
        page.get_by_role("navigation", name="Panels").get_by_role("button", name=name, exact=True).click()
        page.get_by_role("complementary", name=name).wait_for()
        page.wait_for_timeout(300)
        wrong[name] = violations(page)
    node(page, "3").locator(".node-title").click()
    for key, name in RIGHT.items():
        page.keyboard.press(key)
        page.get_by_role("complementary", name=name).wait_for()
        page.wait_for_timeout(200)
        wrong[name] = violations(page)
    for key, role, name in (
        ("Control+,", "dialog", "Settings"),
        ("F1", "dialog", "Keyboard shortcuts"),
        ("Control+Shift+s", "dialog", "Save workflow"),
        ("Control+k", "combobox", "Command palette"),
        ("Control+f", "combobox", "Find node in workflow"),
        ("Control+Alt+a", "region", "App mode"),
    ):
        page.keyboard.press(key)
        page.get_by_role(role, name=name).wait_for()
        wrong[name] = violations(page)
        page.keyboard.press("Escape")
    assert {where: list_ for where, list_ in wrong.items() if list_} == {}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_neither_the_lightbox_nor_the_paint_editor_nor_a_crop_has_a_violation(page: Page, theme: str):
    picture = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(picture, "PNG")
    file = {"name": "teal.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    assert page.request.post(f"{page.url}api/upload/image", multipart={"image": file, "overwrite": "true"}).ok
    nodes = [
        {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [300, 300], "widgets_values": ["teal.png", "image"],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1, 2]}, {"name": "MASK", "type": "MASK"}]},
        {"id": 2, "type": "ImageCropV2", "pos": [340, 0], "inputs": [{"name": "image", "type": "IMAGE", "link": 1}]},
        {"id": 3, "type": "Painter", "pos": [640, 0], "inputs": [{"name": "image", "type": "IMAGE", "link": 2}]},
    ]  # fmt: skip
    links = [[1, 1, 0, 2, 0, "IMAGE"], [2, 1, 0, 3, 0, "IMAGE"]]
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    open_workflow(page, {"nodes": nodes, "links": links, "version": 0.4}, "pictures")
    node(page, "2").locator(".box-area").wait_for()
    wrong = {"a crop": violations(page)}
    node(page, "1").get_by_role("button", name="Open teal.png").click()
    page.locator("dialog.lightbox img").wait_for()
    page.keyboard.press("i")
    expect(page.get_by_role("complementary", name="About this file")).to_contain_text("32 × 24")
    wrong["the lightbox"] = violations(page)
    page.keyboard.press("Escape")
    widget(page, "3", "mask").get_by_role("button", name="Draw").click()
    page.locator(".paint-stage").wait_for()
    wrong["the paint editor"] = violations(page)
    assert {where: list_ for where, list_ in wrong.items() if list_} == {}
