"""Every kind of widget, as a person uses it, and that the workflow holds what the page shows."""

from __future__ import annotations

import json
import re

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, Route, expect

from tests.browser.hands import drag, node, open_workflow, run, saved, slot, type_number, widget

MODELS = [f"{folder}/model_{i:04}.safetensors" for folder in ("flux", "sdxl/anime", "sdxl/photo") for i in range(1500)]
WIDGETS = {
    "amount": ["FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.05, "display": "slider"}],
    "seed": ["INT", {"default": 7, "min": 0, "max": 2**64 - 1, "control_after_generate": True}],
    "model": [MODELS, {}],
    "several": ["COMBO", {"options": ["red", "green", "blue"], "multiselect": True}],
    "file": ["COMBO", {"remote": {"route": "/internal/files/output", "refresh_button": True}}],
    "tint": ["COLOR", {"default": "#ff8800"}],
    "packed": ["INT", {"default": 0, "min": 0, "max": 0xFFFFFF, "display": "color"}],
    "palette": ["COLORS", {"default": []}],
    "box": ["BOUNDING_BOX", {"default": {"x": 0, "y": 0, "width": 512, "height": 512}}],
    "curve": ["CURVE", {"default": {"points": [[0.0, 0.0], [1.0, 1.0]], "interpolation": "monotone_cubic"}}],
    "boxes": ["BOUNDING_BOXES", {"default": []}],
    "state": ["COMPOSITOR", {"default": {}}],
    "secret": ["INT", {"default": 3, "hidden": True}],
    "on": ["BOOLEAN", {"default": False}],
    "text": ["STRING", {"multiline": True, "default": "a red apple on a table"}],
}
EVERY = {
    "input": {"required": WIDGETS}, "input_order": {"required": list(WIDGETS)}, "output": [], "output_name": [],
    "output_is_list": [], "name": "EveryWidget", "display_name": "Every Widget", "description": "",
    "python_module": "nodes", "category": "test", "output_node": True,
}  # fmt: skip


@pytest.fixture
def every(page: Page) -> Page:
    """The editor with one node that has a widget of each kind, which the server does not know."""

    def with_every(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"EveryWidget": EVERY})

    page.route("**/api/object_info", with_every)
    page.reload()
    page.wait_for_selector("[data-node-root]")
    one = {"id": 1, "type": "EveryWidget", "pos": [0, 0], "size": [320, 0], "inputs": [], "outputs": []}
    open_workflow(page, {"nodes": [one], "links": [], "version": 0.4})
    expect(node(page, "1")).to_be_visible()
    return page


def values(page: Page) -> dict:
    """The values of the node by name. The seed has a second place, the box four more."""
    found = saved(page)["nodes"][0]["widgets_values"]
    places = []
    for name in WIDGETS:
        places += [name] + [None] * {"seed": 1, "box": 4}.get(name, 0)
    return {name: value for name, value in zip(places, found, strict=False) if name}


def test_numbers_take_sums_and_keep_64_bits(every: Page):
    type_number(every, "1", "seed", "2^64 - 1")
    assert values(every)["seed"] == 2**64 - 1
    type_number(every, "1", "seed", "(512+64)*2")
    type_number(every, "1", "seed", "/4")
    assert values(every)["seed"] == 288
    type_number(every, "1", "seed", "nonsense")
    assert values(every)["seed"] == 288
    widget(every, "1", "seed").get_by_role("button", name="Between runs").click()
    every.get_by_role("menuitem", name="Draw a new one now").click()
    assert values(every)["seed"] != 288
    every.locator(".canvas").focus()
    every.keyboard.press("Control+z")
    assert values(every)["seed"] == 288


def test_a_number_has_the_focus_again_as_soon_as_it_is_entered(every: Page):
    seed = widget(every, "1", "seed")
    for key in ("Enter", "Escape"):
        seed.get_by_role("spinbutton").click()
        expect(seed.locator("input")).to_be_focused()
        role = every.evaluate(
            """key => {
                document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
                return document.activeElement.role;
            }""",
            key,
        )
        assert role == "spinbutton"


