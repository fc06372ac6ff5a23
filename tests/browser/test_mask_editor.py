"""Masks: painted over a picture, saved as its transparency, and the same numbers when a node loads them."""

from __future__ import annotations

import io
import json
import urllib.parse
import urllib.request

import numpy as np
import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.hands import drag, node, open_workflow, run, saved, swipe, turn_wheel
from tests.browser.test_widgets import drop_picture

W, H = 48, 32


@pytest.fixture
def loaded(page: Page) -> Page:
    """A picture in a loader whose mask is shown by another node."""
    nodes = [
        {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [320, 340], "inputs": [],
         "outputs": [{"name": "IMAGE", "type": "IMAGE"}, {"name": "MASK", "type": "MASK", "links": [1]}]},
        {"id": 2, "type": "MaskToImage", "pos": [380, 0], "inputs": [{"name": "mask", "type": "MASK", "link": 1}],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [2]}]},
        {"id": 3, "type": "PreviewImage", "pos": [680, 0], "size": [300, 300],
         "inputs": [{"name": "images", "type": "IMAGE", "link": 2}], "outputs": []},
    ]  # fmt: skip
    links = [[1, 1, 1, 2, 0, "MASK"], [2, 2, 0, 3, 0, "IMAGE"]]
    open_workflow(page, {"nodes": nodes, "links": links, "version": 0.4})
    box = node(page, "1").bounding_box()
    drop_picture(page, (box["x"] + 60, box["y"] + 120), "masked.png", "image/png")
    node(page, "1").locator('.preview img[alt="masked.png"]').wait_for()
    return page


