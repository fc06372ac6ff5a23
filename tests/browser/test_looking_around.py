"""Looking around: wheels, fingers, Space, the middle button and the edge move the view, and nothing else."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import drag, next_frame, node, selected, slot, widget

VIEW_X = "new DOMMatrix(getComputedStyle(document.querySelector('.canvas > .world')).transform).e"


def camera(page: Page) -> tuple[float, float, float]:
    """Zoom, x, y."""
    next_frame(page)
    found = page.evaluate("""() => {
        const {a, e, f} = new DOMMatrix(getComputedStyle(document.querySelector('.canvas > .world')).transform);
        return [a, e, f];
    }""")
    return tuple(found)


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
    theme = page.get_by_role("button", name=re.compile("^(Light|Dark) theme$"))
    theme.click()
    chosen = page.locator("html").get_attribute("data-theme")
    zoom, x, y = camera(page)
    box = node(page, "8").bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 10)
    page.keyboard.down("Space")
    drag(page, (box["x"] + 80, box["y"] + 10), (box["x"] + 110, box["y"] + 50))
    page.keyboard.up("Space")
    assert camera(page) == pytest.approx((zoom, x + 30, y + 40), abs=0.01)
    expect(page.locator("html")).to_have_attribute("data-theme", chosen)
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
    next_frame(page)
    canvas = page.locator(".canvas").bounding_box()
    assert slot(page, "5", "LATENT")[1] > canvas["y"] + canvas["height"]
    widget(page, "5", "batch_size").get_by_role("spinbutton").evaluate("field => field.focus()")
    expect(widget(page, "5", "batch_size")).to_be_in_viewport()
    next_frame(page)
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
    page.wait_for_function(f"() => {VIEW_X} < {before[1] - 40}")
    page.mouse.move(edge - 300, box["y"] + 10)
    next_frame(page)
    rested = camera(page)
    held = node(page, "8").bounding_box()
    assert edge - 300 - held["x"] == pytest.approx(60, abs=2)
    page.mouse.up()
    next_frame(page)
    assert camera(page) == rested
    page.keyboard.press("Control+z")
    assert camera(page) == rested
    assert node(page, "8").bounding_box()["x"] == pytest.approx(box["x"] + rested[1] - before[1], abs=1)
