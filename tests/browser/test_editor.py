"""What a person does with the page, in the real browser against the real server."""

from __future__ import annotations

import json
import re

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import (
    drag,
    links,
    make_small,
    next_frame,
    node,
    run,
    saved,
    slot,
    tab,
    turn_wheel,
    type_number,
    until_draft,
    widget,
)

NAMES = {
    "3": "KSampler",
    "4": "Load Checkpoint",
    "5": "Empty Latent Image",
    "6": "Positive prompt",
    "7": "Negative prompt",
    "8": "VAE Decode",
    "9": "Save Image",
}


def test_the_default_graph_is_there_framed_and_ready(page: Page):
    for id, name in NAMES.items():
        expect(node(page, id).locator(".node-name")).to_have_text(name)
    expect(page.locator("[data-node-root]")).to_have_count(7)
    expect(page.locator(".status")).to_contain_text("Connected")
    expect(page.locator(".hint")).to_contain_text("Ctrl")
    view = page.locator(".canvas").bounding_box()
    for id in NAMES:
        box = node(page, id).bounding_box()
        assert box["x"] >= view["x"]
        assert box["x"] + box["width"] <= view["x"] + view["width"]


def test_a_prompt_is_edited_and_the_whole_edit_undone_at_once(page: Page):
    text = widget(page, "6", "text").locator("textarea")
    text.fill("")
    text.press_sequentially("a green pear")
    text.blur()
    assert [n["widgets_values"] for n in saved(page)["nodes"] if n["id"] == 6] == [["a green pear"]]
    page.locator(".canvas").focus()
    page.keyboard.press("Control+z")
    expect(text).to_have_value("a red apple")


def test_a_node_is_dragged_and_put_back(page: Page):
    before = node(page, "8").bounding_box()
    grip = (before["x"] + 80, before["y"] + 10)
    drag(page, grip, (grip[0] + 50, grip[1] + 120))
    after = node(page, "8").bounding_box()
    assert (round(after["x"] - before["x"]), round(after["y"] - before["y"])) == pytest.approx((50, 120), abs=1)
    page.keyboard.press("Control+z")
    assert node(page, "8").bounding_box() == pytest.approx(before, abs=1)


def test_panning_zooming_and_dragging_touch_nothing_inside_the_nodes(page: Page):
    page.evaluate("""() => {
        window.touched = [];
        const watch = new MutationObserver(list => window.touched.push(...list
            .filter(m => m.target.closest?.('[data-node-root]') && m.attributeName !== 'data-selected')
            .map(m => m.target.className + ' ' + m.attributeName)));
        watch.observe(document.querySelector('.world'),
            {subtree: true, childList: true, attributes: true, characterData: true});
    }""")
    drag(page, (300, 800), (340, 760))
    page.mouse.move(700, 700)
    for turn in (-200, -200, 200, 200):
        turn_wheel(page, turn)
    next_frame(page)
    box = node(page, "9").bounding_box()
    drag(page, (box["x"] + 80, box["y"] + 10), (box["x"] + 60, box["y"] + 60))
    next_frame(page)
    assert page.evaluate("window.touched") == []


def test_a_link_is_taken_off_made_and_undone(page: Page):
    whole = links(page)
    assert (8, 9) in whole
    x, y = slot(page, "9", "images")
    drag(page, (x, y), (x - 30, y + 300))
    assert links(page) == whole - {(8, 9)}
    drag(page, slot(page, "8", "IMAGE"), (x + 4, y + 5))
    assert links(page) == whole
    page.keyboard.press("Control+z")
    assert links(page) == whole - {(8, 9)}
    page.keyboard.press("Control+z")
    assert links(page) == whole


def test_a_link_dropped_on_nothing_offers_nodes_that_take_it(page: Page):
    x, y = slot(page, "8", "IMAGE")
    drag(page, (x, y), (x + 20, y + 400))
    search = page.get_by_role("combobox", name="Add node")
    expect(search).to_have_attribute("placeholder", "Add a node that takes IMAGE")
    search.fill("save im")
    search.press("Enter")
    expect(page.locator("[data-node-root]")).to_have_count(8)
    assert (8, 10) in links(page)


def test_a_node_is_found_by_a_double_click_and_deleted_again(page: Page):
    page.mouse.dblclick(300, 780)
    search = page.get_by_role("combobox", name="Add node")
    search.fill("ksampl")
    search.press("Enter")
    expect(page.locator("[data-node-root]")).to_have_count(8)
    page.keyboard.press("Delete")
    expect(page.locator("[data-node-root]")).to_have_count(7)


def test_nodes_are_copied_with_the_links_among_them(page: Page):
    page.locator(".canvas").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+d")
    expect(page.locator("[data-node-root]")).to_have_count(14)
    assert len(links(page)) == 18
    page.keyboard.press("Control+z")
    expect(page.locator("[data-node-root]")).to_have_count(7)


