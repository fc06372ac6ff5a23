"""The small things that a person does a hundred times a day: finding, dropping, waiting, closing."""

from __future__ import annotations

import base64
import io
import re
import time

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.hands import (
    RUN_SECONDS,
    drag,
    make_small,
    node,
    open_workflow,
    saved,
    selected,
    slot,
    tab,
    type_number,
    until_draft,
    widget,
)
from tests.waiting import PATIENCE_SECONDS


def expect_offered(page: Page, query: str, name: str) -> None:
    """What the search for nodes offers first begins so."""
    page.get_by_role("combobox", name="Add node").fill(query)
    first = page.locator('[role="option"][data-active]').locator(".option-label")
    expect(first).to_have_text(re.compile(f"^{re.escape(name)}"))


# --- finding nodes ---------------------------------------------------------------------------------------------------


def test_the_search_offers_first_what_is_meant(page: Page):
    page.mouse.dblclick(300, 780)
    for query, name in {
        "vae": "VAE Decode",
        "ksamp": "KSampler",
        "sampler": "KSampler",
        "save": "Save Image",
        "CLIPTextEncode": "CLIP Text Encode (Prompt)",
        "latent": "Empty Latent Image",
        "image/upscaling": "Scale Image",
    }.items():
        expect_offered(page, query, name)
    expect_offered(page, "invert mask", "Invert Mask")
    page.keyboard.press("Enter")
    expect(page.locator("[data-node-root]")).to_have_count(8)
    page.mouse.dblclick(1300, 700)
    expect(page.get_by_role("option").first).to_contain_text("Invert Mask")


def test_a_link_dropped_on_nothing_offers_first_what_the_workflow_uses(page: Page):
    for id, title, name in (("4", "VAE", "VAE Decode"), ("3", "LATENT", "KSampler"), ("8", "IMAGE", "Save Image")):
        x, y = slot(page, id, title)
        drag(page, (x, y), (x + 10, y + 420))
        expect(page.get_by_role("option").first).to_contain_text(name)
        page.keyboard.press("Escape")


def test_a_link_dropped_on_a_row_of_a_node_goes_into_that_row(page: Page):
    page.mouse.dblclick(300, 780)
    expect_offered(page, "int", "Int")
    page.keyboard.press("Enter")
    row = widget(page, "3", "steps").bounding_box()
    x, y = slot(page, "10", "INT")
    drag(page, (x, y), (row["x"] + row["width"] / 2, row["y"] + row["height"] / 2))
    expect(widget(page, "3", "steps")).to_have_attribute("data-linked", "true")
    expect(widget(page, "3", "seed")).not_to_have_attribute("data-linked", "true")


def test_what_is_pasted_comes_where_the_mouse_is_as_one_step(page: Page):
    node(page, "6").locator(".node-name").click()
    page.keyboard.press("Control+c")
    page.mouse.move(1100, 700)
    page.keyboard.press("Control+v")
    expect(page.locator("[data-node-root]")).to_have_count(8)
    (pasted,) = selected(page)
    box = node(page, pasted).bounding_box()
    assert (box["x"], box["y"]) == pytest.approx((1100, 700), abs=30)
    page.keyboard.press("Control+z")
    expect(page.locator("[data-node-root]")).to_have_count(7)


def test_paste_goes_by_whichever_keys_the_system_has_for_it(page: Page):
    node(page, "6").locator(".node-name").click()
    page.keyboard.press("Control+Insert")
    page.keyboard.press("Shift+Insert")
    expect(page.locator("[data-node-root]")).to_have_count(8)


def test_letters_do_nothing_to_the_graph_and_looking_is_no_step_of_undo(page: Page):
    before = saved(page)["nodes"]
    node(page, "8").locator(".node-name").click()
    for letter in "abcdefghijklmnopqrstuvwxyz0123456789":
        page.keyboard.press(letter)
    page.keyboard.press("Control+a")
    page.mouse.move(800, 300)
    page.mouse.wheel(0, 120)
    assert page.locator("dialog[open], .popover").count() == 0
    assert saved(page)["nodes"] == before
    assert not page.get_by_role("button", name="Undo").is_enabled()
    page.keyboard.press("Control+h")
    page.keyboard.press("Control+Alt+w")
    search = page.get_by_role("searchbox").first
    search.click()
    page.keyboard.type("zoo.")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(search).to_have_value("")
    assert saved(page)["nodes"] == before


# --- dropping --------------------------------------------------------------------------------------------------------


def drop_pictures(page: Page, names: list[str], at: tuple[float, float]) -> None:
    file = io.BytesIO()
    Image.new("RGB", (32, 16), "red").save(file, "PNG")
    page.evaluate(
        """([names, content, x, y]) => {
            const data = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), c => c.charCodeAt(0));
            for (const name of names) data.items.add(new File([bytes], name, {type: 'image/png'}));
            const event = {dataTransfer: data, bubbles: true, cancelable: true, clientX: x, clientY: y};
            document.elementFromPoint(x, y).dispatchEvent(new DragEvent('drop', event));
        }""",
        [names, base64.b64encode(file.getvalue()).decode(), *at],
    )


