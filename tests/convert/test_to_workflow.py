"""A prompt as a workflow: it opens in the editor, lies well, and becomes the same prompt again."""

import json

import pytest

from comfy_core.folders import CHECKOUT
from execution.convert import to_prompt
from execution.convert.to_workflow import to_workflow
from execution.load_nodes import load_nodes

SCHEMAS = {name: node.schema for name, node in load_nodes().items()}
SHIPPED = sorted((CHECKOUT / "user_workflows").glob("*.json"))


def bare(prompt):
    return {id: {"class_type": node["class_type"], "inputs": node["inputs"]} for id, node in prompt.items()}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_workflows_go_there_and_back(path):
    prompt = to_prompt(json.loads(path.read_text()), SCHEMAS)
    workflow = to_workflow(prompt, SCHEMAS)
    assert bare(to_prompt(workflow, SCHEMAS)) == bare(prompt)
    check_places(workflow)


def check_places(workflow):
    nodes = {node["id"]: node for node in workflow["nodes"]}
    boxes = [(*node["pos"], *node["size"]) for node in nodes.values()]
    for number, (x, y, width, height) in enumerate(boxes):
        for left, top, across, down in boxes[number + 1 :]:
            assert x + width <= left or left + across <= x or y + height <= top or top + down <= y
    for link, source, slot, target, place, type_ in workflow["links"]:
        assert link in nodes[source]["outputs"][slot]["links"]
        assert nodes[target]["inputs"][place]["link"] == link
        assert type_ in nodes[target]["inputs"][place]["type"].split(",")
        assert nodes[source]["pos"][0] < nodes[target]["pos"][0]


def test_a_note_lies_below_the_first_column():
    prompt = {"7": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}}
    workflow = to_workflow(prompt, SCHEMAS, note="as it was")
    check_places(workflow)
    assert workflow["nodes"][1]["widgets_values"] == ["as it was"]
    assert workflow["last_node_id"] == 8
    assert list(to_prompt(workflow, SCHEMAS)) == ["7"]


def test_classes_that_are_not_here_keep_their_links_and_odd_ids_are_numbered():
    prompt = {
        "a": {"class_type": "Nobodys", "inputs": {"x": 1}},
        "b": {"class_type": "NobodysToo", "inputs": {"y": ["a", 2]}, "_meta": {"title": "Second"}},
        "c": {"class_type": "SaveImage", "inputs": {"images": ["b", 0], "filename_prefix": ["gone", 0]}},
    }
    workflow = to_workflow(prompt, SCHEMAS)
    assert [node["id"] for node in workflow["nodes"]] == [1, 2, 3]
    assert workflow["nodes"][1]["title"] == "Second"
    assert [link[1:5] for link in workflow["links"]] == [[1, 2, 2, 0], [2, 0, 3, 0]]


@pytest.mark.parametrize("slot", [-1, 2**70])
def test_a_link_to_an_output_that_no_class_has_is_left_out(slot):
    prompt = {"1": {"class_type": "Nobodys"}, "2": {"class_type": "Nobodys", "inputs": {"x": ["1", slot]}}}
    workflow = to_workflow(prompt, SCHEMAS)
    assert [node["outputs"] for node in workflow["nodes"]] == [[], []]
    assert workflow["links"] == []


@pytest.mark.timeout(30)
def test_a_long_chain_is_laid_out_in_time_that_grows_with_it():
    prompt = {str(one): {"class_type": "Nobodys", "inputs": {"x": [str(one + 1), 0]}} for one in range(20_000)}
    assert len(to_workflow(prompt, SCHEMAS)["links"]) == 19_999


def test_a_ring_is_laid_out_too():
    prompt = {id: {"class_type": "Nobodys", "inputs": {"x": [other, 0]}} for id, other in (("1", "2"), ("2", "1"))}
    assert len(to_workflow(prompt, SCHEMAS)["links"]) == 2
