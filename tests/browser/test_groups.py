"""Groups keep what they frame: one around another, and after the graph was tidied up."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import drag, node, saved, select


def group(page: Page, title: str, *ids: str) -> None:
    select(page, *ids)
    page.keyboard.press("Control+g")
    page.get_by_label("Title of the group", exact=True).fill(title)
    page.keyboard.press("Enter")


def frames(page: Page) -> dict[str, list[float]]:
    return {one["title"]: one["bounding"] for one in saved(page)["groups"]}


def encloses(outer: list[float], inner: list[float]) -> bool:
    (x, y, w, h), (a, b, c, d) = outer, inner
    return x < a and y < b and x + w > a + c and y + h > b + d


def nodes(page: Page, *ids: int) -> list[list[float]]:
    return [[*one["pos"], 1, 1] for one in saved(page)["nodes"] if one["id"] in ids]


def test_a_group_around_a_group_frames_it_moves_it_and_bypasses_all_inside(page: Page):
    group(page, "Prompts", "6", "7")
    group(page, "Inputs", "5", "6", "7")
    before = frames(page)
    (x, y, w, _), (a, b, c, _) = before["Inputs"], before["Prompts"]
    assert (x < a, y + 32 <= b, x + w > a + c) == (True, True, True)

    title = page.get_by_text("Inputs", exact=True).bounding_box()
    start = (title["x"] + 20, title["y"] + 8)
    drag(page, start, (start[0], start[1] + 70))
    moved = {name: rect[1] - before[name][1] for name, rect in frames(page).items()}
    assert moved["Prompts"] == moved["Inputs"] > 50
    page.keyboard.press("Control+z")
    assert frames(page) == before

    page.mouse.click(*start, button="right")
    page.get_by_role("menuitem", name="Bypass nodes").click()
    assert {one["id"] for one in saved(page)["nodes"] if one.get("mode") == 4} == {5, 6, 7}
    page.keyboard.press("Control+z")
    assert not [one for one in saved(page)["nodes"] if one.get("mode")]


def test_groups_go_on_framing_their_nodes_when_the_graph_is_tidied(page: Page):
    group(page, "Prompts", "6", "7")
    group(page, "Inputs", "5", "6", "7")
    before = saved(page)
    page.locator(".canvas").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Shift+l")
    tidied = frames(page)
    assert tidied != {one["title"]: one["bounding"] for one in before["groups"]}
    assert all(encloses(tidied["Prompts"], one) for one in nodes(page, 6, 7))
    assert all(encloses(tidied["Inputs"], one) for one in nodes(page, 5, 6, 7))
    page.keyboard.press("Control+z")
    expect(node(page, "6")).to_be_visible()
    assert saved(page)["groups"] == before["groups"]
