"""Pictures, films and sounds on the whole page: zoomed, turned, compared, and told how they were made."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import drag, node, open_workflow, run, swipe, tab, turn_wheel, type_number

W, H = 320, 200
PROMPT = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "easel.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red apple", "clip": ["1", 1]}},
    "3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551615, "steps": 4, "positive": ["2", 0]}},
}


def photograph(shade: int) -> bytes:
    """A picture that carries a prompt."""
    pixels = np.full((H, W, 3), shade, np.uint8)
    pixels[:, ::10] = 255 - shade
    info = PngInfo()
    info.add_text("prompt", json.dumps(PROMPT))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=info)
    return file.getvalue()


@pytest.fixture
def looking(page: Page) -> Page:
    """Three loaders with a picture each; the first one's is open."""
    for i in range(3):
        file = {"name": f"photo{i}.png", "mimeType": "image/png", "buffer": photograph(60 * i)}
        assert page.request.post(f"{page.url}api/upload/image", multipart={"image": file, "overwrite": "true"}).ok
    nodes = [
        {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [320, 340], "widgets_values": ["photo0.png", "image"],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}, {"name": "MASK", "type": "MASK"}]},
        {"id": 2, "type": "LoadImage", "pos": [0, 400], "size": [320, 340], "widgets_values": ["photo1.png", "image"],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [2]}, {"name": "MASK", "type": "MASK"}]},
        {"id": 3, "type": "ImageBatch", "pos": [380, 0],
         "inputs": [{"name": "image1", "type": "IMAGE", "link": 1}, {"name": "image2", "type": "IMAGE", "link": 2}],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [3]}]},
        {"id": 4, "type": "PreviewImage", "pos": [640, 0], "size": [320, 340],
         "inputs": [{"name": "images", "type": "IMAGE", "link": 3}], "outputs": []},
    ]  # fmt: skip
    links = [[1, 1, 0, 3, 0, "IMAGE"], [2, 2, 0, 3, 1, "IMAGE"], [3, 3, 0, 4, 0, "IMAGE"]]
    open_workflow(page, {"nodes": nodes, "links": links, "version": 0.4}, "photographs")
    return page


def look_at(page: Page, id: str) -> Locator:
    node(page, id).locator(".preview button img").first.click()
    lightbox = page.locator("dialog.lightbox")
    lightbox.locator("img").first.wait_for()
    return lightbox


def look_at_both(page: Page) -> Locator:
    run(page)
    expect(node(page, "4").locator(".preview img")).to_have_count(2)
    return look_at(page, "4")