def open_editor(page: Page):
    node(page, "1").locator(".preview").hover()
    node(page, "1").get_by_role("button", name="Edit mask").click()
    editor = page.get_by_role("dialog", name="Mask of")
    expect(editor.get_by_text("%", exact=False).first).to_be_visible()
    editor.locator(".paint-stage").wait_for()
    return editor


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture is on the page."""
    box = page.locator(".paint-stage").bounding_box()
    return box["x"] + x * box["width"] / W, box["y"] + y * box["height"] / H


def alpha_of(page: Page, file: str) -> list[int]:
    """The transparency of a file in input/, as the server has it."""
    folder, _, name = file.rpartition("/")
    query = urllib.parse.urlencode({"filename": name, "subfolder": folder, "type": "input"})
    with urllib.request.urlopen(f"{page.url}api/view?{query}") as answer:
        return list(Image.open(io.BytesIO(answer.read())).getchannel("A").tobytes())


def loaded_mask(page: Page) -> list[int]:
    """What the loader makes of it in a run, 0..255."""
    src = node(page, "3").locator(".preview img").get_attribute("src")
    with urllib.request.urlopen(f"{page.url}{src}") as answer:
        return list(Image.open(io.BytesIO(answer.read())).getchannel("R").tobytes())


def test_a_mask_comes_back_pixel_by_pixel_through_the_server_and_the_loader(loaded: Page):
    editor = open_editor(loaded)
    editor.get_by_role("radio", name="Rectangle").click()
    drag(loaded, place(loaded, 8, 4), place(loaded, 20, 12))
    editor.get_by_role("radio", name="Brush").click()
    for label, value in (("Size", "10"), ("Hardness", "0.3"), ("Opacity", "0.6")):
        editor.get_by_role("slider", name=label).fill(value)
    drag(loaded, place(loaded, 30, 20), place(loaded, 40, 26))
    painted = loaded.evaluate(
        """() => {
            const overlay = document.querySelectorAll('.paint-stage canvas')[1];
            const data = overlay.getContext('2d').getImageData(0, 0, overlay.width, overlay.height).data;
            return [...data].filter((_, i) => i % 4 === 3);
        }"""
    )
    editor.get_by_role("button", name="Save mask").click()
    expect(editor).to_have_count(0)
    [file] = {n["widgets_values"][0] for n in saved(loaded)["nodes"] if n["id"] == 1}
    assert file.startswith("clipspace/clipspace-mask-")
    mask = [255 - a for a in alpha_of(loaded, file)]
    assert {mask[y * W + x] for y in range(4, 12) for x in range(8, 20)} == {255}
    assert {mask[y * W + x] for y in range(14) for x in range(W) if not (4 <= y < 12 and 8 <= x < 20)} == {0}
    assert len(set(mask)) > 10  # the soft brush
    assert max(abs(shown - 0.62 * value) for shown, value in zip(painted, mask, strict=True)) <= 1
    run(loaded)
    expect(node(loaded, "3").locator(".preview img")).to_be_visible()
    # A node's mask is 1 - alpha / 255 in single precision, and pictures of it are cut off, not rounded.
    exact = 255 * (1 - np.array(alpha_of(loaded, file), np.float32) / 255)
    assert loaded_mask(loaded) == exact.astype(np.uint8).tolist()

    open_editor(loaded).get_by_role("button", name="Save mask").click()
    expect(loaded.get_by_role("dialog", name="Mask of")).to_have_count(0)
    [again] = {n["widgets_values"][0] for n in saved(loaded)["nodes"] if n["id"] == 1}
    assert again != file
    assert alpha_of(loaded, again) == alpha_of(loaded, file)


def test_strokes_are_undone_inverted_erased_and_filled_by_colour(loaded: Page):
    editor = open_editor(loaded)
    masked = """() => {
        const overlay = document.querySelectorAll('.paint-stage canvas')[1];
        const data = overlay.getContext('2d').getImageData(0, 0, overlay.width, overlay.height).data;
        return data.filter((value, i) => i % 4 === 3 && value > 0).length;
    }"""
    loaded.keyboard.press("f")
    loaded.mouse.click(*place(loaded, 3, 3))
    assert loaded.evaluate(masked) == W * H
    loaded.keyboard.press("Control+z")
    assert loaded.evaluate(masked) == 0
    loaded.keyboard.press("Control+Shift+z")
    loaded.keyboard.press("Control+i")
    assert loaded.evaluate(masked) == 0
    editor.get_by_role("button", name="Mask everything").click()
    loaded.keyboard.press("e")
    editor.get_by_role("slider", name="Size").fill("8")
    loaded.mouse.click(*place(loaded, 24, 16))
    assert 28 <= W * H - loaded.evaluate(masked) <= 50  # a disc of radius 4 has 50 pixels, less its soft edge
    loaded.keyboard.press("l")
    corners = [place(loaded, x, y) for x, y in ((24, 4), (44, 28), (4, 28))]
    editor.get_by_role("button", name="Clear").click()
    loaded.mouse.move(*corners[0])
    loaded.mouse.down()
    for corner in corners[1:]:
        loaded.mouse.move(*corner)
    loaded.mouse.up()
    assert loaded.evaluate(masked) == pytest.approx(40 * 24 / 2, abs=40)


def test_a_mask_that_is_not_saved_is_not_lost_unasked(loaded: Page):
    editor = open_editor(loaded)
    drag(loaded, place(loaded, 10, 10), place(loaded, 20, 10))
    loaded.keyboard.press("Escape")
    expect(editor.get_by_role("alert")).to_contain_text("Discard the mask?")
    editor.get_by_role("button", name="Keep editing").click()
    loaded.keyboard.press("Escape")
    loaded.keyboard.press("Escape")
    expect(editor).to_have_count(0)
    assert saved(loaded)["nodes"][0]["widgets_values"][0] == "masked.png"


def test_the_view_zooms_at_the_pointer_and_moves(loaded: Page):
    open_editor(loaded)
    before = place(loaded, 24, 16)
    loaded.mouse.move(*before)
    turn_wheel(loaded, -400)
    assert place(loaded, 24, 16) == pytest.approx(before, abs=0.5)
    loaded.keyboard.down("Space")
    drag(loaded, before, (before[0] + 60, before[1] + 20))
    loaded.keyboard.up("Space")
    assert place(loaded, 24, 16) == pytest.approx((before[0] + 60, before[1] + 20), abs=0.5)


def test_the_mask_of_a_result_comes_with_a_loader_of_its_own(loaded: Page):
    run(loaded)
    preview = node(loaded, "3").locator(".preview")
    preview.locator("img").wait_for()
    preview.hover()
    node(loaded, "3").get_by_role("button", name="Edit mask").click()
    loaded.locator(".paint-stage").wait_for()
    loaded.keyboard.press("Control+i")
    loaded.keyboard.press("Control+s")
    expect(loaded.locator("[data-node-root]")).to_have_count(4)
    made = max(saved(loaded)["nodes"], key=lambda one: one["id"])
    assert made["type"] == "LoadImage"
    assert json.dumps(made["widgets_values"]).count("clipspace-mask") == 1
    assert set(alpha_of(loaded, made["widgets_values"][0])) == {0}
    loaded.locator(".canvas").focus()
    loaded.keyboard.press("Control+z")
    expect(loaded.locator("[data-node-root]")).to_have_count(3)


def test_a_mask_is_seen_on_a_picture_of_its_own_colour(page: Page):
    red = io.BytesIO()
    Image.new("RGB", (W, H), (235, 40, 40)).save(red, "PNG")
    file = {"name": "red.png", "mimeType": "image/png", "buffer": red.getvalue()}
    assert page.request.post(f"{page.url}api/upload/image", multipart={"image": file, "overwrite": "true"}).ok
    loader = {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [320, 340], "widgets_values": ["red.png", "image"]}
    open_workflow(page, {"nodes": [loader], "links": [], "version": 0.4})
    editor = open_editor(page)
    page.keyboard.press("Control+i")
    tint = """() => {
        const overlay = document.querySelectorAll('.paint-stage canvas')[1];
        return [...overlay.getContext('2d').getImageData(0, 0, 1, 1).data].slice(0, 3);
    }"""
    assert np.linalg.norm(np.subtract(page.evaluate(tint), (235, 40, 40))) > 200
    editor.get_by_label("Tint").select_option("Green")
    red_part, green, blue = page.evaluate(tint)
    assert green > 2 * max(red_part, blue)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert open_editor(page).get_by_label("Tint").input_value() == "green"


def test_brushes_are_sized_and_softened_by_keys(loaded: Page):
    editor = open_editor(loaded)
    size, hardness = (editor.get_by_role("slider", name=name) for name in ("Size", "Hardness"))
    before = float(size.input_value())
    for key in ("]", "]", "["):
        loaded.keyboard.press(key)
    assert float(size.input_value()) == before + 1
    for key in ("{", "{"):
        loaded.keyboard.press(key)
    assert float(hardness.input_value()) == pytest.approx(0.6)


def test_a_finger_paints_and_two_move_the_view(phone: Page):
    picture = io.BytesIO()
    Image.new("RGB", (W, H), (90, 90, 90)).save(picture, "PNG")
    file = {"name": "grey.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    assert phone.request.post(f"{phone.url}api/upload/image", multipart={"image": file, "overwrite": "true"}).ok
    loader = {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [320, 340], "widgets_values": ["grey.png", "image"]}
    open_workflow(phone, {"nodes": [loader], "links": [], "version": 0.4})
    node(phone, "1").get_by_role("button", name="Edit mask").dispatch_event("click")
    stage = phone.locator(".paint-stage")
    stage.wait_for()
    masked = """() => {
        const overlay = document.querySelectorAll('.paint-stage canvas')[1];
        const data = overlay.getContext('2d').getImageData(0, 0, overlay.width, overlay.height).data;
        return data.filter((value, i) => i % 4 === 3 && value > 0).length;
    }"""
    swipe(phone, (place(phone, 10, 16), place(phone, 38, 16)))
    painted = phone.evaluate(masked)
    assert painted > 28
    wide = stage.bounding_box()["width"]
    swipe(phone, (place(phone, 20, 16), place(phone, 10, 16)), (place(phone, 28, 16), place(phone, 38, 16)))
    assert stage.bounding_box()["width"] > 2 * wide
    assert phone.evaluate(masked) == painted