def test_a_slider_is_pressed_dragged_stepped_and_typed_into(every: Page):
    slider = widget(every, "1", "amount").get_by_role("slider")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    every.mouse.click(box["x"] + box["width"] * 0.2, middle)
    assert values(every)["amount"] == 0.2
    drag(every, (box["x"] + box["width"] * 0.3, middle), (box["x"] + box["width"] * 0.75, middle))
    assert values(every)["amount"] == 0.75
    every.locator(".canvas").focus()
    every.keyboard.press("Control+z")
    assert values(every)["amount"] == 0.2
    slider.press("End")
    slider.press("ArrowLeft")
    assert values(every)["amount"] == 0.95
    slider.press("Enter")
    every.keyboard.type("1/4")
    every.keyboard.press("Enter")
    assert values(every)["amount"] == 0.25


def test_a_combo_of_thousands_goes_by_folders_filters_and_draws_only_what_is_seen(every: Page):
    widget(every, "1", "model").get_by_role("button").click()
    search = every.get_by_role("combobox", name="model")
    expect(every.get_by_role("option", name="model_0000.safetensors", exact=True)).to_be_visible()
    assert every.get_by_role("listbox").get_by_role("option").count() < 40
    search.press("Backspace")
    expect(every.get_by_role("listbox").get_by_role("option").first).to_contain_text("flux")
    every.get_by_role("option", name="sdxl").click()
    every.get_by_role("option", name="photo").click()
    search = every.get_by_role("combobox", name="model")
    search.fill("1234")
    search.press("Enter")
    assert values(every)["model"] == "sdxl/photo/model_1234.safetensors"
    button = widget(every, "1", "model").get_by_role("button")
    expect(button).to_be_focused()
    button.press("ArrowDown")
    assert values(every)["model"] == "sdxl/photo/model_1235.safetensors"


def test_several_options_are_ticked_in_one_list(every: Page):
    widget(every, "1", "several").get_by_role("button").click()
    for name in ("green", "blue", "red", "blue"):
        every.get_by_role("option", name=name).click()
    every.keyboard.press("Escape")
    assert values(every)["several"] == ["green", "red"]


def test_a_list_that_the_server_keeps_is_asked_for_and_asked_again(every: Page):
    asked = []
    every.route(
        "**/internal/files/output",
        lambda route: asked.append(route.request.url) or route.fulfill(json=[f"made_{len(asked)}.png [output]"]),
    )
    widget(every, "1", "file").get_by_role("button", name="Refresh file").click()
    widget(every, "1", "file").get_by_role("button", name=re.compile("^file ")).click()
    every.get_by_role("option", name="made_1.png").click()
    assert values(every)["file"] == "made_1.png [output]"


def test_colours_are_typed_and_picked_and_kept_as_the_node_wants_them(every: Page):
    hexes = {name: widget(every, "1", name).locator(".field-hex") for name in ("tint", "packed")}
    hexes["tint"].fill("#0f8")
    hexes["tint"].press("Enter")
    hexes["packed"].fill("102030")
    hexes["packed"].press("Enter")
    widget(every, "1", "palette").get_by_role("button").click()
    widget(every, "1", "palette").locator("input").first.fill("#123456")
    assert {k: values(every)[k] for k in ("tint", "packed", "palette")} == {
        "tint": "#00ff88", "packed": 0x102030, "palette": ["#123456"],
    }  # fmt: skip
    hexes["tint"].fill("no colour")
    hexes["tint"].press("Enter")
    expect(hexes["tint"]).to_have_value("#00ff88")


def test_a_box_has_four_numbers_and_a_curve_has_points(every: Page):
    widget(every, "1", "box").get_by_role("spinbutton", name="width").click()
    every.keyboard.type("64*2")
    every.keyboard.press("Enter")
    assert values(every)["box"] == {"x": 0, "y": 0, "width": 128, "height": 512}
    plot = widget(every, "1", "curve").locator("svg")
    box = plot.bounding_box()
    drag(
        every,
        (box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5),
        (box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.25),
    )
    [_, middle, _] = values(every)["curve"]["points"]
    assert middle == pytest.approx([0.5, 0.75], abs=0.02)
    every.locator(".canvas").focus()
    every.keyboard.press("Control+z")
    assert len(values(every)["curve"]["points"]) == 2


