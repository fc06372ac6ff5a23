"""Scripts of packs, written as circulating ones are, in the real page against the real server."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.browser.hands import drag, links, next_frame, node, saved, slot, widget
from tests.browser.places import Place, close_place, open_place, panels_of_packs, take_up
from tests.browser.test_accessibility import load_axe, needs_axe, violations
from tests.browser.test_leaks import assert_nothing_is_left, count_subscribers
from tests.waiting import PATIENCE_SECONDS

PACKS = Path(__file__).parent / "packs"
UP = "window.stylesSeen?.stats !== undefined && document.querySelector('.rail [aria-label=Dials]') !== null"
"""Of both packs that work: the one is for ComfyUI's pages, the other for ours."""


def until(page: Page, condition: str) -> None:
    """Waits for a condition of the page; it may evaluate nothing itself, so it is asked again and again."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the packs beside this file."""
    base = tmp_path_factory.mktemp("with-packs")
    shutil.copytree(PACKS, base / "custom_nodes")
    with serving(base) as url:
        yield url


@pytest.fixture
def page(page: Page) -> Page:
    """The page with an empty canvas, once the packs are up."""
    page.expected_errors += ["no such thing", "404"]
    until(page, UP)
    page.evaluate("app.loadGraphData({nodes: [], links: []})")
    expect(page.locator("[data-node-root]")).to_have_count(0)
    return page


def add(page: Page, type: str, x: int, y: int = 0) -> str:
    """A node of this class, as a pack would add it."""
    made = "const n = LiteGraph.createNode(type); n.pos = [x, y]; app.graph.add(n); return String(n.id)"
    id = page.evaluate(f"([type, x, y]) => {{ {made} }}", [type, x, y])
    page.keyboard.press(".")
    node(page, id).wait_for()
    next_frame(page)
    return id


def run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator('.status [data-outcome="success"]').wait_for()


def menu(page: Page, id: str) -> None:
    node(page, id).locator(".node-title").click(button="right")


def test_what_a_node_said_is_shown_in_it_and_kept_in_the_file(page: Page):
    text, show = add(page, "StylesText", 0), add(page, "StylesShowText", 400)
    drag(page, slot(page, text, "STRING"), slot(page, show, "text"))
    run(page)
    lines = node(page, show).locator("textarea")
    expect(lines).to_have_count(2)
    for line, said in zip(lines.all(), ("hello!", "HELLO!"), strict=True):  # the suffix is the other extension's
        expect(line).to_have_value(said)
    file = saved(page)
    assert next(n for n in file["nodes"] if n["type"] == "StylesShowText")["widgets_values"] == ["hello!", "HELLO!"]
    page.evaluate("file => app.loadGraphData(file)", file)
    expect(node(page, show).locator("textarea").last).to_have_value("HELLO!")


def test_inputs_come_as_links_are_made_and_go_as_they_are_cut(page: Page):
    one, two, join = add(page, "StylesText", 0), add(page, "StylesText", 0, 200), add(page, "StylesJoin", 400)
    show = add(page, "StylesShowText", 800)
    drag(page, slot(page, one, "STRING"), slot(page, join, "text_1"))
    drag(page, slot(page, two, "STRING"), slot(page, join, "text_2"))
    drag(page, slot(page, join, "STRING"), slot(page, show, "text"))
    expect(node(page, join).locator('.slot[data-side="in"]')).to_have_count(3)
    widget(page, two, "text").get_by_role("textbox").fill("world")
    run(page)
    expect(node(page, show).locator("textarea").first).to_have_value("hello!+world!")
    page.evaluate("file => app.loadGraphData(file)", saved(page))
    expect(node(page, join).locator('.slot[data-side="in"]')).to_have_count(3)
    assert (int(two), int(join)) in links(page)
    page.evaluate("id => app.graph.getNodeById(id).disconnectInput(1)", int(join))
    expect(node(page, join).locator('.slot[data-side="in"]')).to_have_count(2)


