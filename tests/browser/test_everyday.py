"""The small things that a person does a hundred times a day: looking around, finding, choosing, dropping, waiting."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.hands import (
    RUN_SECONDS,
    drag,
    make_small,
    node,
    open_workflow,
    saved,
    slot,
    tab,
    type_number,
    widget,
)

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


@pytest.fixture
def quiet_afterwards(page: Page) -> Iterator[None]:
    """The server goes on after a test."""
    yield
    page.request.post(f"{page.url}api/queue", data={"clear": True})
    page.request.post(f"{page.url}api/interrupt", data={})


def camera(page: Page) -> tuple[float, float, float]:
    """Zoom, x, y."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = page.evaluate("""() => {
        const {a, e, f} = new DOMMatrix(getComputedStyle(document.querySelector('.canvas > .world')).transform);
        return [a, e, f];
    }""")
    return tuple(found)


def selected(page: Page) -> set[str]:
    found = page.locator("[data-node]:has([data-node-root][data-selected])").all()
    return {one.get_attribute("data-node") for one in found}


def choose_setting(page: Page, name: str, choice: str) -> None:
    page.keyboard.press("Control+,")
    page.get_by_role("group", name=name).get_by_text(choice, exact=True).click()
    page.keyboard.press("Escape")


def turn(page: Page, *turns: tuple[float, float], notch: bool = False) -> None:
    """The wheel, or two fingers on a trackpad, over the canvas."""
    page.evaluate(
        """async ([turns, notch]) => {
            const canvas = document.querySelector('.canvas');
            await new Promise(done => setTimeout(done, 300));
            for (const [deltaX, deltaY] of turns) {
                const event = new WheelEvent('wheel', {
                    deltaX, deltaY, clientX: 900, clientY: 700, bubbles: true, cancelable: true,
                });
                Object.defineProperty(event, 'wheelDeltaY', {value: notch ? -120 : -3 * deltaY});
                canvas.dispatchEvent(event);
            }
        }""",
        [turns, notch],
    )


def offered(page: Page, query: str) -> str:
    """What the search for nodes offers first."""
    search = page.get_by_role("combobox", name="Add node")
    search.fill(query)
    return page.locator('[role="option"][data-active]').locator(".option-label").inner_text()


# --- looking around --------------------------------------------------------------------------------------------------


def test_a_wheel_zooms_at_the_pointer_and_two_fingers_move_the_view_however_crookedly(page: Page):
    zoom, x, y = camera(page)
    box = page.locator(".canvas").bounding_box()
    at = (900 - box["x"], 700 - box["y"])
    turn(page, (0, -100), notch=True)
    closer, x2, y2 = camera(page)
    assert closer > zoom
    assert ((at[0] - x2) / closer, (at[1] - y2) / closer) == pytest.approx(((at[0] - x) / zoom, (at[1] - y) / zoom))
    turn(page, (0, 4), (1, 30), (0, 120), (-2, 9))
    assert camera(page) == pytest.approx((closer, x2 + 1, y2 - 163), abs=0.01)
    choose_setting(page, "Wheel", "Moves the view")
    turn(page, (0, 100), notch=True)
    assert camera(page) == pytest.approx((closer, x2 + 1, y2 - 263), abs=0.01)
    choose_setting(page, "Wheel", "Zooms")
    turn(page, (0, 4), (1, 30))
    assert camera(page)[0] < closer


def test_space_moves_the_view_over_anything_and_does_nothing_else(page: Page):
    title = node(page, "8").locator(".node-name")
    title.click()
    assert selected(page) == {"8"}
    zoom, x, y = camera(page)
    box = widget(page, "3", "steps").bounding_box()
    at = (box["x"] + 60, box["y"] + 8)
    page.keyboard.down("Space")
    page.keyboard.down("Space")  # a held key repeats
    drag(page, at, (at[0] + 50, at[1] + 30))
    page.keyboard.up("Space")
    assert camera(page) == pytest.approx((zoom, x + 50, y + 30), abs=0.01)
    assert selected(page) == {"8"}
    assert not page.get_by_role("button", name="Undo").is_enabled()
    page.keyboard.press("Space")
    assert selected(page) == set()
    page.keyboard.press("Space")
    assert selected(page) == {"8"}
    text = widget(page, "6", "text").locator("textarea")
    text.click()
    page.keyboard.press("End")
    page.keyboard.type(" and pear")
    expect(text).to_have_value("a red apple and pear")


def test_space_is_the_canvas_s_again_after_a_button_was_pressed_with_the_mouse(page: Page):
    page.get_by_role("button", name="Light theme").click()
    zoom, x, y = camera(page)
    box = node(page, "8").bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 10)
    page.keyboard.down("Space")
    drag(page, (box["x"] + 80, box["y"] + 10), (box["x"] + 110, box["y"] + 50))
    page.keyboard.up("Space")
    assert camera(page) == pytest.approx((zoom, x + 30, y + 40), abs=0.01)
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert not page.locator(".canvas").evaluate("canvas => canvas.matches(':focus-visible')")


def test_the_middle_button_moves_the_view_over_fields_and_pictures(page: Page):
    for place in (widget(page, "6", "text"), widget(page, "3", "sampler_name"), node(page, "9").locator(".preview")):
        zoom, x, y = camera(page)
        box = place.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down(button="middle")
        page.mouse.move(box["x"] + box["width"] / 2 + 20, box["y"] + box["height"] / 2 + 10)
        page.mouse.up(button="middle")
        assert camera(page) == pytest.approx((zoom, x + 20, y + 10), abs=0.01)


def test_a_drag_on_nothing_selects_for_who_wants_that(page: Page):
    before = camera(page)
    choose_setting(page, "Drag on nothing", "Selects")
    box = node(page, "6").bounding_box()
    start = (box["x"] - 15, box["y"] - 15)
    drag(page, start, (box["x"] + 40, box["y"] + 40))
    assert selected(page) == {"6"}
    end = node(page, "5").bounding_box()
    page.keyboard.down("Shift")
    drag(page, (end["x"] - 15, end["y"] + end["height"] + 15), (end["x"] + 40, end["y"] + 40))
    page.keyboard.up("Shift")
    assert selected(page) == {"5", "6"}
    page.mouse.click(*start)
    assert selected(page) == set()
    assert camera(page) == before


def test_the_view_goes_along_with_the_keyboard_to_fields_outside_of_it(page: Page):
    node(page, "8").locator(".node-name").click()
    page.keyboard.press(".")
    canvas = page.locator(".canvas").bounding_box()
    assert slot(page, "5", "LATENT")[1] > canvas["y"] + canvas["height"]
    widget(page, "5", "batch_size").get_by_role("spinbutton").evaluate("field => field.focus()")
    expect(widget(page, "5", "batch_size")).to_be_in_viewport()
    page.wait_for_timeout(100)
    assert page.locator(".canvas").evaluate("canvas => [canvas.scrollLeft, canvas.scrollTop]") == [0, 0]
    drag(page, slot(page, "5", "LATENT"), (canvas["x"] + canvas["width"] / 2, canvas["y"] + 40))
    expect(page.get_by_role("combobox", name="Add node")).to_have_attribute(
        "placeholder", "Add a node that takes LATENT"
    )


def test_what_is_dragged_to_the_edge_takes_the_view_along(page: Page):
    node(page, "8").locator(".node-name").click()
    page.keyboard.press("Control+0")
    canvas = page.locator(".canvas").bounding_box()
    edge = canvas["x"] + canvas["width"] - 4
    before = camera(page)
    box = node(page, "8").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(edge - 200, box["y"] + 10)
    page.mouse.move(edge, box["y"] + 10)
    page.wait_for_timeout(400)
    page.mouse.move(edge - 300, box["y"] + 10)
    rested = camera(page)
    assert rested[1] < before[1] - 40
    held = node(page, "8").bounding_box()
    assert edge - 300 - held["x"] == pytest.approx(60, abs=2)
    page.mouse.up()
    page.wait_for_timeout(200)
    assert camera(page) == rested
    page.keyboard.press("Control+z")
    assert camera(page) == rested
    assert node(page, "8").bounding_box()["x"] == pytest.approx(box["x"] + rested[1] - before[1], abs=1)


# --- finding nodes ---------------------------------------------------------------------------------------------------


def test_the_search_offers_first_what_is_meant(page: Page):
    page.mouse.dblclick(300, 780)
    for query, name in {
        "vae": "VAE Decode",
        "ksamp": "KSampler",
        "sampler": "KSampler",
        "save": "Save Image",
        "CLIPTextEncode": "CLIP Text Encode (Prompt)",
        "latent": "Empty Latent Image",
        "image/upscaling": "Scale Image",
    }.items():
        assert offered(page, query).startswith(name), query
    offered(page, "invert mask")
    page.keyboard.press("Enter")
    expect(page.locator("[data-node-root]")).to_have_count(8)
    page.mouse.dblclick(1300, 700)
    expect(page.get_by_role("option").first).to_contain_text("Invert Mask")


def test_a_link_dropped_on_nothing_offers_first_what_the_workflow_uses(page: Page):
    for id, title, name in (("4", "VAE", "VAE Decode"), ("3", "LATENT", "KSampler"), ("8", "IMAGE", "Save Image")):
        x, y = slot(page, id, title)
        drag(page, (x, y), (x + 10, y + 420))
        expect(page.get_by_role("option").first).to_contain_text(name)
        page.keyboard.press("Escape")


def test_a_link_dropped_on_a_row_of_a_node_goes_into_that_row(page: Page):
    page.mouse.dblclick(300, 780)
    offered(page, "int")
    page.keyboard.press("Enter")
    row = widget(page, "3", "steps").bounding_box()
    x, y = slot(page, "10", "INT")
    drag(page, (x, y), (row["x"] + row["width"] / 2, row["y"] + row["height"] / 2))
    expect(widget(page, "3", "steps")).to_have_attribute("data-linked", "true")
    expect(widget(page, "3", "seed")).not_to_have_attribute("data-linked", "true")


def test_what_is_pasted_comes_where_the_mouse_is_as_one_step(page: Page):
    node(page, "6").locator(".node-name").click()
    page.keyboard.press("Control+c")
    page.mouse.move(1100, 700)
    page.keyboard.press("Control+v")
    expect(page.locator("[data-node-root]")).to_have_count(8)
    (pasted,) = selected(page)
    box = node(page, pasted).bounding_box()
    assert (box["x"], box["y"]) == pytest.approx((1100, 700), abs=30)
    page.keyboard.press("Control+z")
    expect(page.locator("[data-node-root]")).to_have_count(7)


def test_paste_goes_by_whichever_keys_the_system_has_for_it(page: Page):
    node(page, "6").locator(".node-name").click()
    page.keyboard.press("Control+Insert")
    page.keyboard.press("Shift+Insert")
    expect(page.locator("[data-node-root]")).to_have_count(8)


def test_letters_do_nothing_to_the_graph_and_looking_is_no_step_of_undo(page: Page):
    before = saved(page)["nodes"]
    node(page, "8").locator(".node-name").click()
    for letter in "abcdefghijklmnopqrstuvwxyz0123456789":
        page.keyboard.press(letter)
    page.keyboard.press("Control+a")
    page.mouse.move(800, 300)
    page.mouse.wheel(0, 120)
    assert page.locator("dialog[open], .popover").count() == 0
    assert saved(page)["nodes"] == before
    assert not page.get_by_role("button", name="Undo").is_enabled()
    page.keyboard.press("Control+h")
    page.keyboard.press("Control+Alt+w")
    search = page.get_by_role("searchbox").first
    search.click()
    page.keyboard.type("zoo.")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(search).to_have_value("")
    assert saved(page)["nodes"] == before


# --- choosing --------------------------------------------------------------------------------------------------------


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


# --- dropping --------------------------------------------------------------------------------------------------------


def drop_pictures(page: Page, names: list[str], at: tuple[float, float]) -> None:
    file = io.BytesIO()
    Image.new("RGB", (32, 16), "red").save(file, "PNG")
    page.evaluate(
        """([names, content, x, y]) => {
            const data = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), c => c.charCodeAt(0));
            for (const name of names) data.items.add(new File([bytes], name, {type: 'image/png'}));
            const event = {dataTransfer: data, bubbles: true, cancelable: true, clientX: x, clientY: y};
            document.elementFromPoint(x, y).dispatchEvent(new DragEvent('drop', event));
        }""",
        [names, base64.b64encode(file.getvalue()).decode(), *at],
    )


def test_pictures_without_a_workflow_become_loaders_where_they_are_dropped(page: Page):
    page.expected_errors.append("400")
    drop_pictures(page, ["first one.png", "zweites ü.png"], (300, 740))
    expect(page.locator("[data-node-root]")).to_have_count(9)
    expect(page.get_by_role("tab")).to_have_count(1)
    expect(widget(page, "10", "image").locator(".field-value")).to_have_text("first one.png")
    expect(widget(page, "11", "image").locator(".field-value")).to_have_text("zweites ü.png")
    expect(page.get_by_text("carries no workflow").first).to_be_visible()
    box = node(page, "10").bounding_box()
    assert (box["x"], box["y"]) == pytest.approx((300, 740), abs=30)
    drop_pictures(page, ["third.png"], (box["x"] + 100, box["y"] + 40))
    expect(widget(page, "10", "image").locator(".field-value")).to_have_text("third.png")
    expect(page.locator("[data-node-root]")).to_have_count(9)


def test_a_picture_that_is_gone_says_so_on_its_node(page: Page):
    page.expected_errors.append("404")
    one = {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [320, 0], "widgets_values": ["gone.png", "image"]}
    open_workflow(page, {"nodes": [one], "links": [], "version": 0.4})
    expect(node(page, "1").locator(".preview")).to_have_text("gone.png cannot be shown")


# --- waiting ---------------------------------------------------------------------------------------------------------


def test_a_run_that_the_page_joins_in_the_middle_ends_on_its_nodes_too(page: Page, quiet_afterwards: None):
    make_small(page)
    type_number(page, "3", "steps", "150")
    page.keyboard.press("Control+Enter")
    expect(node(page, "3")).to_have_attribute("data-state", "running", timeout=RUN_SECONDS * 1000)
    expect(page.locator(".status-progress")).to_contain_text(" of 150")
    page.wait_for_timeout(700)  # the draft is written
    page.reload()
    expect(node(page, "3")).to_have_attribute("data-state", "running")
    page.locator('.status [data-outcome="success"]').wait_for(timeout=RUN_SECONDS * 1000)
    expect(page.locator('[data-node-root][data-state="running"]')).to_have_count(0)


def test_a_node_that_runs_shows_how_far_it_is_and_what_it_makes_near_and_collapsed(page: Page, quiet_afterwards: None):
    make_small(page)
    type_number(page, "3", "steps", "10000")
    page.keyboard.press("Control+Enter")
    bar = node(page, "3").get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"\d+"), timeout=RUN_SECONDS * 1000)
    live = node(page, "3").locator(".preview[data-live] img")
    expect(live).to_be_visible()
    assert live.evaluate("image => image.naturalWidth") > 0
    outline = node(page, "3").evaluate("one => getComputedStyle(one).boxShadow")
    assert outline != node(page, "8").evaluate("one => getComputedStyle(one).boxShadow")
    node(page, "3").get_by_role("button", name="Collapse").click()
    expect(bar).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(bar).to_have_count(0)
    expect(page.locator('.status [data-outcome="interrupted"]')).to_be_visible()


def test_what_waits_can_be_looked_at_as_a_workflow(page: Page, quiet_afterwards: None):
    page.keyboard.press("Control+h")
    make_small(page)
    type_number(page, "3", "steps", "10000")
    page.keyboard.press("Control+Enter")
    type_number(page, "3", "steps", "9999")
    page.keyboard.press("Control+Enter")
    type_number(page, "3", "steps", "3")
    rows = page.locator(".queue-row")
    expect(rows).to_have_count(2)
    rows.nth(1).get_by_role("button", name="Open this workflow").click()
    expect(page.get_by_role("tab")).to_have_count(2)
    expect(tab(page)).to_contain_text("Text to image")
    expect(widget(page, "3", "steps").get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "9999")


# --- starting and closing --------------------------------------------------------------------------------------------


def test_a_script_of_a_pack_that_never_arrives_keeps_nobody_waiting(page: Page):
    held: list[Route] = []
    page.route("**/api/extensions", lambda route: route.fulfill(json=["/extensions/slow/never.js"]))
    page.route("**/extensions/slow/never.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    page.wait_for_selector("[data-node-root]")
    type_number(page, "3", "steps", "7")
    expect(widget(page, "3", "steps").locator(".field-value")).to_have_text("7")
    for _ in range(50):
        if held:
            break
        page.wait_for_timeout(100)
    assert held
    held[0].fulfill(body="", content_type="text/javascript")


def test_what_was_changed_and_closed_without_saving_is_not_in_the_file(page: Page):
    page.keyboard.press("Control+Shift+s")
    page.get_by_label("Name", exact=True).fill("kept as it was")
    page.keyboard.press("Enter")
    expect(tab(page)).to_have_text("kept as it was")
    type_number(page, "3", "steps", "7")
    page.keyboard.press("Alt+w")
    page.get_by_role("button", name="Close without saving").click()
    expect(tab(page)).to_have_text("Untitled")
    page.get_by_role("button", name="Workflows").click()
    page.get_by_role("complementary", name="Workflows").get_by_role("button", name="kept as it was", exact=True).click()
    expect(tab(page)).to_have_text("kept as it was")
    expect(widget(page, "3", "steps").locator(".field-value")).to_have_text("20")
