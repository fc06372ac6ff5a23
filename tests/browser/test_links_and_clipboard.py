"""Reroutes on links, nodes put on links, and the clipboard between tabs and windows."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import drag, links, make_small, node, run, saved, slot


def middle_of_link(page: Page, start: tuple[str, str], end: tuple[str, str]) -> tuple[float, float]:
    (x1, y1), (x2, y2) = slot(page, *start), slot(page, *end)
    return (x1 + x2) / 2, (y1 + y2) / 2


def reroutes(page: Page) -> list[dict]:
    return saved(page)["extra"].get("reroutes", [])


def test_a_link_is_led_through_reroutes_which_are_dragged_branched_off_deleted_and_undone(page: Page):
    make_small(page)
    at = middle_of_link(page, ("8", "IMAGE"), ("9", "images"))
    page.keyboard.down("Alt")
    drag(page, at, (at[0], at[1] + 160))
    page.keyboard.up("Alt")
    [first] = reroutes(page)
    assert first["linkIds"] == [9]

    drag(page, (at[0], at[1] + 160), (at[0] - 10, at[1] + 60))
    [moved] = reroutes(page)
    assert moved["pos"][1] < first["pos"][1]
    page.mouse.click(at[0] - 10, at[1] + 60, button="right")
    page.get_by_role("menuitem", name="Add a node that takes IMAGE").click()
    page.get_by_role("combobox", name="Add node").fill("preview image")
    page.keyboard.press("Enter")
    assert len(reroutes(page)[0]["linkIds"]) == 2
    run(page)

    page.mouse.click(at[0] - 10, at[1] + 60)
    page.keyboard.press("Delete")
    assert reroutes(page) == []
    for _ in range(4):
        page.keyboard.press("Control+z")
    assert reroutes(page) == []
    assert (8, 9) in links(page)


def test_a_double_click_on_a_link_adds_a_reroute(page: Page):
    at = middle_of_link(page, ("8", "IMAGE"), ("9", "images"))
    page.mouse.dblclick(*at)
    assert [one["linkIds"] for one in reroutes(page)] == [[9]]


def test_a_node_dropped_on_a_link_is_put_between_and_deleting_it_closes_the_gap(page: Page):
    page.keyboard.press("Shift+a")
    page.get_by_role("combobox", name="Add node").fill("invert image")
    page.keyboard.press("Enter")
    new = str(max(one["id"] for one in saved(page)["nodes"]))
    box = node(page, new).bounding_box()
    at = middle_of_link(page, ("8", "IMAGE"), ("9", "images"))
    grip = (box["x"] + 90, box["y"] + 12)
    by = (at[0] - box["x"] - box["width"] / 2, at[1] - box["y"] - box["height"] / 2)
    drag(page, grip, (grip[0] + by[0], grip[1] + by[1]))
    assert {(8, int(new)), (int(new), 9)} <= links(page)
    node(page, new).focus()
    page.keyboard.press("Control+Delete")
    assert (8, 9) in links(page)


def test_alt_drags_a_copy(page: Page):
    box = node(page, "5").bounding_box()
    grip = (box["x"] + 90, box["y"] + 12)
    page.keyboard.down("Alt")
    drag(page, grip, (grip[0] + 30, grip[1] + 60))
    page.keyboard.up("Alt")
    copies = [one for one in saved(page)["nodes"] if one["type"] == "EmptyLatentImage"]
    assert len(copies) == 2
    assert copies[1]["pos"][1] > copies[0]["pos"][1]


def test_what_is_copied_is_pasted_in_another_window_with_its_group_and_with_links_here(page: Page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".canvas").focus()
    for id in ("6", "7"):
        box = node(page, id).bounding_box()
        page.keyboard.down("Shift")
        page.mouse.click(box["x"] + 60, box["y"] + 12)
        page.keyboard.up("Shift")
    page.keyboard.press("Control+g")
    page.keyboard.press("Enter")
    page.locator(".canvas").focus()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+Shift+v")
    expect(page.get_by_role("group", name="Positive prompt")).to_have_count(2)
    file = saved(page)
    assert len(file["groups"]) == 2
    assert len([one for one in file["links"] if one[1] == 4 and one[5] == "CLIP"]) == 4

    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("[data-node-root]")
    other.locator(".canvas").focus()
    other.keyboard.press("Alt+n")
    expect(other.locator("[data-node-root]")).to_have_count(0)
    other.keyboard.press("Control+v")
    expect(other.get_by_role("group", name="Positive prompt")).to_have_count(1)
    pasted = saved(other)
    assert (len(pasted["groups"]), len(pasted["nodes"]), len(pasted["links"])) == (1, 2, 0)
    other.keyboard.press("Control+z")
    expect(other.locator("[data-node-root]")).to_have_count(0)
