"""The editor on a telephone: what is there is seen whole, can be read, and is reached by a finger."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import next_frame, node, run, tab

WIDTH, HEIGHT = 390, 844
CLIPPED = """() => {
    const scrolls = (e) => e && (/auto|scroll/.test(getComputedStyle(e).overflowY) || scrolls(e.parentElement));
    return [...document.querySelectorAll('button, input, textarea, select, a, [role], .popover, .toast')]
        .filter((e) => !e.closest('.canvas, [role=tablist], [aria-hidden=true]') && e.checkVisibility())
        .filter((e) => {
            const {left, right, bottom, width} = e.getBoundingClientRect();
            return width && (left < -1 || right > innerWidth + 1 || (bottom > innerHeight + 1 && !scrolls(e)));
        })
        .map((e) => `${e.tagName} ${e.className} ${e.ariaLabel ?? e.textContent.slice(0, 30)}`);
}"""
"""What a finger should reach, but lies outside of the window without being scrolled to."""


def expect_whole(page: Page) -> None:
    assert page.evaluate(CLIPPED) == []
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [WIDTH, HEIGHT]


def command(page: Page, name: str) -> None:
    page.get_by_role("button", name="Command palette").tap()
    page.get_by_role("combobox", name="Command palette").fill(name)
    page.get_by_role("option", name=name).first.tap()


def hold(page: Page, thing: Locator) -> None:
    """A finger that stays on the middle of something until the menu is there."""
    box = thing.bounding_box()
    page.touch("touchStart", (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    page.get_by_role("menu").wait_for()
    page.touch("touchEnd")


def test_the_graph_is_first_seen_where_it_begins_at_a_size_to_be_read_and_whole_after_one_tap(phone: Page):
    box = node(phone, "4").bounding_box()
    assert box["x"] >= 40
    assert box["x"] + box["width"] <= WIDTH
    expect(phone.locator(".status-button span")).to_have_text("80 %")
    phone.get_by_role("button", name="Fit view").tap()
    expect(phone.locator(".status-button span")).to_have_text(re.compile("^1[0-9] %"))
    expect(phone.locator(".hint")).to_contain_text("Tap Run")


@pytest.mark.parametrize("panel", ["Nodes", "Models", "Workflows", "Outputs", "Templates", "Log", "Queue and history"])
def test_a_panel_takes_the_width_and_gives_it_back(phone: Page, panel: str):
    phone.get_by_role("button", name=panel, exact=True).tap()
    shown = phone.locator(".panel")
    box = shown.bounding_box()
    assert (box["x"], box["width"]) == (40, WIDTH - 40)
    expect_whole(phone)
    phone.get_by_role("button", name="Close panel").tap()
    expect(shown).to_have_count(0)


def test_a_node_that_is_chosen_from_a_panel_is_seen_at_once(phone: Page):
    phone.get_by_role("button", name="Nodes", exact=True).tap()
    phone.get_by_placeholder("Search").fill("invert image")
    phone.locator(".tree-row", has_text="Invert Image").first.tap()
    expect(phone.locator(".panel")).to_have_count(0)
    expect(node(phone, "10")).to_be_in_viewport()


@pytest.mark.parametrize(
    "name",
    ["Find node in workflow", "Settings", "Keyboard shortcuts", "Save as…", "Add node", "App mode", "Properties"],
)
def test_a_dialog_lies_within_the_window(phone: Page, name: str):
    command(phone, name)
    next_frame(phone)
    expect_whole(phone)


def test_the_menus_of_nodes_and_runs_lie_within_the_window_and_the_finger_that_asked_chooses_nothing(phone: Page):
    run(phone)
    phone.locator('.status [data-outcome="success"]').tap()
    picture = node(phone, "9").locator(".preview img")
    expect(picture).to_be_in_viewport(ratio=0.9)
    before = tab(phone).get_attribute("aria-label")
    hold(phone, picture)
    next_frame(phone)
    expect(phone.get_by_role("menu")).to_be_visible()
    expect_whole(phone)
    assert tab(phone).get_attribute("aria-label") == before
    phone.keyboard.press("Escape")
    phone.get_by_role("button", name="More ways to run").tap()
    expect_whole(phone)


def test_a_tab_that_is_not_saved_is_closed_by_a_finger(phone: Page):
    command(phone, "Tidy up")
    expect(tab(phone)).to_have_accessible_name("Text to image, not saved")
    tab(phone).locator(".tab-close").tap()
    expect(phone.get_by_role("dialog", name="Close workflow")).to_be_visible()
    expect_whole(phone)
    phone.get_by_role("button", name="Close without saving").tap()
    expect(phone.locator("[data-node-root]")).to_have_count(0)
