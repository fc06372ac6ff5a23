"""docs/nodes/ says of every node what the code says, and leaves nothing unsaid."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from execution.load_nodes import load_nodes
from nodes.schema import NodeSchema
from tools.node_pages.__main__ import PAGES
from tools.node_pages.pages import files
from tools.node_pages.widgets import seen, within

SCHEMAS = [node.schema for node in load_nodes(("nodes",)).values() if not node.schema.dev_only]
MADE = files(SCHEMAS)


def test_the_pages_are_up_to_date():
    there = {path.relative_to(PAGES).as_posix(): path.read_text() for path in PAGES.rglob("*") if path.is_file()}
    changed = sorted(name for name in MADE.keys() | there.keys() if MADE.get(name) != there.get(name))
    assert not changed, f"run `python -m tools.node_pages`, and commit docs/nodes: {', '.join(changed[:10])}"


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda one: one.id)
def test_a_node_and_all_its_inputs_are_explained(schema: NodeSchema):
    assert schema.description
    unsaid = [one.name for one in seen(schema.inputs) if not one.options.get("tooltip")]
    unsaid += [
        f"{one.name}.{inner.name}"
        for one in seen(schema.inputs)
        for _, inner in within(one)
        if not inner.options.get("tooltip")
    ]
    assert not unsaid


def test_every_node_is_listed_with_a_picture_that_can_be_drawn():
    index = MADE["README.md"]
    pages = "".join(text for name, text in MADE.items() if name.endswith(".md") and name != "README.md")
    for schema in SCHEMAS:
        assert f"[{schema.title}](" in index
        assert f"`{schema.id}` in {schema.category}" in pages
    pictures = re.findall(r"\]\((pictures/[^)]+)\)", pages)
    assert len(pictures) == len(set(pictures)) == len(SCHEMAS)
    for picture in pictures:
        texts = [one.text for one in ElementTree.fromstring(MADE[picture]).iter() if one.tag.endswith("}text")]
        assert texts


def test_links_of_the_index_lead_somewhere():
    for page, anchor in re.findall(r"\]\(([\w-]+\.md)#([^)]+)\)", MADE["README.md"]):
        assert f'<a id="{anchor}"></a>' in MADE[page]


def test_a_picture_shows_slots_widgets_and_defaults():
    picture = MADE["pictures/KSampler.svg"]
    texts = [one.text for one in ElementTree.fromstring(picture).iter() if one.tag.endswith("}text")]
    assert texts[:3] == ["KSampler", "model", "LATENT"]
    assert texts[texts.index("steps") + 1] == "20"
    assert picture.count("<circle") == 5
