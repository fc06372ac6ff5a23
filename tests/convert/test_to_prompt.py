"""Saved workflows become prompts by the editor's rules. The cases are files which the editor's own tests read too."""

import json
import time
from pathlib import Path

import pytest

from execution.convert import ConversionError, to_prompt
from execution.convert.sources import compatible

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.json"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture(path: Path, schemas_of) -> None:
    case = json.loads(path.read_text())
    schemas = schemas_of(case["object_info"])
    if "error" in case:
        with pytest.raises(ConversionError) as caught:
            to_prompt(case["workflow"], schemas)
        assert case["error"] in str(caught.value)
    else:
        assert to_prompt(case["workflow"], schemas, draw=lambda options: options[0]) == case["prompt"]


def save_image(link: int | None) -> dict:
    return {"id": 1, "type": "SaveImage", "inputs": [{"name": "images", "type": "IMAGE", "link": link}]}


@pytest.mark.parametrize(
    ("workflow", "message"),
    [
        ({"nodes": ["x"]}, "entry 0 of the nodes of the workflow must be an object"),
        ({"nodes": [{"id": 1}]}, "node 1 of the workflow needs an id and a type"),
        ({"nodes": [{"type": "A"}]}, "needs an id and a type"),
        ({"nodes": [{"id": 1, "type": "A", "inputs": 5}]}, "inputs of node 1 must be a list"),
        ({"nodes": [], "links": [7]}, "neither a list of six nor an object"),
        ({"nodes": [], "links": [[1, 2, "x", 3, 0, "*"]]}, "which is no number"),
        ({"nodes": [], "links": {}}, "links of the workflow must be a list"),
        ({"nodes": [], "definitions": {"subgraphs": [1]}}, "must be a list of objects"),
        ({"nodes": [save_image(3)]}, "draw that link again"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(workflow: dict, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        to_prompt(workflow, {})


def test_a_chain_of_ten_thousand_reroutes_is_followed() -> None:
    count = 10_000
    nodes = [{"id": n, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": n}]} for n in range(2, count)]
    links = [[n, n + 1, 0, n, 0, "*"] for n in range(2, count)]
    source = {"id": count, "type": "Source", "outputs": [{"name": "IMAGE", "type": "IMAGE"}]}
    workflow = {"nodes": [{**save_image(1)}, *nodes, source], "links": [*links, [1, 2, 0, 1, 0, "*"]]}
    started = time.process_time()
    assert to_prompt(workflow, {})["1"]["inputs"] == {"images": [str(count), 0]}
    assert time.process_time() - started < 10


def test_subgraphs_that_multiply_are_stopped() -> None:
    """Thirty definitions, each holding the next one twice, would open to a billion nodes."""
    definitions = [
        {"id": f"d{level}", "nodes": [{"id": 1, "type": f"d{level + 1}"}, {"id": 2, "type": f"d{level + 1}"}]}
        for level in range(30)
    ]
    definitions.append({"id": "d30", "nodes": [{"id": 1, "type": "Note"}]})
    with pytest.raises(ConversionError, match="opens to more than"):
        to_prompt({"nodes": [{"id": 1, "type": "d0"}], "definitions": {"subgraphs": definitions}}, {})


def test_a_prompt_of_a_hundred_kilobytes_is_read_quickly(schemas_of) -> None:
    info = {"T": {"input": {"required": {"text": ["STRING", {"dynamicPrompts": True}]}}}}
    workflow = {"nodes": [{"id": 1, "type": "T", "widgets_values": ["{" * 50_000 + "a|b" + "}" * 50_000]}]}
    started = time.process_time()
    prompt = to_prompt(workflow, schemas_of(info), draw=lambda options: options[-1])
    assert prompt["1"]["inputs"] == {"text": "b"}
    assert time.process_time() - started < 10


def test_one_of_the_options_is_drawn(schemas_of) -> None:
    info = {"T": {"input": {"required": {"text": ["STRING", {"dynamicPrompts": True}]}}}}
    workflow = {"nodes": [{"id": 1, "type": "T", "widgets_values": ["a {red|green|{dark |light }blue} cat"]}]}
    drawn = {to_prompt(workflow, schemas_of(info))["1"]["inputs"]["text"] for _ in range(200)}
    assert drawn == {"a red cat", "a green cat", "a dark blue cat", "a light blue cat"}


def test_values_saved_by_name_are_found(schemas_of) -> None:
    info = {"T": {"input": {"required": {"steps": ["INT", {"default": 20}], "mode": [["x", "y"]]}}}}
    workflow = {"nodes": [{"id": 1, "type": "T", "widgets_values": {"mode": "y"}}]}
    assert to_prompt(workflow, schemas_of(info))["1"]["inputs"] == {"steps": 20, "mode": "y"}


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [("IMAGE", "image", True), ("*", "X", True), ("A,B", "B,C", True), ("A,B", "C", False), ("INT", "FLOAT", False)],
)
def test_types_are_compatible_as_in_the_editor(one: str, other: str, fits: bool) -> None:
    assert compatible(one, other) is fits


@pytest.mark.parametrize(
    "described",
    [
        {},
        {"nodes": "x", "links": 3, "external": 4, "config": 5},
        {
            "nodes": [None, 7, {"type": 5}],
            "links": [[0], "x", [9, 0, 0, 0], [None, 0, 0, 0], [0, 0, 0, 7]],
            "config": [],
        },
        {"nodes": [{"type": "SaveImage", "inputs": 5, "outputs": [{}]}], "external": [[0], [[], {}], 3]},
    ],
    ids=["nothing", "no lists", "odd lists", "odd nodes"],
)
def test_a_group_node_that_makes_no_sense_inside_is_no_crash(described) -> None:
    node = {"id": 1, "type": "workflow>Odd", "inputs": [{"name": "a", "link": None}], "widgets_values": {"a": 1}}
    workflow = {"nodes": [node], "links": [], "last_node_id": "x", "extra": {"groupNodes": {"Odd": described}}}
    before = json.dumps(workflow)
    assert "1" not in to_prompt(workflow, {})
    assert json.dumps(workflow) == before


def test_a_group_node_that_the_file_says_nothing_of_is_named_as_an_unknown_class() -> None:
    workflow = {"nodes": [{"id": 1, "type": "workflow/Lost"}], "links": [], "extra": {"groupNodes": {"Other": {}}}}
    assert to_prompt(workflow, {})["1"]["class_type"] == "workflow/Lost"
