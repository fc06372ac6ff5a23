"""Subgraphs: made, entered, edited inside, shown outside, shared, unpacked, published and run."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import drag, make_small, node, run, saved, select, type_number, widget


def convert(page: Page) -> str:
    """The sampler and both prompts become a subgraph; its id."""
    select(page, "3", "6", "7")
    page.keyboard.press("Control+Shift+e")
    title = page.get_by_role("group", name="Subgraph")
    expect(title).to_be_visible()
    [instance] = [one for one in saved(page)["nodes"] if "-" in one["type"]]
    return str(instance["id"])


def inner(page: Page, title: str):
    return page.get_by_role("group", name=title)


def test_nodes_become_a_subgraph_that_is_entered_edited_left_and_undone(page: Page):
    before = saved(page)["nodes"]
    id = convert(page)
    expect(node(page, "3")).to_have_count(0)
    assert sorted(one["name"] for one in saved(page)["nodes"][-1]["inputs"]) == ["clip", "latent_image", "model"]

    box = node(page, id).bounding_box()
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] - 10)
    crumbs = page.get_by_role("navigation", name="Subgraphs")
    expect(crumbs).to_contain_text("Subgraph")
    expect(inner(page, "Inputs")).to_be_visible()
    expect(inner(page, "KSampler")).to_be_visible()
    expect(node(page, "4")).to_have_count(0)
    page.locator(".canvas").focus()
    page.keyboard.press("Escape")
    expect(crumbs).to_have_count(0)
    expect(node(page, "4")).to_be_visible()

    page.keyboard.press("Control+z")
    expect(node(page, "3")).to_be_visible()
    assert [one["id"] for one in saved(page)["nodes"]] == [one["id"] for one in before]


def enter(page: Page, id: str) -> None:
    node(page, id).get_by_role("button", name="Open subgraph").click()
    expect(inner(page, "Outputs")).to_be_visible()


def show_outside(page: Page, title: str, widget: str) -> None:
    inner(page, title).focus()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Show on the subgraph…").click()
    page.get_by_role("menuitemcheckbox", name=widget).click()


def leave(page: Page) -> None:
    page.get_by_role("button", name="Leave subgraph").click()
    expect(page.get_by_role("navigation", name="Subgraphs")).to_have_count(0)


def test_a_widget_shown_outside_holds_a_value_per_instance_and_both_run(page: Page):
    make_small(page)
    id = convert(page)
    enter(page, id)
    show_outside(page, "KSampler", "seed")
    show_outside(page, "KSampler", "steps")
    leave(page)
    type_number(page, id, "steps", "1")
    expect(widget(page, id, "seed").get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "1")

    page.keyboard.press("Escape")
    select(page, id)
    page.keyboard.press("Control+d")
    instances = [one for one in saved(page)["nodes"] if "-" in one["type"]]
    assert instances[0]["type"] == instances[1]["type"]
    assert instances[0]["widgets_values"] == instances[1]["widgets_values"] == [None, 1]
    other = str(instances[1]["id"])
    type_number(page, other, "seed", "7")
    assert len(saved(page)["definitions"]["subgraphs"]) == 1
    assert [one["widgets_values"] for one in saved(page)["nodes"] if "-" in one["type"]] == [[None, 1], [7, 1]]

    run(page)
    expect(node(page, id).locator('.node-badge[title^="Ran"]')).to_be_visible()
    enter(page, id)
    expect(inner(page, "KSampler").locator('.node-badge[title^="Ran"], .badge-cached').first).to_be_visible()


def test_a_port_is_made_by_a_link_renamed_and_removed_with_undo(page: Page):
    id = convert(page)
    enter(page, id)
    inputs = page.locator('[data-status="side"]', has_text="Inputs")
    start = inputs.locator('.slot[title^="New"]').bounding_box()
    end = page.locator('[data-node$="/3"] .slot[data-small]').nth(2).bounding_box()
    middle = lambda box: (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # noqa: E731
    drag(page, middle(start), middle(end))
    expect(inputs).to_contain_text("cfg")
    slot_of = inputs.locator('.slot[title^="cfg"]')
    page.mouse.click(*middle(slot_of.bounding_box()), button="right")
    page.get_by_role("menuitem", name="Rename input…").click()
    page.get_by_label("Name of the input").fill("Guidance")
    page.keyboard.press("Enter")
    expect(inputs).to_contain_text("Guidance")
    leave(page)
    expect(widget(page, id, "cfg")).to_contain_text("Guidance")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(widget(page, id, "cfg")).to_have_count(0)


def test_a_subgraph_is_unpacked_and_one_inside_another_is_walked_through(page: Page):
    id = convert(page)
    enter(page, id)
    inner(page, "KSampler").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Shift+e")
    nested = page.locator('[data-status="subgraph"]')
    nested.get_by_role("button", name="Open subgraph").click()
    crumbs = page.get_by_role("navigation", name="Subgraphs")
    expect(crumbs.get_by_role("listitem")).to_have_count(3)
    expect(inner(page, "KSampler")).to_be_visible()
    crumbs.get_by_role("button", name="Text to image").click()
    expect(crumbs).to_have_count(0)
    assert len(saved(page)["definitions"]["subgraphs"]) == 2

    node(page, id).focus()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Unpack subgraph").click()
    expect(inner(page, "Positive prompt")).to_be_visible()
    file = saved(page)
    assert len(file["definitions"]["subgraphs"]) == 1
    assert {one["type"] for one in file["nodes"]} >= {"CLIPTextEncode", "VAEDecode"}


def test_a_published_subgraph_is_added_to_another_workflow_by_its_name(page: Page):
    id = convert(page)
    node(page, id).focus()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Publish for reuse…").click()
    page.get_by_label("Name of the subgraph").fill("Quick draft")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Published Quick draft")).to_be_visible()
    page.keyboard.press("Alt+n")
    expect(node(page, id)).to_have_count(0)
    page.keyboard.press("Shift+a")
    page.get_by_role("combobox", name="Add node").fill("quick draft")
    page.get_by_role("option", name="Quick draft").click()
    expect(inner(page, "Subgraph")).to_be_visible()
    file = saved(page)
    assert [len(one["nodes"]) for one in file["definitions"]["subgraphs"]] == [3]
    page.keyboard.press("Control+z")
    assert "definitions" not in saved(page)


def test_keys_lead_into_a_subgraph_and_out_of_it(page: Page):
    id = convert(page)
    node(page, id).focus()
    page.keyboard.press("Alt+ArrowDown")
    crumbs = page.get_by_role("navigation", name="Subgraphs")
    expect(crumbs).to_contain_text("Subgraph")
    page.keyboard.press("Alt+ArrowUp")
    expect(crumbs).to_have_count(0)
    expect(node(page, id)).to_be_visible()
