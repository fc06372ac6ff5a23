"""Drawing by hand where nodes ask for it: pictures on a paper or on another picture, and the part that is cut out."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import drag, node, open_workflow, run, saved, widget

W, H = 320, 200


def made(page: Page, id: str) -> np.ndarray:
    """The picture that a node shows, [H, W, 3] in 0..255."""
    picture = node(page, id).locator(".preview img")
    picture.wait_for()
    return pixels(page.request.get(picture.evaluate("image => image.src")).body())


def pixels(file: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(file)) as picture:
        return np.asarray(picture.convert("RGB"))


def values(page: Page, id: int) -> list:
    return next(one["widgets_values"] for one in saved(page)["nodes"] if one["id"] == id)


def on(stage: Locator, x: float, y: float, width: int = W, height: int = H) -> tuple[float, float]:
    """Where a place of the picture, in its pixels, is on the page."""
    box = stage.bounding_box()
    return box["x"] + x * box["width"] / width, box["y"] + y * box["height"] / height


def sheet(page: Page) -> Locator:
    stage = page.locator(".paint-stage")
    stage.wait_for()
    return stage


@pytest.fixture
def painter(page: Page) -> Page:
    nodes = [
        {"id": 1, "type": "Painter", "pos": [0, 0], "size": [320, 0], "widgets_values": ["", 128, 64, "#000000"],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}, {"name": "MASK", "type": "MASK", "links": [2]}]},
        {"id": 2, "type": "PreviewImage", "pos": [380, 0], "size": [240, 240],
         "inputs": [{"name": "images", "type": "IMAGE", "link": 1}]},
        {"id": 3, "type": "MaskToImage", "pos": [380, 300], "inputs": [{"name": "mask", "type": "MASK", "link": 2}],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [3]}]},
        {"id": 4, "type": "PreviewImage", "pos": [680, 0], "size": [240, 240],
         "inputs": [{"name": "images", "type": "IMAGE", "link": 3}]},
    ]  # fmt: skip
    links = [[1, 1, 0, 2, 0, "IMAGE"], [2, 1, 1, 3, 0, "MASK"], [3, 3, 0, 4, 0, "IMAGE"]]
    open_workflow(page, {"nodes": nodes, "links": links, "version": 0.4}, "painting")
    return page


def test_what_is_drawn_is_what_the_node_gives(painter: Page):
    widget(painter, "1", "mask").get_by_role("button", name="Draw").click()
    stage = sheet(painter)
    editor = painter.get_by_role("dialog", name="Drawing")
    editor.get_by_label("Colour", exact=True).fill("#ff8000")
    painter.keyboard.press("r")
    drag(painter, on(stage, 16, 8, 128, 64), on(stage, 48, 40, 128, 64))
    editor.get_by_role("button", name="Save drawing").click()
    expect(editor).to_have_count(0)
    expect(widget(painter, "1", "mask").get_by_role("button", name="Go on drawing")).to_be_visible()
    assert values(painter, 1)[0].startswith("painter/painter-")
    run(painter)
    expected = np.zeros((64, 128, 3), np.uint8)
    expected[8:40, 16:48] = (255, 128, 0)
    np.testing.assert_array_equal(made(painter, "2"), expected)
    np.testing.assert_array_equal(made(painter, "4")[..., 0], 255 * (expected[..., 0] > 0))


def test_a_drawing_is_gone_on_with_its_colour_picked_and_taken_back_with_one_undo(painter: Page):
    def draw(action) -> None:
        widget(painter, "1", "mask").get_by_role("button").first.click()
        action(sheet(painter))
        painter.keyboard.press("Control+s")
        expect(painter.locator(".paint-editor")).to_have_count(0)

    def first(stage: Locator) -> None:
        painter.get_by_label("Colour", exact=True).fill("#3060c0")
        painter.keyboard.press("r")
        drag(painter, on(stage, 0, 0, 128, 64), on(stage, 20, 20, 128, 64))

    def second(stage: Locator) -> None:
        painter.get_by_label("Colour", exact=True).fill("#ffffff")
        painter.get_by_role("application", name="Picture").focus()
        painter.keyboard.press("p")
        painter.mouse.click(*on(stage, 10, 10, 128, 64))
        expect(painter.get_by_label("Colour", exact=True)).to_have_value("#3060c0")

    draw(first)
    kept = values(painter, 1)[0]
    draw(second)
    assert values(painter, 1)[0] != kept
    painter.locator(".canvas").focus()
    painter.keyboard.press("Control+z")
    assert values(painter, 1)[0] == kept
    painter.keyboard.press("Control+z")
    assert values(painter, 1)[0] == ""


def test_the_paper_has_the_size_and_colour_that_the_node_says(painter: Page):
    widget(painter, "1", "mask").get_by_role("spinbutton", name="width").click()
    painter.keyboard.type("256")
    painter.keyboard.press("Enter")
    assert values(painter, 1)[1:3] == [256, 64]
    widget(painter, "1", "mask").get_by_role("button", name="Draw").click()
    size = sheet(painter).locator("canvas").first.evaluate("canvas => [canvas.width, canvas.height]")
    assert size == [256, 64]
    painter.keyboard.press("Escape")
    expect(painter.locator(".paint-editor")).to_have_count(0)


def test_a_drawing_on_a_picture_has_its_size_and_leaves_the_rest_of_it(page: Page):
    upload(page, "sky.png", np.full((H, W, 3), (90, 150, 210), np.uint8))
    nodes = [
        {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [300, 300], "widgets_values": ["sky.png", "image"],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}, {"name": "MASK", "type": "MASK"}]},
        {"id": 2, "type": "Painter", "pos": [340, 0], "size": [320, 0], "widgets_values": ["", 512, 512, "#000000"],
         "inputs": [{"name": "image", "type": "IMAGE", "link": 1}],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [2]}, {"name": "MASK", "type": "MASK"}]},
        {"id": 3, "type": "PreviewImage", "pos": [700, 0], "inputs": [{"name": "images", "type": "IMAGE", "link": 2}]},
    ]  # fmt: skip
    links = [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"]]
    open_workflow(page, {"nodes": nodes, "links": links, "version": 0.4}, "painting")
    expect(widget(page, "2", "mask").locator("image")).to_have_count(1)
    widget(page, "2", "mask").get_by_role("button", name="Draw").click()
    stage = sheet(page)
    page.get_by_label("Colour", exact=True).fill("#ffff00")
    page.get_by_role("application", name="Picture").focus()
    page.keyboard.press("r")
    drag(page, on(stage, 200, 100), on(stage, 260, 140))
    page.keyboard.press("Control+s")
    expect(page.locator(".paint-editor")).to_have_count(0)
    run(page)
    expected = np.full((H, W, 3), (90, 150, 210), np.uint8)
    expected[100:140, 200:260] = (255, 255, 0)
    np.testing.assert_array_equal(made(page, "3"), expected)


def upload(page: Page, name: str, picture: np.ndarray) -> None:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    content = {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}
    assert page.request.post(f"{page.url}api/upload/image", multipart={"image": content, "overwrite": "true"}).ok


@pytest.fixture
def cropped(page: Page) -> Page:
    """A picture whose every pixel says where it is, and a node that cuts a part out of it."""
    y, x = np.mgrid[:H, :W]
    upload(page, "places.png", np.stack([x % 256, y, x // 256 * 100], -1).astype(np.uint8))
    box = {"x": 0, "y": 0, "width": 100, "height": 100}
    nodes = [
        {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [300, 300], "widgets_values": ["places.png", "image"],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}, {"name": "MASK", "type": "MASK"}]},
        {"id": 2, "type": "ImageCropV2", "pos": [340, 0], "size": [420, 400], "widgets_values": [box, 0, 0, 100, 100],
         "inputs": [{"name": "image", "type": "IMAGE", "link": 1}],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [2]}]},
        {"id": 3, "type": "PreviewImage", "pos": [800, 0], "size": [240, 240],
         "inputs": [{"name": "images", "type": "IMAGE", "link": 2}]},
    ]  # fmt: skip
    links = [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"]]
    open_workflow(page, {"nodes": nodes, "links": links, "version": 0.4}, "cropping")
    node(page, "2").locator(".box-area").wait_for()
    return page


def box_of(page: Page) -> list[int]:
    box = values(page, 2)[0]
    return [box["x"], box["y"], box["width"], box["height"]]


def test_the_part_that_is_drawn_on_the_picture_is_what_is_cut_out(cropped: Page):
    picture = node(cropped, "2").locator(".box-area image")
    drag(cropped, on(picture, 120, 40), on(picture, 280, 160))
    x, y, width, height = box_of(cropped)
    assert [x, y, width, height] == pytest.approx([120, 40, 160, 120], abs=2)
    run(cropped)
    part = made(cropped, "3")
    assert part.shape == (height, width, 3)
    assert part[0, 0].tolist() == [x, y, 0]
    assert part[-1, -1, 1] == y + height - 1


def test_the_part_is_moved_pulled_and_undone_in_one_step_each(cropped: Page):
    picture = node(cropped, "2").locator(".box-area image")
    drag(cropped, on(picture, 50, 50), on(picture, 110, 70))
    assert box_of(cropped) == pytest.approx([60, 20, 100, 100], abs=2)
    moved = box_of(cropped)
    drag(cropped, on(picture, 160, 120), on(picture, 200, 180))
    assert box_of(cropped) == pytest.approx([60, 20, 140, 160], abs=3)
    cropped.locator(".canvas").focus()
    cropped.keyboard.press("Control+z")
    assert box_of(cropped) == moved
    cropped.keyboard.press("Control+z")
    assert box_of(cropped) == [0, 0, 100, 100]


def test_the_part_of_a_picture_that_is_still_to_be_made_is_marked_after_a_run(page: Page):
    nodes = [
        {"id": 1, "type": "EmptyImage", "pos": [0, 0], "widgets_values": [W, H, 1, 0x336699],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}]},
        {"id": 2, "type": "ImageCropV2", "pos": [340, 0], "size": [420, 400],
         "inputs": [{"name": "image", "type": "IMAGE", "link": 1}],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [2]}]},
        {"id": 3, "type": "PreviewImage", "pos": [800, 0], "inputs": [{"name": "images", "type": "IMAGE", "link": 2}]},
    ]  # fmt: skip
    links = [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"]]
    open_workflow(page, {"nodes": nodes, "links": links, "version": 0.4}, "cropping")
    expect(node(page, "2")).to_contain_text("Run once")
    run(page)
    picture = node(page, "2").locator(".box-area image")
    drag(page, on(picture, 40, 20), on(picture, 140, 70))
    assert box_of(page) == pytest.approx([40, 20, 100, 50], abs=2)
    expect(node(page, "2").locator("img")).to_have_count(0)  # the whole picture is seen once


def test_the_part_is_moved_and_sized_by_keys_and_numbers(cropped: Page):
    box = node(cropped, "2").get_by_role("slider", name="crop_region on the picture")
    box.focus()
    for key in ("ArrowRight", "Control+ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp", "ArrowLeft", "ArrowLeft"):
        cropped.keyboard.press(key)
    assert box_of(cropped) == [0, 10, 101, 99]
    expect(box).to_have_attribute("aria-valuetext", "101 × 99 at 0, 10")
    x = node(cropped, "2").get_by_role("spinbutton", name="x", exact=True)
    x.click()
    cropped.keyboard.type("64")
    cropped.keyboard.press("Enter")
    expect(box).to_have_attribute("aria-valuetext", "101 × 99 at 64, 10")
