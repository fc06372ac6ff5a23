"""Choosing values: long combos, numbers beyond their limits, the keyboard in the fields of a node."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, Route, expect

from tests.browser.hands import drag, node, open_workflow, saved, widget

MODELS = [f"{folder}/model_{i:04}.safetensors" for folder in ("flux", "sdxl/photo") for i in range(1500)]
WIDGETS = {
    "model": [[*MODELS, "plain.safetensors"], {}],
    "style": [["none", "oil", "ink", "pastel", "pencil"], {}],
    "size": ["INT", {"default": 512, "min": 16, "max": 8192, "step": 8}],
    "amount": ["FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.05, "display": "slider"}],
    "name": ["STRING", {"default": "x"}],
    "on": ["BOOLEAN", {"default": False}],
}
CHOICES = {
    "input": {"required": WIDGETS}, "input_order": {"required": list(WIDGETS)}, "output": [], "output_name": [],
    "output_is_list": [], "name": "Choices", "display_name": "Choices", "description": "",
    "python_module": "nodes", "category": "test", "output_node": True,
}  # fmt: skip


@pytest.fixture
def choices(page: Page) -> Page:
    """The editor with one node of many choices, which the server does not know."""

    def with_choices(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"Choices": CHOICES})

    page.route("**/api/object_info", with_choices)
    page.reload()
    page.wait_for_selector("[data-node-root]")
    one = {"id": 1, "type": "Choices", "pos": [0, 0], "size": [320, 0], "inputs": [], "outputs": []}
    open_workflow(page, {"nodes": [one], "links": [], "version": 0.4})
    expect(node(page, "1")).to_be_visible()
    return page


def test_a_combo_finds_in_all_folders_what_is_typed_even_while_it_is_closed(choices: Page):
    button = widget(choices, "1", "model").get_by_role("button")
    button.focus()
    choices.keyboard.type("photo 1234")
    search = choices.get_by_role("combobox", name="model")
    expect(search).to_have_value("photo 1234")
    expect(choices.get_by_role("option").first).to_contain_text("model_1234.safetensors")
    search.press("Enter")
    expect(button).to_be_focused()
    assert saved(choices)["nodes"][0]["widgets_values"][0] == "sdxl/photo/model_1234.safetensors"
    button.click()
    search.fill("1233")
    expect(choices.get_by_role("option").first).to_contain_text("sdxl/photo")  # where one is comes first
    expect(choices.get_by_role("option").nth(1)).to_contain_text("flux")


def test_a_list_goes_as_soon_as_its_combo_moves_away(choices: Page):
    widget(choices, "1", "style").get_by_role("button").click()
    search = choices.get_by_role("combobox", name="style")
    choices.get_by_role("option").first.hover()
    choices.mouse.wheel(0, 100)
    expect(search).to_be_visible()
    choices.mouse.move(300, 200)
    choices.mouse.wheel(0, 100)
    expect(search).to_have_count(0)


def test_stepping_through_a_combo_is_one_step_of_undo(choices: Page):
    style = widget(choices, "1", "style")
    style.get_by_role("button").focus()
    for _ in range(3):
        choices.keyboard.press("ArrowDown")
    expect(style.locator(".field-value")).to_have_text("pastel")
    choices.keyboard.press("Control+z")
    expect(style.locator(".field-value")).to_have_text("none")


def test_a_number_follows_the_pointer_back_from_beyond_its_limit(choices: Page):
    box = widget(choices, "1", "size").get_by_role("spinbutton").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    choices.mouse.move(x, y)
    choices.mouse.down()
    choices.mouse.move(x - 600, y)
    choices.mouse.move(x - 540, y)
    choices.mouse.up()
    expect(widget(choices, "1", "size").locator(".field-value")).to_have_text(str(16 + 10 * 8))
    choices.keyboard.press("Control+z")
    expect(widget(choices, "1", "size").locator(".field-value")).to_have_text("512")


def test_the_keyboard_goes_through_the_fields_of_a_node_and_changes_each(choices: Page):
    one = node(choices, "1")
    one.focus()
    choices.keyboard.press("Enter")
    for name, keys, shown in (
        ("model", ("End", "ArrowDown"), "model_0001.safetensors"),
        ("style", ("i", "n", "k", "Enter"), "ink"),
        ("size", ("PageUp", "ArrowUp"), "600"),
        ("amount", ("1", "/", "4", "Enter"), "0.25"),
    ):
        field = widget(choices, "1", name)
        expect(field.locator(":focus")).to_have_count(1)
        for key in keys:
            choices.keyboard.press(key)
        expect(field.locator(".field-value")).to_contain_text(shown)
        expect(field.locator(":focus")).to_have_count(1)
        choices.keyboard.press("Tab")
    choices.keyboard.press("Control+a")
    choices.keyboard.type("pear")
    choices.keyboard.press("Tab")
    choices.keyboard.press("Space")
    choices.keyboard.press("Shift+Tab")
    choices.keyboard.press("Enter")
    expect(one).to_be_focused()
    assert saved(choices)["nodes"][0]["widgets_values"][1:] == ["ink", 600, 0.25, "pear", True]


def test_undo_in_a_text_never_reaches_the_graph(page: Page):
    box = node(page, "8").bounding_box()
    drag(page, (box["x"] + 80, box["y"] + 10), (box["x"] + 80, box["y"] + 90))
    moved = node(page, "8").bounding_box()
    text = widget(page, "6", "text").locator("textarea")
    text.click()
    page.keyboard.press("End")
    page.keyboard.type("s")
    for _ in range(4):
        page.keyboard.press("Control+z")
    expect(text).to_have_value("a red apple")
    assert node(page, "8").bounding_box() == moved
    page.keyboard.press("Control+Shift+z")
    expect(text).to_have_value("a red apples")


def test_enter_that_ends_a_word_of_the_writing_system_chooses_nothing(choices: Page):
    widget(choices, "1", "style").get_by_role("button").click()
    search = choices.get_by_role("combobox", name="style")
    search.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(search).to_be_visible()
