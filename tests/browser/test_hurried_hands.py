"""Keys that follow each other faster than the page draws, and a clipboard that the page may not read."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import node, saved, select

LATE_FRAMES = """() => {
    const frame = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (drawn) => frame(() => setTimeout(() => drawn(performance.now()), 100));
}"""


def test_what_is_typed_right_after_grouping_is_the_groups_name_and_the_next_keys_are_the_canvas_own(page: Page):
    select(page, "6", "7")
    page.evaluate(LATE_FRAMES)
    page.keyboard.press("Control+g")
    page.keyboard.type("Prompts")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+d")
    assert [group["title"] for group in saved(page)["groups"]] == ["Prompts", "Prompts"]


def test_what_is_typed_right_after_f2_is_the_nodes_title(page: Page):
    select(page, "5")
    page.evaluate(LATE_FRAMES)
    page.keyboard.press("F2")
    page.keyboard.type("Canvas size")
    page.keyboard.press("Enter")
    expect(node(page, "5").locator(".node-name")).to_have_text("Canvas size")
    page.keyboard.press("Control+z")
    expect(node(page, "5").locator(".node-name")).to_have_text("Empty Latent Image")


@pytest.mark.parametrize(
    "clipboard",
    [
        pytest.param("() => { navigator.clipboard.readText = () => Promise.reject(); }", id="not allowed"),
        pytest.param("() => { Object.defineProperty(navigator, 'clipboard', {}); }", id="plain HTTP"),
    ],
)
def test_what_was_copied_here_is_pasted_where_the_clipboard_cannot_be_read(page: Page, clipboard: str):
    page.evaluate(clipboard)
    select(page, "7")
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+Shift+v")
    expect(page.locator("[data-node-root]")).to_have_count(8)
    added = [link for link in saved(page)["links"] if link[1] == 4 and link[5] == "CLIP"]
    assert len(added) == 3
    page.locator(".canvas").focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("paste")
    page.keyboard.press("Enter")
    expect(page.locator("[data-node-root]")).to_have_count(9)


def test_a_key_right_after_a_new_workflow_is_for_the_new_canvas(page: Page):
    page.evaluate(
        """async () => {
            const press = (key, held) => document.body.dispatchEvent(
                new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...held }));
            press("n", { altKey: true });
            await null;
            press("A", { shiftKey: true });
        }"""
    )
    expect(page.get_by_role("combobox", name="Add node")).to_be_visible()
    expect(page.get_by_role("tab")).to_have_count(2)
