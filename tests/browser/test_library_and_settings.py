"""Workflows kept on the server, and settings that come back, in the real browser against the real server."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import drag, node, saved, tab, type_number, until_draft, widget
from tests.waiting import PATIENCE_SECONDS


def save_as(page: Page, name: str) -> None:
    page.keyboard.press("Control+Shift+s")
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_have_count(0)


def steps(page: Page):
    return widget(page, "3", "steps").get_by_role("spinbutton")


def test_workflows_are_saved_found_opened_renamed_and_deleted(page: Page):
    page.get_by_role("button", name="Workflows").click()
    panel = page.get_by_role("complementary", name="Workflows")
    save_as(page, "portraits/study")
    expect(tab(page)).to_have_text("study")
    type_number(page, "3", "steps", "7")
    expect(tab(page, "study, not saved")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(tab(page, "study, not saved")).to_have_count(0)
    save_as(page, "landscape")
    type_number(page, "3", "steps", "3")

    panel.get_by_label("Search workflows").fill("port")
    expect(panel.get_by_role("button", name="landscape", exact=True)).to_have_count(0)
    panel.get_by_role("button", name="study", exact=True).click()
    expect(steps(page)).to_have_attribute("aria-valuenow", "7")
    tab(page, "landscape, not saved").click()
    expect(steps(page)).to_have_attribute("aria-valuenow", "3")

    panel.get_by_label("Search workflows").fill("")
    panel.get_by_role("button", name="More about study").click()
    page.get_by_role("menuitem", name="Rename or move").click()
    page.get_by_label("Name of the workflow, with its folders").fill("faces/first")
    page.keyboard.press("Enter")
    panel.get_by_role("button", name="More about first").click()
    page.get_by_role("menuitem", name="Delete…").click()
    expect(page.get_by_role("menuitem", name="Keep it")).to_be_focused()
    page.get_by_role("menuitem", name="Delete first").click()
    expect(panel.get_by_role("button", name="first", exact=True)).to_have_count(0)
    expect(panel.get_by_role("button", name="landscape", exact=True)).to_be_visible()


def test_a_saved_workflow_is_saved_to_the_same_place_after_a_reload_and_never_over_another(page: Page):
    page.expected_errors.append("409")
    save_as(page, "kept")
    until_draft(page)
    page.reload()
    type_number(page, "3", "steps", "9")
    page.keyboard.press("Control+s")
    expect(tab(page, "kept, not saved")).to_have_count(0)
    kept = page.request.get(f"{page.url}api/userdata/workflows%2Fkept.json").json()
    assert next(n for n in kept["nodes"] if n["id"] == 3)["widgets_values"][2] == 9
    save_as(page, "other")
    page.keyboard.press("Control+Shift+s")
    page.get_by_label("Name", exact=True).fill("kept")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Replace it")).to_be_visible()
    page.keyboard.press("Escape")
    expect(tab(page)).to_have_text("other")


def test_settings_hold_at_once_and_in_another_browser_too(page: Page, browser):
    page.keyboard.press("Control+,")
    dialog = page.get_by_role("dialog", name="Settings")
    for name in ("Light", "Large", "Straight"):
        dialog.get_by_role("radio", name=name, exact=True).check(force=True)
    dialog.get_by_role("group", name="Snap to grid").get_by_role("radio", name="On").check(force=True)
    dialog.get_by_label("Search settings").fill("links")
    expect(dialog.get_by_role("group")).to_have_count(1)
    page.keyboard.press("Escape")  # empties the search, as everywhere
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    before = node(page, "8").bounding_box()
    drag(page, (before["x"] + 60, before["y"] + 10), (before["x"] + 95, before["y"] + 57))
    page.wait_for_function("() => fetch('api/settings').then(a => a.json()).then(kept => kept['Easel.Snap'] === 'on')")

    other = browser.new_context(color_scheme="dark").new_page()
    other.set_default_timeout(PATIENCE_SECONDS * 1000)
    other.goto(page.url)
    root = other.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    expect(root).to_have_css("font-size", re.compile("^18"))
    other.context.close()
    position = next(one["pos"] for one in saved(page)["nodes"] if one["id"] == 8)
    assert [coordinate % 12 for coordinate in position] == [0, 0]
