"""The palette, shortcuts, panels and app mode, in the real browser against the real server."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import make_small, node, saved, until_draft, widget


@pytest.fixture(autouse=True)
def not_everything_is_there(page: Page) -> None:
    page.expected_errors.append("404")  # nodes without documentation, models without a picture


def command(page: Page, text: str) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Command palette").fill(text)
    page.keyboard.press("Enter")


def test_the_palette_lists_every_action_with_its_key_and_does_it(page: Page):
    node(page, "8").focus()
    page.keyboard.press("Control+k")
    options = page.get_by_role("listbox", name="Command palette").get_by_role("option")
    palette = page.get_by_role("combobox", name="Command palette")
    palette.fill("bypass")
    expect(options.first).to_contain_text("Ctrl+B")
    page.keyboard.press("Enter")
    expect(palette).to_have_count(0)
    expect(node(page, "8")).to_have_attribute("data-mode", "bypassed")
    page.keyboard.press("Control+k")
    palette.fill("undo")
    expect(options.first).to_have_text("UndoCtrl+Z")
    page.keyboard.press("Enter")
    expect(node(page, "8")).not_to_have_attribute("data-mode", "bypassed")
    page.keyboard.press("Control+k")
    palette.fill("redo")
    page.keyboard.press("Escape")
    expect(palette).to_have_count(0)


def test_a_key_is_given_to_another_action_after_the_conflict_was_shown_and_holds_after_a_reload(page: Page):
    page.keyboard.press("F1")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.get_by_label("Search shortcuts").fill("pin in place")
    dialog.get_by_role("button", name="Key of Pin in place").click()
    page.keyboard.press("Control+m")
    expect(dialog.get_by_role("alert")).to_contain_text("Ctrl+M is “Mute”")
    with page.expect_response("**/api/settings"):
        dialog.get_by_role("button", name="Use it here").click()
    expect(dialog.get_by_role("button", name="Key of Pin in place: Ctrl+M")).to_be_visible()
    page.reload()
    node(page, "8").focus()
    page.keyboard.press("Control+m")
    expect(node(page, "8").get_by_label("Pinned")).to_be_visible()
    expect(node(page, "8")).not_to_have_attribute("data-mode", "muted")
    page.keyboard.press("F1")
    dialog.get_by_role("button", name="Reset all").click()
    dialog.get_by_label("Search shortcuts").fill("mute")
    expect(dialog.get_by_role("button", name="Key of Mute: Ctrl+M")).to_be_visible()


def test_nodes_are_found_marked_and_dragged_from_the_library(page: Page):
    page.get_by_role("button", name="Nodes", exact=True).click()
    panel = page.get_by_role("complementary", name="Nodes")
    panel.get_by_label("Search nodes").fill("scale image")
    row = panel.locator('.tree-row[draggable="true"]').first
    expect(row).to_contain_text("Scale Image")
    name = row.locator(".tree-label").inner_text()
    row.hover()
    row.get_by_role("button", name=f"Make {name} a favourite").click()
    panel.get_by_label("Search nodes").fill("")
    expect(panel.get_by_role("treeitem").nth(0)).to_contain_text("Favourites")
    expect(panel.get_by_role("treeitem").nth(1)).to_contain_text(name)
    before = page.locator("[data-node-root]").count()
    panel.get_by_role("treeitem").nth(1).drag_to(page.locator(".canvas"), target_position={"x": 500, "y": 600})
    expect(page.locator("[data-node-root]")).to_have_count(before + 1)
    page.keyboard.press("Control+z")
    expect(page.locator("[data-node-root]")).to_have_count(before)
    tree = panel.get_by_role("tree")
    tree.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    count = panel.get_by_role("treeitem").count()
    page.keyboard.press("ArrowLeft")
    assert panel.get_by_role("treeitem").count() <= count


def test_a_model_of_the_library_makes_its_loader(page: Page):
    page.get_by_role("button", name="Models", exact=True).click()
    panel = page.get_by_role("complementary", name="Models")
    panel.get_by_label("Search models").fill("starter")
    row = panel.get_by_role("treeitem", name="easel-starter.safetensors").first
    row.hover()
    expect(panel.get_by_label("About the model")).to_contain_text("checkpoints")
    row.click()
    made = saved(page)["nodes"][-1]
    assert (made["type"], made["widgets_values"][0]) == ("CheckpointLoaderSimple", "easel-starter.safetensors")


def test_typing_in_a_library_of_ten_thousand_models_shows_few_rows(page: Page):
    files = [{"name": f"style {i % 100}/lora {i}.safetensors", "pathIndex": 0, "size": 1000} for i in range(10_000)]
    page.route("**/api/experiment/models/loras", lambda route: route.fulfill(json=files))
    page.get_by_role("button", name="Models", exact=True).click()
    panel = page.get_by_role("complementary", name="Models")
    search = panel.get_by_label("Search models")
    expect(search).to_have_attribute("placeholder", re.compile(r"Search 100\d\d models"))
    search.press_sequentially("lora 7777.")
    expect(panel.get_by_role("treeitem", name="lora 7777.safetensors")).to_be_visible()
    assert panel.get_by_role("treeitem").count() < 80


def test_a_node_is_found_by_what_is_written_in_it(page: Page):
    page.locator(".canvas").focus()
    page.keyboard.press("Control+f")
    page.get_by_role("combobox", name="Find node in workflow").fill("red apple")
    page.keyboard.press("Enter")
    expect(node(page, "6")).to_be_focused()
    expect(node(page, "6")).to_have_attribute("data-selected", "true")


def test_properties_change_all_selected_nodes_as_one_step(page: Page):
    node(page, "6").focus()
    command(page, "properties")
    panel = page.get_by_role("complementary", name="Properties")
    title = panel.get_by_label("Title")
    title.fill("What to paint")
    title.press("Enter")
    expect(node(page, "6").locator(".node-name")).to_have_text("What to paint")
    page.locator(".canvas").focus()
    page.keyboard.press("Escape")
    for id in ("6", "7"):
        node(page, id).locator(".node-title").click(modifiers=["Shift"])
    expect(panel).to_contain_text("2 nodes")
    panel.get_by_role("textbox", name="text (several values)").fill("a pear")
    for id in ("6", "7"):
        expect(widget(page, id, "text").locator("textarea")).to_have_value("a pear")
    page.locator(".canvas").focus()
    page.keyboard.press("Control+z")
    expect(widget(page, "6", "text").locator("textarea")).to_have_value("a red apple")


def test_help_tells_what_a_node_is_for(page: Page):
    node(page, "3").focus()
    command(page, "help on the node")
    panel = page.get_by_role("complementary", name="Help")
    expect(panel.get_by_role("heading", name="KSampler")).to_be_visible()
    expect(panel).to_contain_text("steps")
    expect(panel).to_contain_text("from 1 to 10000")
    node(page, "4").locator(".node-title").click()
    terms = panel.locator("dl").last.locator("div")
    expect(terms).to_have_text(["MODEL", "CLIP", "VAE"])  # named as their types, and that once


def test_templates_open_in_a_tab(page: Page):
    page.request.post(f"{page.url}api/userdata/workflows%2Ffirst_steps.json", data={"nodes": [], "links": []})
    page.get_by_role("button", name="Templates").click()
    panel = page.get_by_role("complementary", name="Templates")
    panel.get_by_label("Search templates").fill("nothing of this name")
    expect(panel).to_contain_text("No template of this name.")
    panel.get_by_label("Search templates").fill("first")
    panel.get_by_role("button", name="First steps").click()
    expect(page.get_by_role("tab", name="First steps")).to_have_attribute("aria-selected", "true")
    expect(page.locator("[data-node-root]")).to_have_count(0)


def test_the_log_is_told_as_it_is_written(page: Page):
    page.get_by_role("button", name="Log", exact=True).click()
    log = page.get_by_role("log")
    expect(log).to_contain_text("device: cpu")
    before = log.locator("div").count()
    make_small(page)
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator('.status [data-outcome="success"]').wait_for()
    assert log.locator("div").count() >= before
    page.get_by_label("Search the log").fill("nothing of this kind")
    expect(log).not_to_contain_text("device")


def test_an_app_is_made_of_chosen_widgets_saved_with_the_workflow_and_run_on_a_phone(page: Page):
    make_small(page)
    command(page, "app mode")
    app = page.get_by_role("region", name="App mode")
    app.get_by_role("group", name="Positive prompt").get_by_label("text").check()
    app.get_by_role("group", name="KSampler").get_by_label("seed").check()
    app.get_by_role("button", name="seed earlier").click()
    app.get_by_role("button", name="Choose inputs").click()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    app.get_by_role("textbox", name="text").fill("a yellow lemon")
    app.get_by_role("button", name="Run", exact=True).click()
    expect(app.get_by_role("button", name="Open ")).to_have_count(1)
    page.set_viewport_size({"width": 1600, "height": 900})
    app.get_by_role("button", name="Back to the graph").click()
    file = saved(page)
    assert file["extra"]["linearData"] == {"inputs": [[3, "seed"], [6, "text"]], "outputs": []}
    assert next(n for n in file["nodes"] if n["id"] == 6)["widgets_values"] == ["a yellow lemon"]
    until_draft(page)
    page.reload()
    page.wait_for_selector("[data-node-root]")
    command(page, "app mode")
    expect(app.get_by_role("textbox", name="text")).to_have_value("a yellow lemon")


def test_numbers_of_nodes_are_shown_when_wanted(page: Page):
    number = node(page, "3").locator('[data-fact="id"]')
    expect(number).to_be_hidden()
    page.keyboard.press("Control+,")
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_role("group", name="Numbers on nodes").get_by_role("radio", name="On").check(force=True)
    page.keyboard.press("Escape")
    expect(number).to_have_text("#3")
