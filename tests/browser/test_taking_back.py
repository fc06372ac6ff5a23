"""Esc while something is held takes it back: all is as it was before, and there is nothing to undo."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import links, node, select, selected, slot, widget

Point = tuple[float, float]


def take_back(page: Page, start: Point, end: Point) -> None:
    """Drag, and press Esc before letting go."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.keyboard.press("Escape")
    page.mouse.move(end[0] + 7, end[1] + 7)
    page.mouse.up()


def undo(page: Page) -> Locator:
    return page.get_by_role("button", name="Undo")


def test_a_number_has_the_value_from_before_the_drag_and_what_was_typed_before_is_the_step_to_undo(page: Page):
    steps = widget(page, "3", "steps").get_by_role("spinbutton")
    box = steps.bounding_box()
    start = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    take_back(page, start, (start[0] + 60, start[1]))
    expect(steps).to_have_attribute("aria-valuenow", "20")
    expect(undo(page)).to_be_disabled()
    steps.press("ArrowUp")
    take_back(page, start, (start[0] + 60, start[1]))
    expect(steps).to_have_attribute("aria-valuenow", "21")
    page.locator(".canvas").focus()
    page.keyboard.press("Control+z")
    expect(steps).to_have_attribute("aria-valuenow", "20")
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 30, start[1])
    page.mouse.up()
    expect(steps).to_have_attribute("aria-valuenow", "25")


def test_a_node_goes_back_to_its_place_and_stays_selected(page: Page):
    select(page, "3")
    before = node(page, "3").bounding_box()
    grip = (before["x"] + 90, before["y"] + 12)
    take_back(page, grip, (grip[0] + 80, grip[1] + 60))
    assert node(page, "3").bounding_box() == before
    assert selected(page) == {"3"}
    expect(undo(page)).to_be_disabled()


def test_a_node_has_its_size_again(page: Page):
    select(page, "3")
    before = node(page, "3").bounding_box()
    corner = (before["x"] + before["width"] - 3, before["y"] + before["height"] - 3)
    take_back(page, corner, (corner[0] + 80, corner[1] + 60))
    assert node(page, "3").bounding_box() == before
    assert selected(page) == {"3"}
    expect(undo(page)).to_be_disabled()


def test_what_was_selected_before_the_box_is_selected_again(page: Page):
    select(page, "3")
    box = node(page, "6").bounding_box()
    page.keyboard.down("Shift")
    take_back(page, (box["x"] - 20, box["y"] - 20), (box["x"] + 60, box["y"] + 40))
    page.keyboard.up("Shift")
    assert selected(page) == {"3"}


def test_a_link_is_where_it_was(page: Page):
    before = links(page)
    take_back(page, slot(page, "9", "images"), (700, 820))
    take_back(page, slot(page, "4", "VAE"), slot(page, "8", "vae"))
    assert links(page) == before
    expect(undo(page)).to_be_disabled()
    expect(page.get_by_role("dialog")).to_have_count(0)
