"""The same picture by keyboard alone, by mouse alone, and by finger."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import (
    RUN_SECONDS,
    drag,
    links,
    next_frame,
    node,
    open_workflow,
    slot,
    swipe,
    turn_wheel,
    widget,
)

EMPTY = {"nodes": [], "links": [], "version": 0.4}


def key(page: Page, *keys: str) -> None:
    for one in keys:
        page.keyboard.press(one)


def add(page: Page, name: str) -> None:
    """Add a node by keyboard; it has the focus then."""
    before = page.locator("[data-node-root]").count()
    key(page, "Shift+A")
    page.keyboard.type(name)
    key(page, "Enter")
    expect(page.locator("[data-node-root]")).to_have_count(before + 1)
    expect(node(page, str(before + 1))).to_be_focused()


def link(page: Page, words: str) -> None:
    """Link the node with the focus by keyboard."""
    key(page, "Alt+L")
    expect(page.get_by_role("combobox", name="Link")).to_be_focused()
    page.keyboard.type(words)
    key(page, "Enter")
    expect(page.locator("[data-node-root]:focus")).to_have_count(1)


def test_text_to_image_is_built_and_run_by_keyboard_alone(page: Page):
    open_workflow(page, EMPTY, "empty")
    page.locator(".canvas").focus()
    for name in ("Load Checkpoint", "CLIP Text Encode (Prompt)"):
        add(page, name)
    link(page, "clip load checkpoint")
    key(page, "Enter")
    page.keyboard.type("a red apple")
    key(page, "Escape")
    expect(node(page, "2")).to_be_focused()
    add(page, "Empty Latent Image")
    for field in ("width", "height"):
        if field == "width":
            key(page, "Enter")
        else:
            key(page, "Tab")
        expect(widget(page, "3", field).get_by_role("spinbutton")).to_be_focused()
        page.keyboard.type("64")
        key(page, "Enter")
        expect(widget(page, "3", field).get_by_role("spinbutton")).to_be_focused()
    key(page, "Escape")
    add(page, "KSampler")
    for words in ("model load", "positive encode", "negative encode", "latent_image latent"):
        link(page, words)
    key(page, "Enter", "Tab", "Tab")
    expect(widget(page, "4", "steps").get_by_role("spinbutton")).to_be_focused()
    page.keyboard.type("2")
    key(page, "Enter")
    expect(widget(page, "4", "steps").get_by_role("spinbutton")).to_be_focused()
    key(page, "Escape")
    add(page, "VAE Decode")
    for words in ("samples ksampler", "vae load"):
        link(page, words)
    add(page, "Save Image")
    link(page, "images decode")
    expect(page.locator("p[role=status]").first).to_contain_text("Linked images")
    assert links(page) == {(1, 2), (1, 4), (2, 4), (3, 4), (4, 5), (1, 5), (5, 6)}
    key(page, "ArrowLeft")
    expect(node(page, "5")).to_be_focused()
    key(page, "Control+Shift+L", "Control+Enter")
    page.locator('.status [data-outcome="success"]').wait_for(timeout=RUN_SECONDS * 1000)
    picture = page.locator('.preview button[aria-label^="Open"] img')
    expect(picture).to_have_js_property("naturalWidth", 64)


def pick(page: Page, name: str) -> None:
    """Choose from the open list by scrolling and clicking."""
    option = page.get_by_role("option").filter(has=page.get_by_text(name, exact=True))
    box = page.get_by_role("listbox").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    for _ in range(80):
        if option.count():
            break
        turn_wheel(page, 280)
        next_frame(page)
    option.first.click()


def pull(page: Page, id: str, title: str, by: tuple[float, float], name: str) -> None:
    """Pull a link onto empty canvas and choose the node that takes it there."""
    before = page.locator("[data-node-root]").count()
    x, y = slot(page, id, title)
    drag(page, (x, y), (x + by[0], y + by[1]))
    pick(page, name)
    expect(page.locator("[data-node-root]")).to_have_count(before + 1)


def test_text_to_image_is_built_and_run_by_mouse_alone(page: Page):
    open_workflow(page, EMPTY, "empty")
    expect(page.locator("[data-node-root]")).to_have_count(0)
    page.mouse.dblclick(120, 200)
    pick(page, "Load Checkpoint")
    expect(node(page, "1")).to_be_visible()
    pull(page, "1", "CLIP", (60, 120), "CLIP Text Encode (Prompt)")
    pull(page, "2", "CONDITIONING", (60, -200), "KSampler")
    pull(page, "3", "latent_image", (-300, 260), "Empty Latent Image")
    pull(page, "3", "LATENT", (60, -60), "VAE Decode")
    pull(page, "5", "IMAGE", (60, 20), "Save Image")
    drag(page, slot(page, "1", "MODEL"), slot(page, "3", "model"))
    drag(page, slot(page, "2", "CONDITIONING"), slot(page, "3", "negative"))
    drag(page, slot(page, "1", "VAE"), slot(page, "5", "vae"))
    assert links(page) == {(1, 2), (2, 3), (4, 3), (3, 5), (5, 6), (1, 3), (1, 5)}
    for id, name, far in (("4", "width", -900), ("4", "height", -900), ("3", "steps", -108)):
        box = widget(page, id, name).get_by_role("spinbutton").bounding_box()
        at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        drag(page, at, (at[0] + far, at[1]))
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator('.status [data-outcome="success"]').wait_for(timeout=RUN_SECONDS * 1000)
    page.locator('.preview button[aria-label^="Open"] img').wait_for()


def test_nodes_are_moved_lined_up_and_tidied_by_keys(page: Page):
    node(page, "8").focus()
    before = node(page, "8").bounding_box()
    key(page, "Control+ArrowRight", "Control+ArrowRight", "Control+ArrowDown")
    after = node(page, "8").bounding_box()
    assert after["x"] - before["x"] > after["y"] - before["y"] > 0
    key(page, "Control+z")
    assert node(page, "8").bounding_box() == pytest.approx(before, abs=1)
    page.locator(".canvas").focus()
    key(page, "Control+Shift+L")
    boxes = {id: node(page, id).bounding_box() for id in ("4", "6", "3", "8", "9")}
    ends = [boxes[id]["x"] + boxes[id]["width"] for id in ("4", "6", "3", "8")]
    assert all(end < boxes[id]["x"] for end, id in zip(ends, ("6", "3", "8", "9"), strict=True))


# --- fingers ---------------------------------------------------------------------------------------------------------


def zoom(page: Page) -> int:
    """In percent, as the status line says it once the view is drawn."""
    next_frame(page)
    return int(page.locator(".status-button span").first.inner_text().split()[0])


def test_two_fingers_zoom_one_pans_and_a_long_press_opens_the_menu(phone: Page):
    box = phone.locator(".canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    phone.get_by_role("button", name="Fit view").tap()
    before = zoom(phone)
    swipe(
        phone,
        ((middle[0] - 20, middle[1]), (middle[0] - 120, middle[1])),
        ((middle[0] + 20, middle[1]), (middle[0] + 120, middle[1])),
    )
    assert zoom(phone) == pytest.approx(6 * before, rel=0.1)
    shown = node(phone, "3")
    shown.wait_for()
    at = shown.bounding_box()
    empty = (box["x"] + 30, box["y"] + box["height"] - 60)
    swipe(phone, (empty, (empty[0] + 40, empty[1] - 50)))
    after = shown.bounding_box()
    assert (after["x"] - at["x"], after["y"] - at["y"]) == pytest.approx((40, -50), abs=1)

    title = shown.locator(".node-name").bounding_box()
    phone.touch("touchStart", (title["x"] + 10, title["y"] + 8))
    expect(phone.get_by_role("menu", name="Node")).to_be_visible()
    phone.touch("touchEnd")
    menu = phone.get_by_role("menu").bounding_box()
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= 390


def test_a_finger_drags_nodes_and_makes_links(phone: Page):
    nodes = [
        {"id": 1, "type": "EmptyImage", "pos": [0, 0], "size": [240, 130]},
        {"id": 2, "type": "PreviewImage", "pos": [0, 260], "size": [240, 160],
         "inputs": [{"name": "images", "type": "IMAGE", "link": None}]},
    ]  # fmt: skip
    open_workflow(phone, {"nodes": nodes, "links": [], "version": 0.4})
    box = node(phone, "2").bounding_box()
    grip = (box["x"] + 90, box["y"] + 10)
    swipe(phone, (grip, (grip[0] + 30, grip[1] + 60)))
    after = node(phone, "2").bounding_box()
    assert (after["x"] - box["x"], after["y"] - box["y"]) == pytest.approx((30, 60), abs=2)
    swipe(phone, (slot(phone, "1", "IMAGE"), slot(phone, "2", "images")))
    expect(phone.locator('[data-node="2"] .slot[data-linked]')).to_have_count(1)


def test_on_a_phone_everything_fits_and_a_picture_is_made(phone: Page):
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    for button in phone.locator("header button, .topbar button, .rail button, .status button").all():
        if not button.is_visible():
            continue
        box = button.bounding_box()
        assert box["x"] >= -1
        assert box["x"] + box["width"] <= 391
    workflow = {
        "nodes": [
            {"id": 1, "type": "EmptyImage", "pos": [0, 0], "widgets_values": [64, 64, 1, 255],
             "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}]},
            {"id": 2, "type": "PreviewImage", "pos": [0, 260], "size": [240, 240],
             "inputs": [{"name": "images", "type": "IMAGE", "link": 1}]},
        ],
        "links": [[1, 1, 0, 2, 0, "IMAGE"]], "version": 0.4,
    }  # fmt: skip
    open_workflow(phone, workflow)
    phone.get_by_role("button", name="Run", exact=True).tap()
    phone.locator(".preview img").wait_for()
    phone.locator(".preview img").tap()
    expect(phone.locator("dialog.lightbox")).to_be_visible()
