"""Marks of a run on the nodes, menus, groups, and what else is done with nodes once they are there."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import drag, links, make_small, next_frame, node, run, saved, slot, widget


def took(page, id):
    """What says how long a node took, and why it ran."""
    return node(page, id).locator(".node-badge:not([data-fact])")


def test_a_run_leaves_on_each_node_what_it_said_what_it_took_and_why_it_ran(page: Page):
    make_small(page)
    widget(page, "6", "text").locator("textarea").fill("a pear in embedding:lost style")
    run(page)
    said = node(page, "6").locator(".node-note")
    expect(said).to_have_text("embedding:lost is not in models/embeddings/; it is left out of the prompt")
    expect(said).to_have_attribute("title", said.inner_text())
    expect(took(page, "3")).to_have_attribute("title", re.compile("^Ran because .+"))

    widget(page, "6", "text").locator("textarea").fill("a pear in no style")
    run(page)
    expect(said).to_have_count(0)
    expect(took(page, "6")).to_have_attribute("title", "Ran because its input text changed")
    expect(node(page, "7").get_by_label("Cached")).to_be_visible()


def group_two(page: Page) -> None:
    page.locator(".canvas").focus()
    for id in ("6", "7"):
        box = node(page, id).bounding_box()
        page.keyboard.down("Shift")
        page.mouse.click(box["x"] + 60, box["y"] + 12)
        page.keyboard.up("Shift")
    page.keyboard.press("Control+g")
    page.get_by_label("Title of the group").fill("Prompts")
    page.keyboard.press("Enter")


def test_nodes_are_grouped_named_coloured_moved_together_and_the_group_taken_away(page: Page):
    group_two(page)
    title = page.get_by_role("group", name="Group Prompts")
    box = title.bounding_box()
    before = node(page, "6").bounding_box()
    drag(page, (box["x"] + 30, box["y"] + 10), (box["x"] + 70, box["y"] + 40))
    assert node(page, "6").bounding_box()["x"] - before["x"] == pytest.approx(40, abs=1.5)
    page.keyboard.press("Control+z")
    assert node(page, "6").bounding_box() == pytest.approx(before, abs=1)

    title.focus()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Colour…").click()
    page.get_by_role("menuitemradio", name="Pale blue").click()
    [group] = saved(page)["groups"]
    assert (group["title"], group["color"]) == ("Prompts", "#3f789e")
    title.focus()
    page.keyboard.press("Delete")
    expect(title).to_have_count(0)
    assert saved(page)["groups"] == []
    expect(node(page, "6")).to_be_visible()


def test_everything_on_the_canvas_has_a_menu_inside_the_window_and_without_a_mouse(page: Page):
    menu = page.get_by_role("menu")
    box = node(page, "8").bounding_box()
    page.mouse.click(box["x"] + 60, box["y"] + 12, button="right")
    expect(menu).to_have_attribute("aria-label", "Node")
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    page.mouse.click(*slot(page, "9", "images"), button="right")
    expect(page.get_by_role("menuitem", name="Add a node that makes IMAGE")).to_be_focused()
    page.keyboard.press("Escape")
    start, end = slot(page, "8", "IMAGE"), slot(page, "9", "images")
    page.mouse.click((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, button="right")
    page.get_by_role("menuitem", name="Add Reroute node").click()
    assert {(8, 10), (10, 9)} < links(page)
    page.mouse.click(1590, 860, button="right")
    inner = menu.bounding_box()
    assert inner["x"] + inner["width"] <= 1600
    assert inner["y"] + inner["height"] <= 900
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    expect(menu).to_have_count(0)

    node(page, "8").focus()
    page.keyboard.press("Shift+F10")
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name=re.compile("^Delete"))).to_be_focused()
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    expect(node(page, "8")).to_have_attribute("data-mode", "muted")
    expect(node(page, "8")).to_be_focused()
    page.keyboard.press("ContextMenu")
    expect(page.get_by_role("menuitemcheckbox", name="Mute")).to_have_attribute("aria-checked", "true")


def test_a_long_menu_scrolls_in_a_low_window(page: Page):
    page.set_viewport_size({"width": 1600, "height": 300})
    node(page, "8").focus()
    page.keyboard.press("Shift+F10")
    page.keyboard.press("End")
    last = page.get_by_role("menuitem", name=re.compile("^Delete")).bounding_box()
    assert 0 <= last["y"] <= 300 - last["height"]


def test_nodes_are_renamed_muted_bypassed_collapsed_and_pinned_by_key_or_menu(page: Page):
    node(page, "8").focus()
    page.keyboard.press("F2")
    page.get_by_label("Title", exact=True).fill("To pixels")
    page.keyboard.press("Enter")
    expect(node(page, "8").locator(".node-name")).to_have_text("To pixels")
    expect(node(page, "8")).to_be_focused()
    for key, attribute, value in (
        ("Control+m", "data-mode", "muted"),
        ("Control+b", "data-mode", "bypassed"),
        ("Alt+c", "data-collapsed", "true"),
    ):
        page.keyboard.press(key)
        expect(node(page, "8")).to_have_attribute(attribute, value)
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitemcheckbox", name="Pin in place").click()
    before = node(page, "8").bounding_box()
    drag(page, (before["x"] + 60, before["y"] + 10), (before["x"] + 90, before["y"] + 80))
    assert node(page, "8").bounding_box() == before
    kept = next(n for n in saved(page)["nodes"] if n["id"] == 8)
    assert (kept["title"], kept["mode"], kept["flags"]) == ("To pixels", 4, {"collapsed": True, "pinned": True})


def test_the_minimap_leads_through_the_graph_and_draws_nothing_while_nothing_changes(page: Page):
    page.keyboard.press("Alt+m")
    corner = page.locator(".minimap").bounding_box()
    middle = (corner["x"] + corner["width"] / 2, corner["y"] + corner["height"] / 2)
    drag(page, middle, (middle[0] + 1, middle[1]))
    next_frame(page)
    before = node(page, "3").bounding_box()
    drag(page, (middle[0] + 1, middle[1]), (middle[0] + 41, middle[1]))
    next_frame(page)
    assert node(page, "3").bounding_box()["x"] < before["x"] - 200
    page.evaluate("""() => {
        window.frames_ = 0;
        const ask = window.requestAnimationFrame.bind(window);
        window.requestAnimationFrame = then => { window.frames_++; return ask(then); };
    }""")
    page.wait_for_timeout(500)
    assert page.evaluate("window.frames_") == 0
    page.get_by_role("button", name="Minimap").click()
    expect(page.locator(".minimap")).to_have_count(0)
