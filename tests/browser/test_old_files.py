"""Files from before there were subgraphs."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="the browser tests drive Chromium with playwright")
from playwright.sync_api import Page, expect

from tests.browser.hands import node, open_workflow, run, saved

GROUP = {
    "nodes": [
        {
            "index": 0, "type": "EmptyImage", "pos": [0, 0], "size": [300, 140], "inputs": [],
            "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}], "widgets_values": [512, 512, 1, 0],
        },
        {
            "index": 1, "type": "ImageInvert", "pos": [360, 0], "size": [200, 60],
            "inputs": [{"name": "image", "type": "IMAGE", "link": 1}],
            "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": []}],
        },
    ],
    "links": [[0, 0, 1, 0, 1, "IMAGE"]],
    "external": [],
}  # fmt: skip
WORKFLOW = {
    "last_node_id": 2,
    "last_link_id": 1,
    "nodes": [
        {
            "id": 1, "type": "workflow>White", "pos": [0, 0], "size": [300, 160], "inputs": [],
            "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}], "widgets_values": [48, 32, 1, 0],
        },
        {
            "id": 2, "type": "PreviewImage", "pos": [400, 0], "size": [240, 240],
            "inputs": [{"name": "images", "type": "IMAGE", "link": 1}], "outputs": [],
        },
    ],
    "links": [[1, 1, 0, 2, 0, "IMAGE"]],
    "groups": [], "extra": {"groupNodes": {"White": GROUP}}, "version": 0.4,
}  # fmt: skip


def test_a_group_node_is_a_subgraph_that_runs_with_its_values_and_is_saved_as_one(page: Page):
    open_workflow(page, WORKFLOW, "old")
    expect(node(page, "1")).to_have_attribute("data-status", "subgraph")
    expect(node(page, "1").locator(".node-name")).to_have_text("White")
    expect(node(page, "1").get_by_role("spinbutton", name="width")).to_have_attribute("aria-valuenow", "48")
    run(page)
    expect(node(page, "2").locator(".preview img")).to_have_js_property("naturalWidth", 48)
    kept = saved(page)
    assert [one["name"] for one in kept["definitions"]["subgraphs"]] == ["White"]
    assert "groupNodes" not in kept["extra"]