def test_pictures_without_a_workflow_become_loaders_where_they_are_dropped(page: Page):
    page.expected_errors.append("400")
    drop_pictures(page, ["first one.png", "zweites ü.png"], (300, 740))
    expect(page.locator("[data-node-root]")).to_have_count(9)
    expect(page.get_by_role("tab")).to_have_count(1)
    expect(widget(page, "10", "image").locator(".field-value")).to_have_text("first one.png")
    expect(widget(page, "11", "image").locator(".field-value")).to_have_text("zweites ü.png")
    expect(page.get_by_text("carries no workflow").first).to_be_visible()
    box = node(page, "10").bounding_box()
    assert (box["x"], box["y"]) == pytest.approx((300, 740), abs=30)
    drop_pictures(page, ["third.png"], (box["x"] + 100, box["y"] + 40))
    expect(widget(page, "10", "image").locator(".field-value")).to_have_text("third.png")
    expect(page.locator("[data-node-root]")).to_have_count(9)


def test_a_picture_that_is_gone_says_so_on_its_node(page: Page):
    page.expected_errors.append("404")
    one = {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [320, 0], "widgets_values": ["gone.png", "image"]}
    open_workflow(page, {"nodes": [one], "links": [], "version": 0.4})
    expect(node(page, "1").locator(".preview")).to_have_text("gone.png cannot be shown")


# --- waiting ---------------------------------------------------------------------------------------------------------


def test_a_run_that_the_page_joins_in_the_middle_ends_on_its_nodes_too(page: Page):
    make_small(page)
    type_number(page, "3", "steps", "10000")
    page.keyboard.press("Control+Enter")
    expect(node(page, "3")).to_have_attribute("data-state", "running", timeout=RUN_SECONDS * 1000)
    expect(page.locator(".status-progress")).to_contain_text(" of 10000")
    until_draft(page)
    page.reload()
    expect(node(page, "3")).to_have_attribute("data-state", "running")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator('.status [data-outcome="interrupted"]')).to_be_visible()
    expect(page.locator('[data-node-root][data-state="running"]')).to_have_count(0)


def test_a_node_that_runs_shows_how_far_it_is_and_what_it_makes_near_and_collapsed(page: Page):
    make_small(page)
    type_number(page, "3", "steps", "10000")
    page.keyboard.press("Control+Enter")
    bar = node(page, "3").get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"\d+"), timeout=RUN_SECONDS * 1000)
    live = node(page, "3").locator(".preview[data-live] img")
    expect(live).to_be_visible()
    page.wait_for_function("() => document.querySelector('.preview[data-live] img')?.naturalWidth > 0")
    outline = node(page, "3").evaluate("one => getComputedStyle(one).boxShadow")
    assert outline != node(page, "8").evaluate("one => getComputedStyle(one).boxShadow")
    node(page, "3").get_by_role("button", name="Collapse").click()
    expect(bar).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(bar).to_have_count(0)
    expect(page.locator('.status [data-outcome="interrupted"]')).to_be_visible()


def test_what_waits_can_be_looked_at_as_a_workflow(page: Page):
    page.keyboard.press("Control+h")
    make_small(page)
    type_number(page, "3", "steps", "10000")
    page.keyboard.press("Control+Enter")
    type_number(page, "3", "steps", "9999")
    page.keyboard.press("Control+Enter")
    type_number(page, "3", "steps", "3")
    rows = page.locator(".queue-row")
    expect(rows).to_have_count(2)
    rows.nth(1).get_by_role("button", name="Open this workflow").click()
    expect(page.get_by_role("tab")).to_have_count(2)
    expect(tab(page)).to_contain_text("Text to image")
    expect(widget(page, "3", "steps").get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "9999")


# --- starting and closing --------------------------------------------------------------------------------------------


def test_a_script_of_a_pack_that_never_arrives_keeps_nobody_waiting(page: Page):
    held: list[Route] = []
    page.route("**/api/extensions", lambda route: route.fulfill(json=["/extensions/slow/never.js"]))
    page.route("**/extensions/slow/never.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    page.wait_for_selector("[data-node-root]")
    type_number(page, "3", "steps", "7")
    expect(widget(page, "3", "steps").locator(".field-value")).to_have_text("7")
    end = time.monotonic() + PATIENCE_SECONDS
    while not held:
        assert time.monotonic() < end
        page.wait_for_timeout(50)
    held[0].fulfill(body="", content_type="text/javascript")


def test_what_was_changed_and_closed_without_saving_is_not_in_the_file(page: Page):
    page.keyboard.press("Control+Shift+s")
    page.get_by_label("Name", exact=True).fill("kept as it was")
    page.keyboard.press("Enter")
    expect(tab(page)).to_have_text("kept as it was")
    type_number(page, "3", "steps", "7")
    page.keyboard.press("Alt+w")
    page.get_by_role("button", name="Close without saving").click()
    expect(tab(page)).to_have_text("Untitled")
    page.get_by_role("button", name="Workflows").click()
    page.get_by_role("complementary", name="Workflows").get_by_role("button", name="kept as it was", exact=True).click()
    expect(tab(page)).to_have_text("kept as it was")
    expect(widget(page, "3", "steps").locator(".field-value")).to_have_text("20")
