"""Keys that follow each other faster than the page draws, and a clipboard that the page may not read."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, Route, expect

from tests.browser.hands import next_frame, node, open_workflow, saved, select, tab, widget

LATE_FRAMES = """() => {
    const frame = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (drawn) => frame(() => setTimeout(() => drawn(performance.now()), 100));
}"""
HELD_FRAMES = """() => {
    const frame = window.requestAnimationFrame.bind(window);
    const held = [];
    window.requestAnimationFrame = (drawn) => held.push(drawn);
    window.goOn = () => {
        window.requestAnimationFrame = frame;
        for (const drawn of held) frame(drawn);
    };
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


def test_what_is_typed_right_after_a_command_is_for_what_it_opened(page: Page):
    page.evaluate(LATE_FRAMES)
    page.keyboard.press("Control+k")
    page.keyboard.type("add node")
    page.keyboard.press("Enter")
    page.keyboard.type("empty latent image")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # into the first field of the new node
    page.keyboard.type("96")
    page.keyboard.press("Enter")
    expect(widget(page, "10", "width").locator(".field-value")).to_have_text("96")


def test_the_key_right_after_a_node_was_found_is_for_that_node(page: Page):
    page.evaluate(LATE_FRAMES)
    page.keyboard.press("Control+f")
    page.keyboard.type("red apple")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+m")
    expect(node(page, "6")).to_have_attribute("data-mode", "muted")


def test_the_keyboard_stays_where_tab_led_it_right_after_a_choice(page: Page):
    widget(page, "3", "sampler_name").get_by_role("button").focus()
    page.evaluate(LATE_FRAMES)
    page.keyboard.type("heun")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    next_frame(page)
    expect(widget(page, "3", "scheduler").locator(":focus")).to_have_count(1)


def test_the_key_right_after_an_arrow_in_the_bar_of_tabs_is_for_the_tab_that_is_shown(page: Page):
    page.keyboard.press("Alt+n")
    tab(page).focus()
    page.evaluate(LATE_FRAMES)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("F2")
    page.keyboard.type("Apples")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab")).to_have_text(["Apples", "Untitled"])


def test_nodes_are_never_found_where_the_view_is_not_yet(page: Page):
    page.evaluate(HELD_FRAMES)
    far = {"id": 1, "type": "EmptyImage", "pos": [-400, -300], "size": [240, 130]}
    open_workflow(page, {"nodes": [far], "links": [], "version": 0.4})
    at_first = node(page, "1").bounding_box()
    page.evaluate("goOn()")
    next_frame(page)
    assert node(page, "1").bounding_box() == at_first


def test_the_keys_are_those_of_the_paint_tools_as_soon_as_the_picture_is_seen(page: Page):
    painter = {"id": 1, "type": "Painter", "pos": [0, 0], "size": [320, 0], "widgets_values": ["", 64, 64, "#000000"]}
    open_workflow(page, {"nodes": [painter], "links": [], "version": 0.4})
    page.evaluate(
        """() => new MutationObserver((_, observer) => {
            const stage = document.querySelector(".paint-stage");
            if (!stage) return;
            observer.disconnect();
            stage.parentElement.dispatchEvent(new KeyboardEvent("keydown", {key: "e", bubbles: true}));
        }).observe(document.body, {subtree: true, childList: true})"""
    )
    widget(page, "1", "mask").get_by_role("button", name="Draw").click()
    expect(page.get_by_role("radio", name="Eraser")).to_be_checked()


def test_a_late_answer_does_not_take_the_place_of_a_newer_one(page: Page):
    page.expected_errors.append("500")
    late: list[Route] = []
    page.route("**/api/jobs?*search=", lambda route: late.append(route))
    with page.expect_request("**/api/jobs?*search="):
        page.keyboard.press("Control+Alt+o")
    panel = page.get_by_role("complementary", name="Outputs")
    panel.get_by_label("Search outputs").fill("nothing of this kind")
    expect(panel).to_contain_text("Nothing was made with these words.")
    with page.expect_response("**/api/jobs?*search="):
        late[0].fulfill(status=500)
    next_frame(page)
    expect(panel).to_contain_text("Nothing was made with these words.")
