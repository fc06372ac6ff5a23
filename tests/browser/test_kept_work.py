"""Nobody loses work: not by another window, not by closing, not by saving over it and not by deleting it."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import node, tab, type_number, until_kept, widget


def steps(page: Page):
    return widget(page, "3", "steps").get_by_role("spinbutton")


def save_as(page: Page, name: str) -> None:
    page.keyboard.press("Control+Shift+s")
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Save workflow")).to_have_count(0)


def library(page: Page):
    panel = page.get_by_role("complementary", name="Workflows")
    if not panel.is_visible():
        page.get_by_role("button", name="Workflows").click()
    return panel


def kept_steps(page: Page, name: str) -> int:
    file = page.request.get(f"{page.url}api/userdata/workflows%2F{name}.json").json()
    return next(one for one in file["nodes"] if one["id"] == 3)["widgets_values"][2]


def open_window(page: Page) -> Page:
    other = page.context.new_page()
    other.goto(page.url)
    expect(node(other, "3")).to_be_visible()
    return other


def test_two_windows_that_save_the_same_file_do_not_lose_each_others_work(page: Page):
    page.expected_errors.append("412")
    save_as(page, "shared")
    other = open_window(page)
    library(other).get_by_role("button", name="shared", exact=True).click()
    type_number(page, "3", "steps", "11")
    page.keyboard.press("Control+s")
    expect(tab(page, "shared, not saved")).to_have_count(0)

    type_number(other, "3", "steps", "12")
    other.keyboard.press("Control+s")
    asking = other.get_by_role("dialog", name="Save workflow")
    expect(asking).to_contain_text("shared was saved elsewhere since it was opened here.")
    assert kept_steps(page, "shared") == 11
    asking.get_by_role("button", name="Open it beside").click()
    expect(steps(other)).to_have_attribute("aria-valuenow", "11")
    expect(tab(other, "shared, not saved")).to_have_count(1)

    type_number(other, "3", "steps", "13")
    other.keyboard.press("Control+s")
    expect(tab(other)).to_have_attribute("aria-label", "shared")
    page.bring_to_front()
    type_number(page, "3", "steps", "14")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Replace it").click()
    expect(tab(page, "shared, not saved")).to_have_count(0)
    assert kept_steps(page, "shared") == 14


def test_what_was_saved_over_is_opened_again_from_the_earlier_versions(page: Page):
    save_as(page, "study")
    for value in "78":
        type_number(page, "3", "steps", value)
        page.keyboard.press("Control+s")
        expect(tab(page, "study, not saved")).to_have_count(0)
    library(page).get_by_role("button", name="More about study").click()
    page.get_by_role("menuitem", name="Earlier versions…").click()
    versions = page.get_by_role("menu", name="Earlier versions").get_by_role("menuitem")
    expect(versions).to_have_count(2)
    versions.first.click()
    expect(steps(page)).to_have_attribute("aria-valuenow", "7")
    expect(tab(page)).to_have_attribute("aria-label", "study (2), not saved")
    assert kept_steps(page, "study") == 8


def test_deleted_and_closed_workflows_are_listed_and_one_click_away(page: Page):
    type_number(page, "3", "steps", "7")
    save_as(page, "deep/study")
    panel = library(page)
    panel.get_by_role("button", name="More about study").click()
    page.get_by_role("menuitem", name="Delete…").click()
    page.get_by_role("menuitem", name="Delete study").click()
    expect(tab(page)).to_have_attribute("aria-label", "study, not saved")
    page.keyboard.press("Alt+w")
    page.get_by_role("button", name="Close without saving").click()
    expect(node(page, "3")).to_have_count(0)
    until_kept(page, lambda kept: any(key.startswith("closed:") for key in kept))
    page.reload()

    panel = library(page)
    panel.locator("summary", has_text="Deleted").click()
    panel.get_by_title("Put deep/study back").click()
    expect(steps(page)).to_have_attribute("aria-valuenow", "7")
    expect(tab(page)).to_have_attribute("aria-label", "study")
    assert kept_steps(page, "deep%2Fstudy") == 7

    panel.locator("summary", has_text="Recently closed").click()
    panel.get_by_title("Open study as it was").click()
    expect(tab(page)).to_have_attribute("aria-label", "study (2), not saved")


def add_tab(page: Page, steps: str) -> None:
    page.get_by_role("tab").first.click()
    tab(page).click(button="right")
    page.get_by_role("menuitem", name="Duplicate").click()
    type_number(page, "3", "steps", steps)


def test_of_several_tabs_that_are_closed_each_unsaved_one_is_asked_about(page: Page):
    for value in "789":
        add_tab(page, value)
    asking = page.get_by_role("dialog", name="Close workflow")
    first = page.get_by_role("tab").first
    first.click(button="right")
    page.get_by_role("menuitem", name="Close others").click()
    expect(steps(page)).to_have_attribute("aria-valuenow", "9")
    asking.get_by_role("button", name="Close without saving", exact=True).click()
    expect(page.get_by_role("tab")).to_have_count(3)
    expect(steps(page)).to_have_attribute("aria-valuenow", "8")
    asking.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("tab")).to_have_count(3)

    first.click(button="right")
    page.get_by_role("menuitem", name="Close others").click()
    asking.get_by_role("button", name="Save…").click()
    page.get_by_label("Name", exact=True).fill("eight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab")).to_have_count(2)
    expect(steps(page)).to_have_attribute("aria-valuenow", "7")
    asking.get_by_role("button", name="Close without saving", exact=True).click()
    expect(page.get_by_role("tab")).to_have_count(1)
    assert kept_steps(page, "eight") == 8


def test_all_unsaved_tabs_are_closed_at_once_when_that_is_wanted(page: Page):
    for value in "78":
        add_tab(page, value)
    page.get_by_role("tab").first.click(button="right")
    page.get_by_role("menuitem", name="Close others").click()
    page.get_by_role("button", name="Close all 2 without saving").click()
    expect(page.get_by_role("tab")).to_have_count(1)
    expect(page.get_by_role("dialog", name="Close workflow")).to_have_count(0)


def test_what_is_set_in_one_window_holds_in_the_other(page: Page):
    other = open_window(page)
    other.keyboard.press("Control+,")
    other.get_by_role("dialog", name="Settings").get_by_text("Light", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.request.post(f"{page.url}api/settings", data={"Easel.Theme": "dark", "Easel.Keys": {"mute": ["Alt+Q"]}})
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    node(page, "3").focus()
    page.keyboard.press("Alt+q")
    expect(node(page, "3")).to_have_attribute("data-mode", "muted")


def test_a_name_that_is_too_long_is_refused_in_words(page: Page):
    page.expected_errors.append("400")
    page.keyboard.press("Control+s")
    page.get_by_label("Name", exact=True).fill("n" * 300)
    page.keyboard.press("Enter")
    expect(page.get_by_text("File name too long")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("short.json")
    page.keyboard.press("Enter")
    expect(tab(page)).to_have_text("short")
