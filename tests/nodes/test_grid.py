"""A grid runs a graph for every combination of values, each node as rarely as can be, and shows all on sheets."""

import json
from typing import Annotated

import pytest
import torch
from PIL import Image

from comfy_core.media.sheet import sheet
from execution.cache.memory import RamCache
from execution.events import Executed, Executing, ExecutionError
from execution.executor import Executor
from execution.load_nodes import load_nodes
from execution.worker import Job
from nodes import registry
from nodes.grid import grid_sheet
from nodes.markers import Combo, Float, Int, String
from nodes.schema import node as make_node
from nodes.types import Image as Picture

CALLS = []


@make_node("TestPaint", category="test")
def paint(
    text: Annotated[str, String()],
    level: Annotated[float, Float()],
    side: Annotated[int, Int(default=16)],
    style: Annotated[str, Combo(("flat", "deep"))],
) -> Picture:
    """A plain picture."""
    CALLS.append(("paint", text, level, side, style))
    return torch.full((1, side, side, 3), level)


@make_node("TestInvert", category="test")
def invert(images: Picture, amount: Annotated[float, Float()]) -> Picture:
    CALLS.append(("invert", amount))
    return (images - amount).abs()


@make_node("TestShow", category="test", is_output=True)
def show(grid: Picture) -> None:
    return {"ui": {"shape": [list(grid.shape)], "corner": [round(float(one[-1, -1, 0]), 3) for one in grid]}}


@make_node("TestCount", category="test", is_output=True, is_input_list=True)
def count(cells: Picture) -> None:
    return {"ui": {"levels": [round(float(one[0, 0, 0, 0]), 3) for one in cells]}}


NODES = load_nodes() | {one.schema.id: one for one in (paint, invert, show, count)}


def raw(class_type, /, **inputs):
    return {"class_type": class_type, "inputs": inputs}


PAINT = raw("TestPaint", text="a red apple", level=0.25, side=16, style="flat") | {"_meta": {"title": "The Painter"}}


def graph(labels=False, most_cells=100, **axes):
    return {
        "1": dict(PAINT),
        "2": raw("TestInvert", images=["1", 0], amount=0.0),
        "3": raw("TestInvert", images=["2", 0], amount=0.0),
        **{
            name: raw("EaselGridAxis", input=axis[0], values=axis[1], how=axis[2] if len(axis) > 2 else "values")
            for name, axis in axes.items()
        },
        "g": raw(
            "EaselGrid", images=["3", 0], labels=labels, gap=2, most_cells=most_cells, **{one: [one, 0] for one in axes}
        ),
        "show": raw("TestShow", grid=["g", 0]),
        "count": raw("TestCount", cells=["g", 1]),
    }


@pytest.fixture
def run(monkeypatch):
    for name, one in NODES.items():
        monkeypatch.setitem(registry.NODES, name, one)
    executor = Executor(NODES, RamCache(1 << 24))

    def run(prompt):
        CALLS.clear()
        events = []
        executor.run(Job(prompt_id="p", prompt=prompt, outputs=["show", "count"]), events.append)
        failed = [event.exception_message for event in events if isinstance(event, ExecutionError)]
        shown = {name: value for one in events if isinstance(one, Executed) for name, value in one.output.items()}
        return shown, failed, [event.display_node for event in events if isinstance(event, Executing)]

    return run


def test_every_combination_is_a_cell_x_first(run):
    shown, failed, _ = run(graph(x=("1.level", "0.1, 0.2"), y=("2.amount", "0, 1"), z=("3.amount", "0, 0.5")))
    assert failed == []
    assert shown["levels"] == [0.1, 0.2, 0.9, 0.8, 0.4, 0.3, 0.4, 0.3]
    assert shown["shape"] == [[2, 34, 34, 3]]  # two pages of 2 × 2 cells of 16 pixels, 2 between
    assert shown["corner"] == pytest.approx([0.8, 0.3], abs=0.01)


def test_what_no_axis_reaches_runs_once_and_the_rest_once_for_what_reaches_it(run):
    run(graph(x=("2.amount", "0-1 [3]"), y=("3.amount", "0-1 [4]")))
    kinds = [call[0] for call in CALLS]
    assert kinds.count("paint") == 1
    assert len([call for call in CALLS if call[0] == "invert"]) == 3 + 12