def test_a_widget_of_a_type_of_its_own_is_an_element_and_is_undone_as_one_step(page: Page):
    swatch, show = add(page, "StylesSwatch", 0), add(page, "StylesShowText", 400)
    drag(page, slot(page, swatch, "STRING"), slot(page, show, "text"))
    color = node(page, swatch).get_by_label("color")
    expect(color).to_have_value("#ff0000")
    node(page, swatch).get_by_role("button", name="Make it blue").click()
    expect(widget(page, swatch, "amount").get_by_role("spinbutton")).to_have_attribute("aria-valuenow", "7")
    file = saved(page)
    assert next(n for n in file["nodes"] if n["type"] == "StylesSwatch")["widgets_values"][:2] == ["#0000ff", 7]
    run(page)
    expect(node(page, show).locator("textarea").first).to_have_value("color(#0000ff) x7")
    page.evaluate("file => app.loadGraphData(file)", file)
    expect(color).to_have_value("#0000ff")


def test_widgets_are_shown_and_hidden_and_keep_their_values(page: Page):
    shape = add(page, "StylesShape", 0)
    expect(widget(page, shape, "width")).to_have_count(0)
    expect(widget(page, shape, "radius")).to_have_count(1)
    before = node(page, shape).bounding_box()["height"]
    widget(page, shape, "kind").get_by_role("button").click()
    page.get_by_role("option", name="box").click()
    expect(widget(page, shape, "width")).to_have_count(1)
    expect(widget(page, shape, "radius")).to_have_count(0)
    assert node(page, shape).bounding_box()["height"] == before
    made = page.evaluate("app.graphToPrompt().then(p => p.output)")
    assert made[shape]["inputs"] == {"kind": "box", "radius": 1, "width": 4}
    page.keyboard.press("Control+z")
    expect(widget(page, shape, "radius")).to_have_count(1)


def test_menus_of_nodes_and_canvas_have_what_packs_put_there(page: Page):
    text = add(page, "StylesText", 0)
    menu(page, text)
    page.get_by_role("menuitem", name="Paint it…").click()
    page.get_by_role("menuitem", name="red").click()
    expect(node(page, text)).to_have_attribute("data-tinted", "true")
    page.locator(".canvas").click(button="right", position={"x": 30, "y": 30})
    page.get_by_role("menuitem", name="Add two texts").click()
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    expect(page.locator("[data-node-root]")).to_have_count(3)
    values = [n["widgets_values"] for n in saved(page)["nodes"]]
    assert values == [["hello"], ["one"], ["two"]]


def test_commands_have_keys_settings_are_kept_and_events_arrive(page: Page):
    text = add(page, "StylesText", 0)
    page.locator(".canvas").focus()
    page.keyboard.press("Control+Alt+u")
    expect(node(page, text)).to_have_attribute("data-mode", "muted")
    page.keyboard.press("Control+z")
    expect(node(page, text)).not_to_have_attribute("data-mode", "muted")

    page.keyboard.press("Control+,")
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_label("Search settings").fill("styles")
    dialog.get_by_label("Suffix of texts").fill("?")
    dialog.get_by_label("Loud").check()
    until(page, "fetch('api/settings').then(a => a.json()).then(a => a['styles.suffix'] === '?' && a['styles.loud'])")
    until(page, "stylesSeen.settings.join() === '!,?'")


def test_packs_draw_on_nodes_keep_things_in_files_and_have_nodes_of_the_page_only(page: Page):
    text, mark = add(page, "StylesText", 0), add(page, "StylesBookmark", 400)
    top = "document.querySelector('.node-paint canvas').getContext('2d').getImageData(20, 30, 1, 1).data.join()"
    until(page, f"{top} === '0,128,255,255'")
    file = {n["type"]: n for n in saved(page)["nodes"]}
    assert file["StylesText"]["styles_count"] == 42
    assert file["StylesText"]["properties"]["count"] == 41
    assert file["StylesBookmark"]["widgets_values"] == ["1"]
    expect(node(page, mark).locator('.slot[data-side="out"]')).to_have_count(1)
    assert list(page.evaluate("app.graphToPrompt().then(p => p.output)")) == [text]