def test_boxes_are_drawn_described_moved_and_taken_away(every: Page):
    boxes = widget(every, "1", "boxes")
    canvas = boxes.locator(".box-paper").bounding_box()  # 1024 pixels each way

    def place(x: float, y: float) -> tuple[float, float]:
        return canvas["x"] + x * canvas["width"] / 1024, canvas["y"] + y * canvas["height"] / 1024

    def rects() -> list[list[int]]:
        return [[box[side] for side in ("x", "y", "width", "height")] for box in values(every)["boxes"]]

    drag(every, place(100, 100), place(400, 300))
    drag(every, place(600, 500), place(900, 900))
    assert rects() == [pytest.approx(one, abs=8) for one in ([100, 100, 300, 200], [600, 500, 300, 400])]
    boxes.get_by_label("Description").fill("a red apple")
    boxes.get_by_label("What it is").select_option("Lettering")
    boxes.get_by_label("Its letters").fill("EASEL")
    boxes.get_by_label("Description").focus()
    boxes.get_by_role("button", name="Add a colour").click()
    assert values(every)["boxes"][1]["metadata"] == {
        "type": "text", "text": "EASEL", "desc": "a red apple", "palette": ["#ffffff"]
    }  # fmt: skip
    first = boxes.get_by_role("slider", name="Box 1 of 2")
    before = rects()[0]
    first.focus()
    every.keyboard.press("Control+ArrowRight")
    every.keyboard.press("Shift+ArrowDown")
    assert rects()[0] == [before[0] + 10, before[1], before[2], before[3] + 1]
    every.keyboard.press("Delete")
    assert len(rects()) == 1
    boxes.get_by_role("button", name="Add a box").click()
    assert rects()[1] == [256, 256, 512, 512]
    every.locator(".canvas").focus()
    for left in (1, 2):
        every.keyboard.press("Control+z")
        assert len(rects()) == left


def test_esc_while_a_widget_is_held_gives_it_the_value_from_before(every: Page):
    before = saved(every)["nodes"]
    for name, inside in (
        ("amount", '[role="slider"]'),
        ("curve", "svg"),
        ("boxes", "svg"),
        ("box", '[role="spinbutton"]'),
    ):
        box = widget(every, "1", name).locator(inside).first.bounding_box()
        middle = (box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.4)
        every.mouse.move(*middle)
        every.mouse.down()
        every.mouse.move(middle[0] + 20, middle[1] + 8)
        every.mouse.move(middle[0] + 40, middle[1] + 8)
        expect(every.get_by_role("button", name="Undo")).to_be_enabled()
        every.keyboard.press("Escape")
        expect(every.get_by_role("button", name="Undo")).to_be_disabled()
        every.mouse.move(middle[0] + 60, middle[1] + 8)
        every.mouse.up()
        assert saved(every)["nodes"] == before, name


def test_what_no_widget_knows_is_edited_as_json_and_what_is_hidden_is_kept(every: Page):
    field = widget(every, "1", "state").get_by_role("textbox")
    field.fill('{"layers": [1, 2')
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill('{"layers": [1, 2]}')
    field.press("Enter")
    assert values(every)["state"] == {"layers": [1, 2]}
    expect(widget(every, "1", "secret")).to_have_count(0)
    assert values(every)["secret"] == 3


def test_words_of_a_prompt_are_weighed_by_key_and_the_field_undoes_it_itself(every: Page):
    text = widget(every, "1", "text").locator("textarea")
    text.evaluate("field => { field.focus(); field.setSelectionRange(4, 4); }")
    every.keyboard.press("Control+ArrowUp")
    every.keyboard.press("Control+ArrowUp")
    expect(text).to_have_value("a (red:1.1) apple on a table")
    every.keyboard.press("Control+ArrowDown")
    every.keyboard.press("Control+ArrowDown")
    expect(text).to_have_value("a red apple on a table")
    every.keyboard.press("Control+z")
    expect(text).to_have_value("a (red:1.05) apple on a table")


def test_names_of_embeddings_are_completed_while_typing(every: Page):
    every.route("**/api/embeddings", lambda route: route.fulfill(json=["soft-light", "hard-light", "ink"]))
    text = widget(every, "1", "text").locator("textarea")
    text.fill("")
    text.press_sequentially("a pear, embedding:ligh")
    expect(every.get_by_role("listbox", name="Names").get_by_role("option")).to_have_count(2)
    text.press("ArrowDown")
    text.press("Enter")
    assert values(every)["text"].startswith("a pear, embedding:")
    assert values(every)["text"].endswith("-light")
    expect(every.get_by_role("listbox", name="Names")).to_have_count(0)


