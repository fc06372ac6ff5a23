"""Everything that a pointer does to links and reroutes, by keys alone."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import links, node, saved


def key(page: Page, *keys: str) -> None:
    for one in keys:
        page.keyboard.press(one)


def choose(page: Page, list_name: str, words: str) -> None:
    """From the list that is open."""
    expect(page.get_by_role("combobox", name=list_name)).to_be_focused()
    page.keyboard.type(words)
    key(page, "Enter")


def in_menu(page: Page, menu: str, item: str) -> None:
    """Down to the item that begins so."""
    expect(page.get_by_role("menu", name=menu)).to_be_visible()
    chosen = page.get_by_role("menuitem", name=re.compile(f"^{re.escape(item)}"))
    for _ in range(20):
        if chosen.evaluate("e => e === document.activeElement"):
            break
        key(page, "ArrowDown")
    key(page, "Enter")


def reroutes(page: Page) -> list[dict]:
    return saved(page)["extra"].get("reroutes", [])


def ask_for_link(page: Page, words: str) -> None:
    page.locator(".canvas").focus()
    key(page, "Escape", "Alt+Shift+L")
    choose(page, "Links", words)


def test_a_reroute_is_added_found_moved_branched_off_and_removed(page: Page):
    ask_for_link(page, "vae decode image save")
    in_menu(page, "Link", "Add reroute")
    [first] = reroutes(page)
    assert first["linkIds"] == [9]

    ask_for_link(page, "reroute 1")
    key(page, "Control+ArrowDown", "Control+ArrowDown")
    [moved] = reroutes(page)
    assert moved["pos"][1] == pytest.approx(first["pos"][1] + 48)
    key(page, "Control+z")
    assert reroutes(page) == [first]

    page.keyboard.press("Shift+A")
    page.get_by_role("combobox", name="Add node").fill("preview image")
    key(page, "Enter")
    expect(node(page, "10")).to_be_focused()
    ask_for_link(page, "reroute 1")
    key(page, "Shift+F10")
    in_menu(page, "Reroute", "Branch off to…")
    choose(page, "Branch off to", "preview")
    assert (8, 10) in links(page)
    assert len(reroutes(page)[0]["linkIds"]) == 2

    ask_for_link(page, "reroute 1")
    key(page, "Delete")
    assert reroutes(page) == []
    assert {(8, 9), (8, 10)} <= links(page)


def test_a_link_is_led_elsewhere_and_taken_away(page: Page):
    before = links(page)
    ask_for_link(page, "empty latent ksampler")
    in_menu(page, "Link", "Lead to another input…")
    choose(page, "Lead to", "vae decode samples")
    assert links(page) == before - {(5, 3), (3, 8)} | {(5, 8)}
    key(page, "Control+z")
    assert links(page) == before

    ask_for_link(page, "empty latent ksampler")
    in_menu(page, "Link", "Delete link")
    assert links(page) == before - {(5, 3)}


def test_a_node_is_put_into_a_link(page: Page):
    page.locator(".canvas").focus()
    key(page, "Shift+A")
    page.get_by_role("combobox", name="Add node").fill("invert image")
    key(page, "Enter")
    expect(node(page, "10")).to_be_focused()
    key(page, "Alt+I")
    choose(page, "Put into", "save image")
    assert {(8, 10), (10, 9)} <= links(page)


def test_the_list_of_a_node_that_is_selected_has_its_links_alone_and_the_palette_knows_it(page: Page):
    node(page, "9").focus()
    key(page, "Control+k")
    choose(page, "Command palette", "links and reroutes")
    expect(page.get_by_role("combobox", name="Links")).to_be_focused()
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option")).to_contain_text("VAE Decode · IMAGE → Save Image · images")
