"""A workflow in a list is known by the picture that it made last."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import make_small, run
from tests.browser.test_library_and_settings import save_as


def picture(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("button", name=name, exact=True).locator("img")


def test_the_lists_show_what_a_saved_workflow_made_last_and_a_copy_begins_with_nothing(page: Page):
    make_small(page)
    save_as(page, "with a picture")
    page.get_by_role("button", name="Workflows").click()
    panel = page.get_by_role("complementary", name="Workflows")
    expect(panel.get_by_role("button", name="with a picture", exact=True)).to_be_visible()
    run(page)
    expect(picture(panel, "with a picture")).to_have_js_property("naturalWidth", 64)
    save_as(page, "a copy")
    expect(panel.get_by_role("button", name="a copy", exact=True)).to_be_visible()
    expect(picture(panel, "a copy")).to_have_count(0)
    page.get_by_role("button", name="Templates").click()
    tile = page.get_by_role("complementary", name="Templates").get_by_role("button", name="With a picture")
    expect(tile.locator("img")).to_have_js_property("naturalWidth", 64)
    for name in ("with a picture", "a copy"):
        page.request.delete(f"{page.url}api/userdata/workflows%2F{name}.json")
