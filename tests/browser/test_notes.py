"""Notes: read as Markdown, written as text, and never anything that runs or is fetched from elsewhere."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import node, open_workflow, saved, widget

TEXT = (
    "# Before you run\n- [x] **model**\n- [ ] prompt\n\n|a|b|\n|-|-|\n|1|2|\n"
    "[good](https://example.com/) [bad](javascript:alert(1)) ![far](https://example.com/a.png) <b>raw</b>"
)
NOTES = {
    "nodes": [
        {"id": 1, "type": "MarkdownNote", "pos": [0, 0], "size": [320, 300], "widgets_values": [TEXT]},
        {"id": 2, "type": "Note", "pos": [400, 0], "size": [320, 200], "widgets_values": ["# plain"]},
    ],
    "links": [],
    "version": 0.4,
}


def test_markdown_is_read_as_it_is_meant_and_runs_nothing(page: Page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_workflow(page, NOTES)
    note = widget(page, "1", "text")
    expect(note.get_by_role("heading", name="Before you run")).to_be_visible()
    expect(note.get_by_role("img", name="Done", exact=True)).to_have_count(1)
    expect(note.get_by_role("cell", name="2")).to_be_visible()
    expect(note.get_by_role("link", name="good")).to_have_attribute("rel", "noreferrer")
    expect(note.get_by_role("link")).to_have_count(2)
    expect(note).to_contain_text("<b>raw</b>")
    assert not [url for url in asked if "example.com" in url]
    expect(widget(page, "2", "text").get_by_role("textbox")).to_have_value("# plain")


def test_a_note_is_written_after_a_double_click_or_enter_and_undone_as_one_step(page: Page):
    open_workflow(page, NOTES)
    note = widget(page, "1", "text")
    note.get_by_role("heading").dblclick()
    expect(note.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("\n\n## More")
    page.keyboard.press("Escape")
    expect(note.get_by_role("heading", name="More")).to_be_visible()
    expect(node(page, "1")).to_be_focused()
    assert saved(page)["nodes"][0]["widgets_values"] == [f"{TEXT}\n\n## More"]
    page.keyboard.press("Control+z")
    expect(note.get_by_role("heading", name="More")).to_have_count(0)

    node(page, "1").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(note.get_by_role("textbox")).to_be_focused()
    page.mouse.click(900, 700)
    expect(note.get_by_role("textbox")).to_have_count(0)
    assert saved(page)["nodes"][0]["widgets_values"] == [TEXT]
