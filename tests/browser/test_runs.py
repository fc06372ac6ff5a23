"""Runs as a person sees them: parts of a workflow, the queue, what is done, what failed."""

from __future__ import annotations

import json
import re

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import RUN_SECONDS, drop_file, make_small, node, run, tab, type_number, until_kept, widget

DONE = '.status [data-outcome="success"]'


@pytest.fixture(autouse=True)
def no_history(page: Page) -> None:
    """The server and its history go on after a test."""
    page.request.post(f"{page.url}api/history", data={"clear": True})


def press_run_menu(page: Page, name: str) -> None:
    page.get_by_role("button", name="More ways to run").click()
    page.locator('[role="menu"] button', has_text=name).click()


def wait_until_done(page: Page) -> None:
    page.locator(DONE).wait_for(timeout=RUN_SECONDS * 1000)


def make_long(page: Page) -> None:
    """Long enough to be stopped, at any speed of the machine."""
    make_small(page)
    type_number(page, "3", "steps", "10000")


def test_run_to_here_shows_the_picture_on_the_node_itself_and_runs_no_other_output(page: Page):
    make_small(page)
    node(page, "8").locator(".node-title").click()
    page.keyboard.press("Alt+Enter")
    node(page, "8").locator(".preview img").wait_for(timeout=RUN_SECONDS * 1000)
    wait_until_done(page)
    expect(node(page, "9").locator(".preview img")).to_have_count(0)
    press_run_menu(page, "Run what depends on it")
    node(page, "9").locator(".preview img").wait_for(timeout=RUN_SECONDS * 1000)


def test_results_stay_with_the_tab_that_asked_for_them_also_over_a_reload(page: Page):
    make_small(page)
    page.get_by_role("button", name="Run", exact=True).click()
    page.keyboard.press("Alt+n")
    expect(page.locator("[data-node-root]")).to_have_count(0)
    wait_until_done(page)
    page.keyboard.press("Alt+1")
    picture = node(page, "9").locator(".preview img")
    picture.wait_for()
    url = picture.get_attribute("src")
    until_kept(page, lambda kept: any(one.get("results") for one in kept.values()))
    page.reload()
    expect(picture).to_have_attribute("src", url)


def test_what_waits_is_seen_taken_out_one_by_one_and_all_at_once(page: Page):
    page.keyboard.press("Control+h")
    make_long(page)
    for _ in range(4):
        page.keyboard.press("Control+Enter")
    panel = page.get_by_role("complementary", name="Queue and history")
    rows = panel.locator(".queue-row")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("Text to image")
    expect(rows.first).to_contain_text("KSampler")
    panel.get_by_role("button", name="Remove from the queue").first.click()
    expect(rows).to_have_count(3)
    panel.get_by_role("button", name="Clear waiting").click()
    expect(rows).to_have_count(1)
    expect(tab(page, "Text to image, not saved, running")).to_be_visible()
    expect(page).to_have_title(re.compile("%"))
    panel.get_by_role("button", name="Interrupt", exact=True).click()
    expect(rows).to_have_count(0)
    expect(panel.locator(".history-row").first).to_contain_text("Interrupted")


def test_the_history_opens_the_workflow_in_a_tab_runs_it_again_and_forgets_it(page: Page):
    make_small(page)
    widget(page, "6", "text").locator("textarea").fill("a picture of the past")
    run(page)
    page.keyboard.press("Control+h")
    row = page.locator(".history-row")
    expect(row).to_have_count(1)
    widget(page, "6", "text").locator("textarea").fill("something else")
    row.hover()
    row.get_by_role("button", name="Open this workflow").click()
    expect(page.get_by_role("tab")).to_have_count(2)
    expect(widget(page, "6", "text").locator("textarea")).to_have_value("a picture of the past")
    row.get_by_role("button", name="Run it again").click()
    expect(page.locator(".history-row")).to_have_count(2)
    page.locator(".history-row").first.get_by_role("button", name="Remove from the history").click()
    expect(page.locator(".history-row")).to_have_count(1)


def test_more_of_the_history_comes_as_it_is_scrolled_to(page: Page):
    prompt = {"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
              "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}}  # fmt: skip
    for _ in range(45):
        page.request.post(f"{page.url}api/prompt", data={"prompt": prompt, "client_id": "somebody"})
    page.keyboard.press("Control+h")
    rows = page.locator(".history-row")
    expect(rows).to_have_count(40)
    page.locator(".panel-more").scroll_into_view_if_needed()
    expect(rows).to_have_count(45)


def test_it_runs_by_itself_after_a_change_and_stops_when_told(page: Page):
    make_small(page)
    press_run_menu(page, "Run after each change")
    wait_until_done(page)
    page.keyboard.press("Control+h")
    expect(page.locator(".history-row")).to_have_count(1)
    type_number(page, "3", "steps", "3")
    expect(page.locator(".history-row")).to_have_count(2)
    page.get_by_role("button", name="On change").click()
    type_number(page, "3", "steps", "4")
    page.wait_for_timeout(800)
    expect(page.locator(".history-row")).to_have_count(2)


def test_a_failure_is_shown_in_full_with_the_way_to_its_node(page: Page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    broken = {"name": "broken.png", "mimeType": "image/png", "buffer": b"no picture at all"}
    page.request.post(f"{page.url}api/upload/image", multipart={"image": broken, "overwrite": "true"})
    prompt = {"1": {"class_type": "LoadImage", "inputs": {"image": "broken.png"}},
              "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}}  # fmt: skip
    drop_file(page, "broken.json", json.dumps(prompt))
    expect(tab(page)).to_have_text("broken")
    page.keyboard.press("Control+Enter")
    expect(node(page, "1")).to_have_attribute("data-failed", "true")
    page.keyboard.press("Alt+1")
    page.get_by_role("alert").get_by_role("button", name="Details").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".error-message")).to_contain_text("broken.png")
    expect(dialog.locator(".error-traceback")).to_contain_text("line")
    dialog.get_by_role("button", name="Copy report").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).includes('LoadImage')")
    dialog.get_by_role("button", name="Show node").click()
    expect(tab(page)).to_have_text("broken")
    expect(node(page, "1")).to_be_focused()
    page.keyboard.press("Control+h")
    page.locator(".history-row").first.locator(".history-message").click()
    expect(page.get_by_role("dialog")).to_contain_text("LoadImage failed")


def test_the_history_names_the_workflow_of_a_run_also_after_its_tab_is_closed_and_in_another_window(page: Page):
    make_small(page)
    page.keyboard.press("Escape")
    run(page)
    page.keyboard.press("Alt+w")
    page.get_by_role("button", name="Close without saving").click()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Queue and history").click()
    expect(other.locator(".history-row").first.locator(".history-name")).to_have_text("Text to image")