def place(lightbox: Locator, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture, in its pixels, is on the page."""
    box = lightbox.locator(".lightbox-picture").bounding_box()
    return box["x"] + x * box["width"] / W, box["y"] + y * box["height"] / H


def zoom(lightbox: Locator) -> float:
    return lightbox.locator(".lightbox-picture").bounding_box()["width"] / W


def test_the_wheel_zooms_at_the_pointer_and_a_drag_moves_the_picture(looking: Page):
    lightbox = look_at(looking, "1")
    fitted = zoom(lightbox)
    before = place(lightbox, 80, 50)
    looking.mouse.move(*before)
    turn_wheel(looking, -500)
    assert zoom(lightbox) > 1.5 * fitted
    assert place(lightbox, 80, 50) == pytest.approx(before, abs=1.5)  # the pointer is told in whole pixels
    drag(looking, before, (before[0] + 70, before[1] - 30))
    assert place(lightbox, 80, 50) == pytest.approx((before[0] + 70, before[1] - 30), abs=1.5)


def test_a_double_click_and_keys_change_between_the_whole_picture_and_its_pixels(looking: Page):
    lightbox = look_at(looking, "1")
    fitted = zoom(lightbox)
    looking.mouse.dblclick(*place(lightbox, 100, 100))
    assert zoom(lightbox) == pytest.approx(1)
    looking.mouse.dblclick(*place(lightbox, 100, 100))
    assert zoom(lightbox) == pytest.approx(fitted)
    looking.keyboard.press("1")
    expect(lightbox.get_by_role("button", name="Fit, now 100 %")).to_be_visible()
    looking.keyboard.press("+")
    assert zoom(lightbox) == pytest.approx(1.25)
    looking.keyboard.press("0")
    assert zoom(lightbox) == pytest.approx(fitted)


def test_the_next_picture_is_seen_at_the_same_place_as_the_one_before(looking: Page):
    lightbox = look_at_both(looking)
    expect(lightbox).to_contain_text("1 of 2")
    looking.mouse.move(*place(lightbox, 40, 40))
    turn_wheel(looking, -600)
    closer, corner = zoom(lightbox), place(lightbox, 0, 0)
    looking.keyboard.press("ArrowRight")
    expect(lightbox).to_contain_text("2 of 2")
    assert (zoom(lightbox), place(lightbox, 0, 0)) == (pytest.approx(closer), pytest.approx(corner))
    lightbox.get_by_role("button", name="Next", exact=True).click()
    expect(lightbox).to_contain_text("1 of 2")
    looking.keyboard.press("End")
    expect(lightbox).to_contain_text("2 of 2")


def test_two_results_are_compared_and_zoomed_together(looking: Page):
    lightbox = look_at_both(looking)
    looking.keyboard.press("c")
    pictures = lightbox.locator(".lightbox-picture img")
    expect(pictures).to_have_count(2)
    expect(pictures.nth(0)).not_to_have_attribute("src", pictures.nth(1).get_attribute("src"))
    line = lightbox.get_by_role("slider", name="Line between the two pictures")
    box = line.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    drag(looking, middle, (place(lightbox, 80, 0)[0], middle[1]))
    expect(line).to_have_attribute("aria-valuenow", "25")
    looking.mouse.move(*place(lightbox, 80, 50))
    turn_wheel(looking, -300)
    assert line.bounding_box()["width"] == pytest.approx(24, abs=0.1)  # as wide on the page as before
    looking.keyboard.press("c")
    expect(pictures).to_have_count(1)


def test_a_file_tells_what_it_is_and_how_it_was_made(looking: Page):
    lightbox = look_at(looking, "2")
    looking.keyboard.press("i")
    about = lightbox.get_by_role("complementary", name="About this file")
    for fact in ("photo1.png", "input", "320 × 200", "18446744073709551615", "easel.safetensors", "a red apple"):
        expect(about).to_contain_text(fact)
    looking.keyboard.press("Escape")
    expect(lightbox).to_have_count(0)


def test_a_picture_is_copied_downloaded_and_opened_as_its_workflow(looking: Page):
    looking.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lightbox = look_at(looking, "1")
    looking.keyboard.press("Control+c")
    expect(looking.locator(".toast")).to_contain_text("Copied")
    assert looking.locator(".toasts").evaluate("toasts => toasts.matches(':popover-open')")
    kinds = "navigator.clipboard.read().then(items => items.flatMap(item => item.types))"
    assert looking.evaluate(kinds) == ["image/png"]
    with looking.expect_download() as download:
        looking.keyboard.press("d")
    assert download.value.suggested_filename == "photo0.png"
    lightbox.get_by_role("button", name="Open its workflow").click()
    expect(tab(looking)).to_contain_text("photo0")
    expect(node(looking, "3")).to_contain_text("KSampler")
    expect(lightbox).to_have_count(0)


def test_a_press_beside_the_picture_closes_it_and_the_focus_is_back_where_it_was(looking: Page):
    lightbox = look_at(looking, "1")
    x, y = place(lightbox, 0, 0)
    looking.mouse.click(x - 10, y + 20)
    expect(lightbox).to_have_count(0)
    expect(node(looking, "1").get_by_role("button", name="Open photo0.png")).to_be_focused()


def test_selected_results_are_looked_at_from_the_palette(looking: Page):
    run(looking)
    node(looking, "4").locator(".node-title").click()
    looking.keyboard.press("Control+k")
    looking.get_by_role("combobox", name="Command palette").fill("results full screen")
    looking.keyboard.press("Enter")
    expect(looking.locator("dialog.lightbox")).to_contain_text("1 of 2")


def test_a_sound_has_a_player_on_the_whole_page(page: Page):
    nodes = [
        {"id": 1, "type": "EmptyAudio", "pos": [0, 0], "widgets_values": [1, 44100, 2],
         "outputs": [{"name": "AUDIO", "type": "AUDIO", "links": [1]}]},
        {"id": 2, "type": "PreviewAudio", "pos": [300, 0],
         "inputs": [{"name": "audio", "type": "AUDIO", "link": 1}], "outputs": []},
    ]  # fmt: skip
    open_workflow(page, {"nodes": nodes, "links": [[1, 1, 0, 2, 0, "AUDIO"]], "version": 0.4}, "silence")
    run(page)
    node(page, "2").get_by_role("button", name="Open ").click()
    player = page.locator("dialog.lightbox audio")
    expect(player).to_be_visible()
    expect(player).to_be_focused()
    page.keyboard.press("i")
    expect(page.get_by_role("complementary", name="About this file")).to_contain_text("1.0 s")
    page.keyboard.press("Escape")
    expect(player).to_have_count(0)


def test_a_film_plays_on_the_whole_page_and_keeps_the_keys_that_move_it(page: Page):
    nodes = [
        {"id": 1, "type": "EmptyImage", "pos": [0, 0], "widgets_values": [64, 48, 8, 255],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}]},
        {"id": 2, "type": "CreateVideo", "pos": [300, 0], "widgets_values": [8],
         "inputs": [{"name": "images", "type": "IMAGE", "link": 1}],
         "outputs": [{"name": "VIDEO", "type": "VIDEO", "links": [2]}]},
        {"id": 3, "type": "SaveVideo", "pos": [600, 0], "inputs": [{"name": "video", "type": "VIDEO", "link": 2}]},
    ]  # fmt: skip
    links = [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "VIDEO"]]
    open_workflow(page, {"nodes": nodes, "links": links, "version": 0.4}, "film")
    run(page)
    node(page, "3").locator(".preview").hover()
    node(page, "3").get_by_role("button", name="Full screen").click()
    film = page.locator("dialog.lightbox video")
    expect(film).to_be_focused()
    page.wait_for_function("() => document.querySelector('dialog.lightbox video').currentTime > 0")
    page.keyboard.press("Space")
    assert film.evaluate("film => film.paused")
    page.keyboard.press("i")
    expect(page.get_by_role("complementary", name="About this file")).to_contain_text("64 × 48")


def test_a_picture_is_watched_while_it_is_made(page: Page):
    for name, value in (("steps", "10000"), ("seed", "5")):
        type_number(page, "3", name, value)
    page.get_by_role("button", name="Run", exact=True).click()
    live = node(page, "3").get_by_role("button", name="Watch full screen")
    live.click()
    lightbox = page.locator("dialog.lightbox")
    watched = lightbox.get_by_alt_text("Preview of the sampling")
    first = watched.get_attribute("src")
    expect(watched).not_to_have_attribute("src", first)


def test_fingers_go_to_the_next_picture_and_zoom(phone: Page):
    nodes = [
        {"id": 1, "type": "EmptyImage", "pos": [0, 0], "widgets_values": [W, H, 3, 255],
         "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}]},
        {"id": 2, "type": "PreviewImage", "pos": [0, 260], "size": [300, 300],
         "inputs": [{"name": "images", "type": "IMAGE", "link": 1}]},
    ]  # fmt: skip
    open_workflow(phone, {"nodes": nodes, "links": [[1, 1, 0, 2, 0, "IMAGE"]], "version": 0.4}, "three")
    run(phone)
    phone.locator(".preview img").first.tap()
    lightbox = phone.locator("dialog.lightbox")
    lightbox.locator("img").wait_for()
    expect(lightbox).to_contain_text("1 of 3")
    fitted = zoom(lightbox)
    swipe(phone, ((300, 400), (120, 410)))
    expect(lightbox).to_contain_text("2 of 3")
    assert zoom(lightbox) == pytest.approx(fitted)
    swipe(phone, ((100, 400), (290, 400)))
    expect(lightbox).to_contain_text("1 of 3")
    swipe(phone, ((180, 400), (100, 400)), ((220, 400), (300, 400)))
    assert zoom(lightbox) > 2 * fitted
    swipe(phone, ((300, 400), (120, 400)))  # moves what is larger than the page
    expect(lightbox).to_contain_text("1 of 3")