def test_a_64_bit_seed_is_kept_to_the_last_digit(page: Page):
    type_number(page, "3", "seed", "18446744073709551615")
    expect(widget(page, "3", "seed").locator(".field-value")).to_have_text("18446744073709551615")
    assert [n["widgets_values"][0] for n in saved(page)["nodes"] if n["id"] == 3] == [18446744073709551615]


def test_run_makes_the_picture_and_shows_it_on_the_node(page: Page):
    make_small(page)
    widget(page, "6", "text").locator("textarea").fill("a picture that nobody has made yet")
    run(page)
    picture = node(page, "9").locator(".preview img")
    expect(picture).to_have_js_property("naturalWidth", 64)
    expect(picture).to_have_js_property("naturalHeight", 64)
    expect(node(page, "3").locator(".node-badge:not([data-fact])")).to_contain_text("s")
    expect(widget(page, "3", "seed").locator(".field-value")).not_to_have_text("1")
    expect(page.locator(".hint")).to_have_count(0)

    page.get_by_label("Queue and history").first.click()
    row = page.locator(".history-row").first
    row.locator("img").wait_for()
    row.get_by_role("button", name="Open Easel").click()
    expect(page.locator("dialog.lightbox img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.lightbox")).to_have_count(0)


def test_the_picture_brings_its_workflow_back(page: Page):
    make_small(page)
    text = widget(page, "6", "text").locator("textarea")
    text.fill("a picture that remembers")
    run(page)
    node(page, "9").locator(".preview img").wait_for()
    url = node(page, "9").locator(".preview img").get_attribute("src")
    text.fill("something else")
    page.evaluate(
        """async url => {
            const blob = await (await fetch(url)).blob();
            const data = new DataTransfer();
            data.items.add(new File([blob], 'made.png', {type: 'image/png'}));
            window.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        url,
    )
    expect(widget(page, "6", "text").locator("textarea")).to_have_value("a picture that remembers")
    expect(tab(page)).to_have_text("made")


def test_what_is_missing_is_said_on_the_node_and_in_words(page: Page):
    page.expected_errors.append("400")
    x, y = slot(page, "3", "model")
    drag(page, (x, y), (x - 60, y - 140))
    page.keyboard.press("Control+Enter")
    expect(node(page, "3")).to_have_attribute("data-failed", "true")
    expect(node(page, "3").locator(".node-error")).to_contain_text("model")
    toast = page.get_by_role("alert")
    expect(toast).to_contain_text("KSampler · model")
    toast.get_by_role("button", name="Show").click()
    expect(node(page, "3")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(node(page, "3")).not_to_have_attribute("data-failed", "true")


def test_the_graph_survives_a_reload(page: Page):
    widget(page, "6", "text").locator("textarea").fill("still here")
    until_draft(page)
    page.reload()
    expect(widget(page, "6", "text").locator("textarea")).to_have_value("still here")


def test_unknown_nodes_are_drawn_and_nothing_of_them_is_lost(page: Page):
    workflow = saved(page)
    stranger = {
        "id": 50, "type": "NotInstalled", "pos": [840, 620], "size": [240, 80], "flags": {}, "order": 9, "mode": 0,
        "inputs": [{"name": "images", "type": "IMAGE", "link": 40}], "outputs": [], "properties": {"ver": "1.2"},
        "widgets_values": [1, "two", {"three": 3}],
    }  # fmt: skip
    workflow["nodes"].append(stranger)
    workflow["links"].append([40, 8, 0, 50, 0, "IMAGE"])
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], 'strange.json', {type: 'application/json'}));
            window.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        json.dumps(workflow),
    )
    expect(node(page, "50")).to_have_attribute("data-status", "missing")
    assert next(n for n in saved(page)["nodes"] if n["id"] == 50) == stranger
    assert (8, 50) in links(page)


def test_the_keyboard_alone_walks_the_graph_and_changes_it(page: Page):
    node(page, "8").focus()
    page.keyboard.press("ArrowRight")
    expect(node(page, "9")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(node(page, "8")).to_be_focused()
    node(page, "5").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    expect(widget(page, "5", "width").get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "136")
    page.keyboard.press("Escape")
    expect(node(page, "5")).to_be_focused()
    expect(node(page, "3")).to_have_attribute("aria-label", re.compile("^KSampler, 5 of 7"))


def test_light_and_dark(page: Page):
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Light theme").click()
    expect(root).to_have_attribute("data-theme", "light")
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")


def test_a_page_without_its_server_says_so(page: Page):
    page.expected_errors.append("Failed to load resource")
    page.route("**/api/object_info", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("heading", name="The server does not answer")).to_be_visible()
    page.unroute("**/api/object_info")
    expect(node(page, "3")).to_be_visible()