def test_a_pack_that_throws_is_named_and_nothing_else_stops(page: Page):
    add(page, "StylesText", 0)
    page.get_by_role("button", name="Packs").click()
    panel = page.get_by_role("complementary", name="Packs")
    failed = panel.locator(".pack", has_text="broken")
    expect(failed).to_contain_text("loading import.js: no such thing")
    expect(failed).to_contain_text("broken.hooks setup: setup gave up")
    expect(failed).to_contain_text("broken.hooks nodeCreated")
    expect(panel.locator(".pack[data-failed]")).to_have_count(1)
    expect(page.get_by_role("alert").first).to_contain_text("The pack broken failed")

    with page.expect_navigation():
        panel.get_by_role("button", name="Start without packs").click()
    page.get_by_role("button", name="Packs").click()
    expect(panel).to_contain_text("Safe mode")
    assert page.evaluate("window.stylesSeen") is None
    with page.expect_navigation():
        panel.get_by_role("button", name="Load the packs").click()
    until(page, UP)


def test_the_small_api_gives_widgets_actions_panels_badges_and_menus(page: Page):
    page.locator(".canvas").focus()
    page.keyboard.press("Alt+j")
    page.keyboard.press(".")
    dials = page.locator("[data-node-root]")
    expect(dials).to_have_count(2)
    expect(dials.nth(0).locator(".node-badge:not(.node-fact)")).to_have_text("45°")
    expect(dials.nth(1).locator(".node-name")).to_have_text("Second dial")
    dials.nth(0).get_by_label("angle").fill("120")
    expect(dials.nth(0).locator(".node-badge:not(.node-fact)")).to_have_text("120°")
    dials.nth(0).locator(".node-title").click(button="right")
    page.get_by_role("menuitem", name="Straighten").click()
    expect(dials.nth(0).get_by_label("angle")).to_have_value("0")
    page.get_by_role("button", name="Dials").click()
    expect(page.get_by_role("complementary", name="Dials")).to_contain_text("2 dials")
    page.locator(".canvas").focus()
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(dials).to_have_count(0)
    expect(page.get_by_role("complementary", name="Dials")).to_contain_text("0 dials")


def test_a_key_that_is_taken_is_shown_with_who_has_it_said_in_the_log_and_can_be_given_to_the_pack(page: Page):
    said = []
    page.on("console", lambda message: said.append(message.text) if "Ctrl+M" in message.text else None)
    page.reload()
    until(page, UP)
    page.locator(".canvas").focus()
    page.keyboard.press("Alt+j")
    page.keyboard.press("F1")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    row = dialog.get_by_role("listitem").filter(has_text="Call dials dials")
    expect(row).to_contain_text("Ctrl+M is “Mute”")
    row.scroll_into_view_if_needed()
    row.get_by_role("button", name="Use it here").click()
    expect(row).not_to_contain_text("is “")
    page.keyboard.press("Escape")
    page.locator(".canvas").focus()
    page.keyboard.press("Control+m")
    expect(page.locator(".node-name", has_text="Dial")).not_to_have_count(0)
    assert len(said) == 1
    page.keyboard.press("F1")
    dialog.get_by_role("button", name="Reset all").click()
    expect(row).to_contain_text("Ctrl+M is “Mute”")


def test_panels_of_packs_are_shown_from_the_palette(page: Page):
    page.keyboard.press("Control+k")
    page.keyboard.type("show panel dials")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="Dials")).to_contain_text("0 dials")


@needs_axe
def test_panels_of_packs_have_no_violation(page: Page):
    take_up(page)
    load_axe(page)
    found = {}
    for place in panels_of_packs(page):
        open_place(page, place)
        found[place.name] = violations(page, place.shown)
        close_place(page, place)
    assert found == {"Packs": [], "Dials": []}


def test_of_the_panels_and_nodes_of_packs_is_nothing_left(page: Page):
    count_subscribers(page)
    until(page, UP)
    take_up(page)
    two_dials = "[data-node]:nth-of-type(2) [data-widget=angle] input"
    dials = Place("Dials in a row", "ext/v1/start.ts", ("press Alt+j", "press ."), two_dials, ("press Ctrl+z",))
    assert_nothing_is_left(page, [*panels_of_packs(page), dials], 20)