def test_a_grid_is_not_made_again_unless_the_graph_before_it_changes(run):
    prompt = graph(x=("2.amount", "0, 1"))
    run(prompt)
    run(prompt)
    assert CALLS == []
    prompt["1"]["inputs"] = prompt["1"]["inputs"] | {"level": 0.75}
    assert run(prompt)[0]["levels"] == [0.75, 0.25]


def test_nodes_are_named_by_id_class_or_title_and_shown_at_their_own_place(run):
    for name in ("1", "TestPaint", "The Painter"):
        shown, failed, places = run(graph(x=(f"{name}.level", "0.1, 0.2")))
        assert (failed, shown["levels"]) == ([], [0.1, 0.2])
    assert set(places) <= {"1", "2", "3", "x", "g", "show", "count", None}


def test_words_of_a_list_whole_numbers_and_search_and_replace(run):
    run(graph(x=("1.style", "FLAT, deep"), y=("1.side", "8-16 (+8)"), z=("1.text", "red, green", "search and replace")))
    made = {call[1:] for call in CALLS if call[0] == "paint"}
    assert made == {
        (f"a {colour} apple", 0.25, side, style)
        for colour in ("red", "green")
        for side in (8, 16)
        for style in ("flat", "deep")
    }


def test_labels_take_room_beside_the_pictures(run):
    plain = run(graph(x=("1.level", "0, 1"), y=("2.amount", "0, 1")))[0]["shape"][0]
    labelled = run(graph(labels=True, x=("1.level", "0, 1"), y=("2.amount", "0, 1")))[0]["shape"][0]
    assert labelled[1] > plain[1]
    assert labelled[2] > plain[2]


@pytest.mark.parametrize(
    ("axis", "said"),
    [
        (("1.level", "0-1 [200]"), "would have 200 × 2 = 400 cells, more than the 100 of most_cells"),
        (("9.level", "1"), "names no node that leads to the grid's picture; write node.input"),
        (("1.volume", "1"), "names no input of node 1; it has: text, level, side, style"),
        (("TestInvert.amount", "1"), "means several nodes (2, 3); name one by its id"),
        (("show.grid", "1"), "names no node that leads"),
        (("1.style", "flat, round"), "'round' is not one of: flat, deep"),
        (("1.side", "1.5"), "whole numbers"),
        (("1.level", ""), "has no values"),
        (("1.text", "blue, green", "search and replace"), "the text does not have it"),
        (("1.level", "1, 2", "search and replace"), "for texts that are written in the node"),
        (("", "1"), "names no node"),
    ],
)
def test_what_cannot_be_varied_is_told(run, axis, said):
    _, (message,), _ = run(graph(x=axis, y=("3.amount", "0, 1")))
    assert said in message
    assert [call for call in CALLS if call[0] == "paint"] == []


def test_a_sheet_has_its_cells_in_place_and_words_in_its_margins():
    colours = ["red", "green", "blue", "yellow"]
    red, green, blue, yellow = (Image.new("RGB", (100, 80), name) for name in colours)
    small = yellow.resize((50, 40))
    made = sheet([[red, green], [blue, small]], ["cfg: 1", "cfg: " + "very long " * 40], ["a", "b"], "page 1", gap=10)
    left, top = made.width - 210, made.height - 170
    assert [made.getpixel((left + x, top + y)) for x, y in ((5, 5), (115, 5), (5, 95), (160, 130), (115, 95))] == [
        (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 0), (255, 255, 255),
    ]  # fmt: skip
    margin = made.crop((0, 0, made.width, top)).convert("L")
    assert margin.getextrema()[0] < 60  # ink


def test_a_sheet_that_is_too_large_for_a_file_is_refused():
    with pytest.raises(ValueError, match="more than 32000 on a side"):
        sheet([[Image.new("L", (400, 1))] * 100])


def test_a_layout_that_does_not_fit_is_told():
    with pytest.raises(ValueError, match="room for 2 cells, and there are 1"):
        grid_sheet(layout=json.dumps([["a", "b"], [], []]), labels=True, gap=0, cell0=torch.zeros(1, 8, 8, 3))


@pytest.mark.parametrize("layout", ["", "{", "3", "[]", "[[], []]", "[[], [], 1]", '{"x": []}'])
def test_a_layout_that_is_none_is_refused_with_what_it_must_be(layout):
    with pytest.raises(ValueError, match=r"layout .*(three lists|not JSON)"):
        grid_sheet(layout, True, 4, cell0=torch.zeros(1, 8, 8, 3))
