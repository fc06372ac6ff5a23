"""Start Loop and End Loop are a `for` statement in a script, which gives what the engine gives."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

import main
from comfy_core import folders
from execution.cache.memory import RamCache
from execution.calling import all_nodes
from execution.events import Executed
from execution.executor import Executor
from execution.export import CannotExport
from execution.validate import validate
from execution.worker import Job
from tests.execution.export.hands import body, pixels

SIMPLE = {"mode": "simple", "mode.num_iterations": 3, "cache_iterations": True}
FOR = {"mode": "For", "mode.start_iteration_index": 2, "mode.max_iteration": 9, "mode.step": 3}


def shown(script: str, path: Path, node: str = "classic_show_all") -> list[Any]:
    """What the script shows, run with another function in place of the node that does."""
    got: list[Any] = []
    head, wrapper = script.split(f'\n{node} = node_function("ClassicShowAll")\n')
    path.write_text(f"{head}\n{node} = None\n{wrapper}")
    made = runpy.run_path(str(path))
    made["main"].__globals__[node] = lambda value: got.append(value)
    made["main"]()
    return got


def run_by_engine(prompt: dict[str, tuple[str, dict[str, Any]]]) -> list[str]:
    """What the engine shows for it."""
    nodes = all_nodes()
    api = {id: {"class_type": name, "inputs": inputs} for id, (name, inputs) in prompt.items()}
    found = validate(api, {name: node.schema for name, node in nodes.items()}, folders.current(), None, nodes)
    events: list[Any] = []
    Executor(nodes, RamCache(1 << 20)).run(
        Job(prompt_id="p", prompt=found.prompt, outputs=found.outputs), events.append
    )
    return [text for one in events if isinstance(one, Executed) and one.output for text in one.output["text"]]


def test_a_loop_is_a_for_statement_that_carries_a_value(write, base: Path):
    script = write(
        one=("ClassicNumber", {"value": 1}),
        loop=("StartLoop", SIMPLE | {"initial_iteration_value": ["one", 0]}),
        at=("ClassicNumber", {"value": ["loop", 0]}),
        sum=("ClassicAdd", {"a": ["loop", 4], "b": ["at", 0]}),
        end=("EndLoop", {"output_value": ["sum", 0], "next_iteration_value": ["sum", 0], "accumulate": False}),
        show=("ClassicShow", {"value": ["end", 0]}),
    )
    assert body(script) == [
        "initial_iteration_value = classic_number(value=1)",
        "a = initial_iteration_value",
        "for value in range(3):",
        "    b = classic_number(value=value)",
        "    number = classic_add(a=a, b=b)",
        "    a = number",
        "    value_2 = number",
        "classic_show(value=value_2)",
    ]


LOOPS: list[dict[str, tuple[str, dict[str, Any]]]] = [
    {
        "loop": ("StartLoop", FOR | {"cache_iterations": False}),
        "at": ("ClassicNumber", {"value": ["loop", 0]}),
        "sum": ("ClassicAdd", {"a": ["at", 0], "b": ["at", 0]}),
        "end": ("EndLoop", {"output_value": ["sum", 0], "accumulate": True}),
        "show": ("ClassicShowAll", {"value": ["end", 0]}),
    },
    {
        "many": ("ClassicMany", {"count": 4}),
        "loop": ("StartLoop", {"mode": "List", "mode.list": ["many", 0], "cache_iterations": False}),
        "at": ("ClassicNumber", {"value": ["loop", 0]}),
        "last": ("ComfySwitchNode", {"switch": ["loop", 2], "on_false": ["loop", 3], "on_true": ["at", 0]}),
        "sum": ("ClassicAdd", {"a": ["last", 0], "b": ["loop", 3]}),
        "end": ("EndLoop", {"output_value": ["sum", 0], "accumulate": True}),
        "show": ("ClassicShowAll", {"value": ["end", 0]}),
    },
    {
        "zero": ("ClassicNumber", {"value": 0}),
        "outer": ("StartLoop", SIMPLE | {"initial_iteration_value": ["zero", 0]}),
        "inner": ("StartLoop", FOR | {"cache_iterations": True, "parent_iteration": ["outer", 0]}),
        "at": ("ClassicNumber", {"value": ["inner", 0]}),
        "last": ("ComfySwitchNode", {"switch": ["inner", 2], "on_false": ["at", 0], "on_true": ["outer", 4]}),
        "sum": ("ClassicAdd", {"a": ["last", 0], "b": ["outer", 4]}),
        "ends": ("EndLoop", {"output_value": ["sum", 0], "accumulate": False}),
        "end": (
            "EndLoop",
            {"output_value": ["ends", 0], "next_iteration_value": ["ends", 0], "accumulate": True},
        ),
        "show": ("ClassicShowAll", {"value": ["end", 0]}),
    },
    {
        "loop": ("StartLoop", SIMPLE),
        "at": ("ClassicNumber", {"value": ["loop", 0]}),
        "nine": ("ClassicNumber", {"value": 9}),
        "first": ("ComfySwitchNode", {"switch": ["loop", 1], "on_false": ["at", 0], "on_true": ["nine", 0]}),
        "many": ("ClassicMany", {"count": 2}),
        "sum": ("ClassicAdd", {"a": ["many", 0], "b": ["first", 0]}),
        "end": ("EndLoop", {"output_value": ["sum", 0], "accumulate": True, "terminations.termination0": ["first", 0]}),
        "show": ("ClassicShowAll", {"value": ["end", 0]}),
    },
]


@pytest.mark.parametrize("prompt", LOOPS, ids=["for", "list", "nested", "lists in rounds"])
def test_a_loop_gives_in_a_script_what_the_engine_gives(write, base: Path, prompt):
    script = write(**prompt)
    by_engine = run_by_engine(prompt)
    assert by_engine
    assert list(map(repr, shown(script, base / "script.py"))) == by_engine


def test_pictures_that_are_saved_in_each_round_are_the_engines(base: Path):
    """A canvas that each round turns and frames, and saves."""
    prompt = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 6, "batch_size": 1, "color": 255}},
        "2": {"class_type": "StartLoop", "inputs": SIMPLE | {"initial_iteration_value": ["1", 0]}},
        "3": {"class_type": "ImageInvert", "inputs": {"image": ["2", 4]}},
        "4": {
            "class_type": "ImagePadForOutpaint",
            "inputs": {"image": ["3", 0], "left": 8, "top": 0, "right": 0, "bottom": 0, "feathering": 0},
        },
        "5": {"class_type": "SaveImage", "inputs": {"images": ["4", 0], "filename_prefix": "x"}},
        "6": {
            "class_type": "EndLoop",
            "inputs": {"next_iteration_value": ["4", 0], "accumulate": False, "terminations.termination0": ["5", 0]},
        },
    }
    (base / "loop.json").write_text(json.dumps(prompt))
    there = ["--base-directory", str(base), "--cpu"]
    assert main.main(["run", str(base / "loop.json"), *there]) == 0
    by_engine = {path.name: pixels(path) for path in (base / "output").glob("*.png")}
    assert len(by_engine) == 3
    assert len(set(by_engine.values())) == 3
    for path in (base / "output").glob("*.png"):
        path.unlink()
    assert main.main(["export", str(base / "loop.json"), "--python", "--out", str(base / "loop.py"), *there]) == 0
    runpy.run_path(str(base / "loop.py"), run_name="__main__")
    assert {path.name: pixels(path) for path in (base / "output").glob("*.png")} == by_engine


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        (
            {
                "many": ("ClassicMany", {"count": 2}),
                "a": ("StartLoop", SIMPLE | {"initial_iteration_value": ["many", 0]}),
                "b": ("EndLoop", {"output_value": ["a", 4], "accumulate": False}),
                "e": ("ClassicShow", {"value": ["b", 0]}),
            },
            r"node a \(StartLoop\) carries a list from round to round",
        ),
        (
            {
                "a": ("StartLoop", SIMPLE | {"mode.num_iterations": 0}),
                "b": ("EndLoop", {"output_value": ["a", 0], "accumulate": False}),
                "e": ("ClassicShow", {"value": ["b", 0]}),
            },
            r"node b \(EndLoop\) has no round",
        ),
    ],
)
def test_a_loop_that_a_script_cannot_show_is_refused_by_name(write, prompt, sentence):
    with pytest.raises(CannotExport, match=sentence):
        write(**prompt)
