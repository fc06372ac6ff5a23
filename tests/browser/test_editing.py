"""Marks of a run on the nodes, menus, groups, and what else is done with nodes once they are there."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import make_small, node, run, widget


def test_a_run_leaves_on_each_node_what_it_said_what_it_took_and_why_it_ran(page: Page):
    make_small(page)
    widget(page, "6", "text").locator("textarea").fill("a pear in embedding:lost style")
    run(page)
    said = node(page, "6").locator(".node-note")
    expect(said).to_have_text("embedding:lost is not in models/embeddings/; it is left out of the prompt")
    expect(said).to_have_attribute("title", said.inner_text())
    expect(node(page, "3").locator(".node-badge")).to_have_attribute("title", re.compile("^Ran because .+"))

    widget(page, "6", "text").locator("textarea").fill("a pear in no style")
    run(page)
    expect(said).to_have_count(0)
    expect(node(page, "6").locator(".node-badge")).to_have_attribute("title", "Ran because its input text changed")
    expect(node(page, "7").get_by_label("Cached")).to_be_visible()
