"""What was made, as pictures: found again, looked at, compared, and opened as the workflow it came from."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import next_frame, tab


def make(page: Page, count: int, word: str = "grey") -> None:
    """Some runs of somebody else's, each with a picture of its own."""
    for i in range(count):
        image = {"width": 8, "height": 8 + i % 3, "batch_size": 1, "color": i * 5}
        prompt = {
            "1": {"class_type": "EmptyImage", "inputs": image},
            "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": word}},
        }
        page.request.post(f"{page.url}api/prompt", data={"prompt": prompt})
    page.wait_for_function("() => fetch('api/prompt').then(a => a.json()).then(a => !a.exec_info.queue_remaining)")


def gallery(page: Page):
    page.keyboard.press("Control+Alt+o")
    return page.get_by_role("complementary", name="Outputs")


def test_results_are_found_looked_at_opened_as_workflows_and_taken_off_the_list(page: Page):
    page.request.post(f"{page.url}api/history", data={"clear": True})
    panel = gallery(page)
    expect(panel).to_contain_text("What you make is collected here")
    make(page, 3, "apple")
    make(page, 2, "pear")
    items = panel.locator(".gallery-item")
    expect(items).to_have_count(5)
    panel.get_by_label("Search outputs").fill("pear")
    expect(items).to_have_count(2)
    items.first.locator(".gallery-open").click()
    lightbox = page.locator("dialog.lightbox")
    expect(lightbox).to_contain_text("1 of 2")
    page.keyboard.press("ArrowRight")
    expect(lightbox).to_contain_text("2 of 2")
    page.keyboard.press("Escape")
    items.first.click(button="right")
    page.get_by_role("menuitem", name="Open its workflow").click()
    expect(tab(page)).to_contain_text("pear")
    expect(page.locator("[data-node-root]")).to_have_count(2)
    items.first.click(button="right")
    page.get_by_role("menuitem", name="Remove from the list").click()
    expect(items).to_have_count(1)


def test_two_pictures_are_compared_with_a_line_between_them(page: Page):
    make(page, 2)
    panel = gallery(page)
    opens = panel.locator(".gallery-open")
    for i in (0, 1):
        opens.nth(i).click(modifiers=["Control"])
    panel.get_by_role("button", name="Compare").click()
    line = page.get_by_role("slider", name="Line between the two pictures")
    expect(line).to_have_attribute("aria-valuenow", "50")
    line.focus()
    page.keyboard.press("ArrowRight")
    expect(line).to_have_attribute("aria-valuenow", "52")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_long_gallery_has_only_what_is_in_view_in_the_page(page: Page):
    make(page, 110)
    panel = gallery(page)
    expect(panel.locator(".gallery-item").first).to_be_visible()
    assert panel.locator(".gallery-item").count() < 60
    page.wait_for_function(
        """height => {
            const scroller = document.querySelector('.gallery-scroller');
            scroller.scrollTo(0, scroller.scrollHeight);
            return scroller.scrollHeight > height;
        }""",
        arg=110 / 3 * 80,
    )
    next_frame(page)
    assert panel.locator(".gallery-item").count() < 60


def test_a_result_whose_file_is_gone_is_a_sign_and_not_a_broken_picture(page: Page):
    page.expected_errors.append("404")
    make(page, 1)
    page.route("**/api/view?*", lambda route: route.fulfill(status=404))
    page.get_by_role("button", name="Outputs").click()
    page.locator(".canvas").focus()
    page.keyboard.press("Control+h")
    panels = page.get_by_role("complementary")
    expect(panels.locator(".gallery-open .picture-gone").first).to_be_visible()
    expect(panels.locator(".gallery-open img")).to_have_count(0)
    expect(panels.locator(".picture-gone").last).to_be_visible()
