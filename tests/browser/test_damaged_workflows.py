"""Files that are half broken open as far as they make sense, or are refused in words; the page goes on either way."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import drop_file, node, saved, tab, until_draft

OPENED = {
    "NaN": '{"nodes":[{"id":1,"type":"KSampler","pos":[0,0],"widgets_values":[NaN,"fixed"]}],"links":[]}',
    "no places": '{"nodes":[{"id":1,"type":"KSampler"},{"id":2,"type":"VAEDecode","pos":"x","size":"big"}],"links":[]}',
    "ids twice": '{"nodes":[{"id":1,"type":"KSampler","pos":[0,0]},{"id":1,"type":"VAEDecode","pos":[300,0]}],'
    '"links":[[1,1,0,1,0,"LATENT"],[1,1,0,1,0,"LATENT"],[2,99,0,98,0,"X"],null,"x"]}',
    "nothing where something should be": '{"nodes":[null,{"id":null,"type":null},{"id":3}],"links":null,'
    '"groups":[null,{"title":null},{"bounding":[0,0]}],"version":"x"}',
    "a subgraph inside itself": '{"nodes":[{"id":1,"type":"a","pos":[0,0]}],"links":[],"definitions":{"subgraphs":'
    '[{"id":"a","name":"A","nodes":[{"id":1,"type":"a","pos":[0,0]}],"links":[],"inputs":[],"outputs":[],'
    '"inputNode":{"id":-10},"outputNode":{"id":-20}}]}}',
}
REFUSED = {"empty": "", "a list": "[]", "a number": "5", "something else": '{"a": 1}', "cut off": '{"nodes": [{"id"'}


def test_half_broken_files_open_and_come_back_after_a_reload(page: Page):
    for name, text in OPENED.items():
        drop_file(page, f"{name}.json", text)
        expect(tab(page)).to_contain_text(name)
        assert isinstance(saved(page)["nodes"], list)
    names = page.get_by_role("tab").all_inner_texts()
    until_draft(page)
    page.reload()
    expect(page.get_by_role("tab")).to_have_text(names)


def test_files_that_are_no_workflows_are_refused_in_words(page: Page):
    for name, text in REFUSED.items():
        drop_file(page, f"{name}.json", text)
        expect(page.get_by_text(f"{name}.json cannot be opened")).to_be_visible()
    expect(page.get_by_role("tab")).to_have_count(1)
    expect(node(page, "3")).to_be_visible()
