"""Several workflows open at once: each keeps its own, nothing is closed by accident, and drafts come back."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import drag, next_frame, node, tab, type_number, until_draft, until_kept, widget


def steps(page: Page):
    return widget(page, "3", "steps").get_by_role("spinbutton")


def expect_names(page: Page, names: list[str]) -> None:
    expect(page.get_by_role("tab")).to_have_text(names)


def middle(locator) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def duplicate(page: Page) -> None:
    tab(page).click(button="right")
    page.get_by_role("menuitem", name="Duplicate").click()


def test_each_tab_has_its_own_graph_history_selection_and_place(page: Page):
    type_number(page, "3", "steps", "7")
    duplicate(page)
    expect(tab(page)).to_have_text("Text to image (2)")
    type_number(page, "3", "steps", "9")
    page.keyboard.press("Control+0")
    next_frame(page)
    second = node(page, "3").bounding_box()
    tab(page, "Text to image, not saved").first.click()
    expect(steps(page)).to_have_attribute("aria-valuenow", "7")
    assert node(page, "3").bounding_box() != second
    page.locator(".canvas").focus()
    page.keyboard.press("Control+z")
    expect(steps(page)).to_have_attribute("aria-valuenow", "20")
    page.keyboard.press("Alt+PageDown")
    expect(steps(page)).to_have_attribute("aria-valuenow", "9")
    assert node(page, "3").bounding_box() == pytest.approx(second, abs=1)


def test_tabs_are_opened_named_ordered_and_closed(page: Page):
    page.keyboard.press("Alt+n")
    expect(page.locator(".empty-hint")).to_be_visible()
    tab(page).dblclick()
    page.get_by_label("Name of the workflow", exact=True).fill("sketch")
    page.keyboard.press("Enter")
    expect_names(page, ["Text to image", "sketch"])
    x, y = middle(tab(page, "Text to image"))
    drag(page, middle(tab(page, "sketch")), (x - 20, y))
    expect_names(page, ["sketch", "Text to image"])
    tab(page, "sketch").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect_names(page, ["Text to image", "sketch"])
    page.keyboard.press("ArrowLeft")
    expect(tab(page)).to_have_text("Text to image")
    tab(page, "sketch").click(button="middle")
    expect_names(page, ["Text to image"])
    page.keyboard.press("Alt+Shift+w")
    expect(page.get_by_role("tab")).to_have_count(2)
    page.keyboard.press("Alt+1")
    expect(tab(page)).to_have_text("Text to image")
    page.keyboard.press("Alt+w")
    page.keyboard.press("Alt+w")
    expect(tab(page)).to_have_text("Untitled")


def test_what_is_not_saved_is_not_closed_by_accident_and_comes_back_when_it_was(page: Page):
    type_number(page, "3", "steps", "7")
    page.keyboard.press("Alt+w")
    asking = page.get_by_role("dialog", name="Close workflow")
    expect(asking).to_contain_text("Text to image has changes that are not saved")
    asking.get_by_role("button", name="Cancel").click()
    expect(steps(page)).to_have_attribute("aria-valuenow", "7")
    page.keyboard.press("Alt+w")
    asking.get_by_role("button", name="Close without saving").click()
    expect(tab(page)).to_have_text("Untitled")
    until_kept(page, lambda kept: any(key.startswith("closed:") for key in kept))
    page.reload()
    expect(tab(page)).to_have_text("Untitled")
    page.keyboard.press("Alt+Shift+w")
    expect(steps(page)).to_have_attribute("aria-valuenow", "7")
    expect(tab(page, "Text to image, not saved")).to_be_visible()


def test_tabs_come_back_after_a_reload_in_their_order_with_the_one_in_view(page: Page):
    type_number(page, "3", "steps", "7")
    duplicate(page)
    type_number(page, "3", "steps", "9")
    page.keyboard.press("Alt+n")
    page.keyboard.press("Alt+PageUp")
    until_draft(page)
    before = node(page, "3").bounding_box()
    page.reload()
    expect(steps(page)).to_have_attribute("aria-valuenow", "9")
    expect_names(page, ["Text to image", "Text to image (2)", "Untitled"])
    expect(tab(page)).to_have_text("Text to image (2)")
    assert node(page, "3").bounding_box() == pytest.approx(before, abs=1)
    page.keyboard.press("Alt+1")
    expect(steps(page)).to_have_attribute("aria-valuenow", "7")


def test_two_windows_never_touch_each_others_drafts(page: Page):
    type_number(page, "3", "steps", "7")
    until_draft(page)
    other = page.context.new_page()
    other.goto(page.url)
    expect(steps(other)).to_have_attribute("aria-valuenow", "20")
    type_number(other, "3", "steps", "9")
    until_draft(other)
    type_number(page, "3", "steps", "8")
    until_draft(page)
    other.reload()
    page.reload()
    expect(steps(other)).to_have_attribute("aria-valuenow", "9")
    expect(steps(page)).to_have_attribute("aria-valuenow", "8")


def test_a_duplicated_window_begins_with_a_copy_and_then_goes_its_own_way(page: Page):
    type_number(page, "3", "steps", "7")
    until_draft(page)
    kept = page.evaluate("({...sessionStorage})")
    other = page.context.new_page()
    other.add_init_script(f"if (!sessionStorage.length) Object.assign(sessionStorage, {kept})")
    other.goto(page.url)
    expect(steps(other)).to_have_attribute("aria-valuenow", "7")
    type_number(other, "3", "steps", "9")
    until_draft(other)
    page.reload()
    expect(steps(page)).to_have_attribute("aria-valuenow", "7")
    other.reload()
    expect(steps(other)).to_have_attribute("aria-valuenow", "9")


def test_the_drafts_of_a_window_that_is_gone_are_taken_up_by_the_next_one(page: Page):
    crashing = page.context.new_page()
    crashing.goto(page.url)
    type_number(crashing, "3", "steps", "11")
    until_draft(crashing)
    crashing.close()
    next_one = page.context.new_page()
    next_one.goto(page.url)
    expect(steps(next_one)).to_have_attribute("aria-valuenow", "11")


def test_the_tab_that_the_page_began_with_comes_back_though_nobody_has_touched_it(page: Page):
    page.keyboard.press("Alt+n")
    until_draft(page)
    page.reload()
    expect(page.get_by_role("tab")).to_have_count(2)
    expect_names(page, ["Text to image", "Untitled"])