def drop_picture(page: Page, at: tuple[float, float], name: str, type: str) -> None:
    """A small red picture, dropped from outside."""
    page.evaluate(
        """async ({at, name, type}) => {
            const canvas = new OffscreenCanvas(48, 32);
            const ctx = canvas.getContext('2d');
            ctx.fillStyle = '#c03020';
            ctx.fillRect(0, 0, 48, 32);
            const data = new DataTransfer();
            data.items.add(new File([await canvas.convertToBlob({type: 'image/png'})], name, {type}));
            const [clientX, clientY] = at;
            document.elementFromPoint(clientX, clientY).dispatchEvent(
                new DragEvent('drop', {dataTransfer: data, clientX, clientY, bubbles: true, cancelable: true}));
        }""",
        {"at": at, "name": name, "type": type},
    )


def test_a_picture_dropped_on_a_loader_or_pasted_is_uploaded_and_shown(page: Page):
    loader = {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [300, 300], "inputs": [], "outputs": []}
    open_workflow(page, {"nodes": [loader], "links": [], "version": 0.4})
    box = node(page, "1").bounding_box()
    drop_picture(page, (box["x"] + 60, box["y"] + 60), "dropped.png", "image/png")
    picture = node(page, "1").locator(".preview img")
    expect(picture).to_have_js_property("naturalWidth", 48)
    expect(picture).to_have_js_property("naturalHeight", 32)
    assert saved(page)["nodes"][0]["widgets_values"][0] == "dropped.png"

    node(page, "1").focus()
    page.keyboard.press("Delete")
    page.evaluate(
        """async () => {
            const blob = await new OffscreenCanvas(16, 16).getContext('2d').canvas.convertToBlob({type: 'image/png'});
            const data = new DataTransfer();
            data.items.add(new File([blob], 'pasted.png', {type: 'image/png'}));
            document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
        }"""
    )
    page.locator(".preview img").wait_for()
    [made] = saved(page)["nodes"]
    assert (made["type"], made["widgets_values"][0]) == ("LoadImage", "pasted.png")


def test_two_pictures_are_compared_under_one_line(page: Page):
    workflow = {
        "nodes": [
            {"id": 1, "type": "EmptyImage", "pos": [0, 0], "widgets_values": [64, 48, 1, 0xFF0000]},
            {"id": 2, "type": "EmptyImage", "pos": [0, 240], "widgets_values": [64, 48, 1, 0x0000FF]},
            {"id": 3, "type": "ImageCompare", "pos": [360, 0], "size": [320, 320]},
        ],
        "links": [[1, 1, 0, 3, 0, "IMAGE"], [2, 2, 0, 3, 1, "IMAGE"]],
        "version": 0.4,
    }
    for one, links in zip(workflow["nodes"], ([], [], ["image_a", "image_b"]), strict=True):
        one["inputs"] = [{"name": name, "type": "IMAGE", "link": i + 1} for i, name in enumerate(links)]
        one["outputs"] = [] if links else [{"name": "IMAGE", "type": "IMAGE", "links": [one["id"]]}]
    open_workflow(page, workflow)
    run(page)
    line = node(page, "3").get_by_role("slider", name="Line between the two pictures")
    expect(line.locator("img")).to_have_count(2)
    line.press("Home")
    line.press("ArrowRight")
    expect(line).to_have_attribute("aria-valuenow", "2")
    node(page, "3").locator(".preview").hover()
    node(page, "3").get_by_role("button", name="Full screen").click()
    expect(page.locator("dialog.lightbox img")).to_have_count(2)
    expect(page.locator("dialog.lightbox").get_by_role("slider")).to_have_attribute("aria-valuenow", "50")


def test_a_widget_is_also_a_socket(page: Page):
    assert widget(page, "5", "width").get_attribute("data-linked") is None
    page.mouse.dblclick(300, 780)
    page.get_by_role("combobox", name="Add node").fill("PrimitiveInt")
    page.keyboard.press("Enter")
    drag(page, slot(page, "10", "INT"), slot(page, "5", "width"))
    expect(widget(page, "5", "width")).to_have_attribute("data-linked", "true")
    assert json.dumps(saved(page)).count('"widget": {"name": "width"}') >= 1
