"""A widget that a link feeds shows what the link brings, and never a value that does not count."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import open_workflow, type_number, widget


def fed(link: int, name: str, type: str) -> dict:
    return {"name": name, "type": type, "widget": {"name": name}, "link": link}


LINKED = {
    "nodes": [
        {"id": 1, "type": "PrimitiveInt", "pos": [0, 0], "outputs": [{"name": "INT", "type": "INT", "links": [1]}],
         "widgets_values": [33, "fixed"]},
        {"id": 2, "type": "KSampler", "pos": [400, 0], "inputs": [fed(1, "steps", "INT")],
         "widgets_values": [5, "fixed", 20, 8, "euler", "normal", 1]},
        {"id": 3, "type": "StringConcatenate", "pos": [0, 300],
         "outputs": [{"name": "STRING", "type": "STRING", "links": [2, 3]}], "widgets_values": ["a", "b", ""]},
        {"id": 4, "type": "CLIPTextEncode", "pos": [800, 0], "inputs": [fed(2, "text", "STRING")],
         "widgets_values": ["not used"]},
        {"id": 5, "type": "SaveImage", "pos": [800, 300], "inputs": [fed(3, "filename_prefix", "STRING")],
         "widgets_values": ["not used"]},
    ],
    "links": [[1, 1, 0, 2, 0, "INT"], [2, 3, 0, 4, 0, "STRING"], [3, 3, 0, 5, 0, "STRING"]],
    "version": 0.4,
}  # fmt: skip


def test_the_value_that_arrives_is_shown_or_the_node_that_makes_it(page: Page):
    open_workflow(page, LINKED)
    steps = widget(page, "2", "steps")
    expect(steps.get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "33")
    type_number(page, "1", "value", "44")
    expect(steps.get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "44")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    expect(steps.get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "33")

    expect(widget(page, "5", "filename_prefix")).to_contain_text("from Concatenate Text")
    text = widget(page, "4", "text").get_by_role("textbox")
    expect(text).to_have_value("")
    expect(text).to_have_attribute("placeholder", "from Concatenate Text")
