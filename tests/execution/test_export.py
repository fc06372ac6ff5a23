"""`main.py export --python`: a workflow as a readable script that makes the same pictures."""

from __future__ import annotations

import builtins
import dis
import json
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import main
from comfy_core import folders
from comfy_core.folders import CHECKOUT, Folders
from comfy_core.memory import residency
from execution import each, headless, node_function
from execution.cache.memory import RamCache
from execution.calling import all_nodes
from execution.events import Executed
from execution.executor import Executor
from execution.explain import missing_models
from execution.export import CannotExport, write_script
from execution.validate import validate
from execution.worker import Job

PACKS = CHECKOUT / "tests" / "packs" / "custom_nodes"
TEXT_TO_IMAGE = CHECKOUT / "user_workflows" / "text_to_image.json"
STEPS = 2


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Path]:
    before, loaded = folders.current(), set(sys.modules)
    (tmp_path / "custom_nodes").symlink_to(PACKS)
    folders.use(Folders(tmp_path))
    yield tmp_path
    residency.free_all()
    folders.use(before)
    for name in set(sys.modules) - loaded:  # the next test that has these packs has them in another place
        if name.startswith("custom_nodes."):
            del sys.modules[name]


@pytest.fixture
def write(base: Path) -> Callable[..., str]:
    """The script of a prompt, given as (class, inputs) by id."""

    def write(**given: tuple[str, dict[str, Any]]) -> str:
        prompt = {id: {"class_type": name, "inputs": inputs} for id, (name, inputs) in given.items()}
        nodes = all_nodes()
        found = validate(prompt, {name: node.schema for name, node in nodes.items()}, folders.current(), None, nodes)
        assert (found.error, found.node_errors) == (None, {})
        return write_script(prompt, found.outputs, nodes)

    return write


def body(script: str) -> list[str]:
    """The statements of `main`."""
    lines = script.split("def main():\n")[1].split("\n\n\nif __name__")[0].splitlines()
    return [line.removeprefix("    ") for line in lines]


def run(script: str, path: Path) -> dict[str, Any]:
    path.write_text(script, encoding="utf-8")
    return runpy.run_path(str(path), run_name="__main__")


def pixels(path: Path) -> bytes:
    return Image.open(path).tobytes()


def two_steps() -> dict[str, Any]:
    """The shipped workflow, as the editor saves it, with two steps."""
    workflow = json.loads(TEXT_TO_IMAGE.read_text())
    (sampler,) = [node for node in workflow["nodes"] if node["type"] == "KSampler"]
    sampler["widgets_values"][2] = STEPS
    return workflow


def test_the_script_of_a_saved_workflow_and_of_its_picture_make_the_picture(base: Path, capsys):
    """With the starter model."""
    there = ["--base-directory", str(base), "--cpu"]
    (base / "two.json").write_text(json.dumps(two_steps()))
    assert main.main(["run", str(base / "two.json"), *there, "--out", str(base / "run.png")]) == 0
    for source in ("two.json", "run.png"):
        script = base / f"{source}.py"
        assert main.main(["export", str(base / source), "--python", "--out", str(script), *there]) == 0
        assert f"steps={STEPS}" in script.read_text()
        runpy.run_path(str(script), run_name="__main__")
        made = max((base / "output").glob("*.png"))
        assert pixels(made) == pixels(base / "run.png")
    assert len(list((base / "output").glob("*.png"))) == 2
    assert main.main(["export", str(base / "two.json"), "--python", *there]) == 0
    assert capsys.readouterr().out.endswith((base / "two.json.py").read_text())


def test_a_script_reads_like_one_a_person_wrote(base: Path):
    nodes = all_nodes()
    prompt = {
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "Easel"}},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "easel-starter.safetensors"}},
        "6": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": 'an "apple"\non wood', "clip": ["4", 1]},
            "_meta": {"title": "What to paint, in words that the model knows\nimport os"},
        },
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "seed": 1,
                "steps": 20,
                "cfg": 4.0,
                "sampler_name": "euler",
                "scheduler": "karras",
                "denoise": 1.0,
                "model": ["4", 0],
                "positive": ["6", 0],
                "negative": ["6", 0],
                "latent_image": ["5", 0],
            },
        },
        "5": {
            "class_type": "EmptyLatentImage",
            "inputs": {"width": 128, "height": 128, "batch_size": 1},
            "_meta": {"title": "Small canvas!"},
        },
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    }
    assert (
        write_script(prompt, ["9"], nodes, title='my "best"\n.json')
        == '''\
"""my 'best' .json as plain Python; its pictures go to output/. Written by Easel (main.py export)."""

import torch

from nodes.images import save_image
from nodes.latents import empty_latent_image, vae_decode
from nodes.loaders import checkpoint_loader_simple
from nodes.sampling import k_sampler
from nodes.text import clip_text_encode


def main():
    model, clip, vae = checkpoint_loader_simple(ckpt_name="easel-starter.safetensors")
    # What to paint, in words that the model knows import os
    conditioning = clip_text_encode(text='an "apple"\\non wood', clip=clip)
    small_canvas = empty_latent_image(width=128, height=128, batch_size=1)
    samples = k_sampler(
        model=model,
        seed=1,
        steps=20,
        cfg=4.0,
        sampler_name="euler",
        scheduler="karras",
        positive=conditioning,
        negative=conditioning,
        latent_image=small_canvas,
        denoise=1.0,
    )
    images = vae_decode(samples=samples, vae=vae)
    save_image(images=images, filename_prefix="Easel")


if __name__ == "__main__":
    with torch.inference_mode():
        main()
'''
    )


EXAMPLES = sorted((CHECKOUT / "user_workflows").glob("*.json"))
NOT_FOR_SCRIPTS = {"grid": "EaselGrid", "quality_control": "EaselRetry"}


@pytest.fixture
def example_as_script(base: Path) -> Callable[[Path], str]:
    """The script of a saved workflow where all files are that it names."""

    def example_as_script(path: Path) -> str:
        where, nodes = folders.current(), all_nodes()
        schemas = {name: node.schema for name, node in nodes.items()}
        prompt = headless.prompt_of(headless.read_file(path), schemas, where)
        for one in missing_models(prompt, schemas, where):
            file = where.input / one.value if one.folder in folders.INPUTS else where.models(one.folder)[0] / one.value
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        validation = validate(prompt, schemas, where, None, nodes)
        assert (validation.error, validation.node_errors) == (None, {})
        return write_script(validation.prompt, validation.outputs, nodes)

    return example_as_script


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_shipped_workflow_is_a_script_of_functions_that_there_are_or_is_refused(example_as_script, path: Path):
    if path.stem in NOT_FOR_SCRIPTS:
        with pytest.raises(CannotExport, match=NOT_FOR_SCRIPTS[path.stem]):
            example_as_script(path)
        return
    module: dict[str, Any] = {"__name__": "not main"}
    exec(compile(example_as_script(path), f"{path.stem}.py", "exec"), module)
    used = {one.argval for one in dis.get_instructions(module["main"]) if one.opname == "LOAD_GLOBAL"}
    assert used
    assert used <= {*module, *dir(builtins)}


def test_nodes_of_packs_are_called_whatever_their_style(write, base: Path):
    script = write(
        a=("ClassicNumber", {"value": 3}),
        b=("ClassicLater", {"value": 4, "seconds": 0.0, "until": 1}),
        c=("ClassicJoin", {"a": ["a", 0], "b": ["b", 0]}),
        d=("SchemaResize", {"how": "size", "how.by": "width", "how.by.width": 7}),
        e=("ClassicShow", {"value": ["c", 0]}),
        f=("SchemaShow", {"value": ["d", 0]}),
    )
    assert "from execution import node_function\n" in script
    assert 'classic_join = node_function("ClassicJoin")\n' in script
    assert body(script) == [
        "a = classic_number(value=3)",
        "b = classic_later(value=4, seconds=0.0, until=1)",
        'value = classic_join(a=a, b=b, me="c")',
        "classic_show(value=value)",
        'value_2 = schema_resize(how={"how": "size", "by": {"by": "width", "width": 7}})',
        "schema_show(value=value_2)",
    ]
    run(script, base / "script.py")


def test_inputs_of_any_name_and_literals_of_any_kind_stay_what_they_are(write, base: Path):
    odd = {
        "a b": 1,
        "class": [[1, None]],
        "inf": float("inf"),
        "quote": "'\"\\",
        "null": "\0\ud800",
        "d": {"x": [True]},
    }
    given = odd | {"class": {"__value__": odd["class"]}}
    script = write(a=("ClassicTakesAll", given), b=("ClassicShow", {"value": ["a", 0]}))
    values = run(script.replace("classic_show(value", "globals().update(value"), base / "script.py")["value"]
    assert dict(values) == odd


def test_what_an_output_node_returns_can_be_used(write, base: Path):
    (base / "input").mkdir()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(base / "input" / "cat.png")
    script = write(
        a=("LoadImage", {"image": "cat.png"}),
        b=("PreviewImage", {"images": ["a", 0]}),
        c=("SaveImage", {"images": ["b", 0], "filename_prefix": "x"}),
    )
    assert 'preview_image = node_function("PreviewImage")' in script
    assert "from nodes.images import load_image, save_image" in script
    run(script, base / "script.py")
    assert pixels(base / "output" / "x_00001_.png") == pixels(base / "input" / "cat.png")


def test_what_follows_a_list_is_called_for_each_item_and_who_takes_lists_gets_it_whole(write, base: Path):
    script = write(
        a=("ClassicMany", {"count": 3}),
        b=("ClassicNumber", {"value": 5}),
        c=("ClassicAdd", {"a": ["a", 0], "b": ["b", 0]}),
        d=("ClassicSum", {"values": ["c", 0], "times": 2}),
        e=("ClassicShow", {"value": ["d", 0]}),
        f=("ClassicShow", {"value": ["a", 0]}),
    )
    assert "from execution import each, node_function\n" in script
    assert body(script) == [
        "number = classic_many(count=3)",
        "b = classic_number(value=5)",
        'values = each(classic_add, {"a": number}, b=b)',
        'value = classic_sum(values=values, times=[2], me=["d"])',
        "classic_show(value=value)",
        'each(classic_show, {"value": number})',
    ]
    got = run(script.replace("classic_show(value", "globals().update(value"), base / "script.py")["value"]
    assert got == (5 + 6 + 7) * 2


def test_each_gives_a_list_for_every_output_and_repeats_the_last_of_shorter_lists():
    assert each(lambda a, b: (a, b), {"a": [1, 2, 3], "b": [7, 8]}) == ([1, 2, 3], [7, 8, 8])
    assert each(lambda a, b: a + b, {"a": [1, 2]}, b=10) == [11, 12]
    assert each(lambda a: a, {"a": []}) == []


def test_both_ways_of_a_switch_are_computed(write, base: Path):
    script = write(
        a=("ClassicNumber", {"value": 1}),
        b=("ClassicNumber", {"value": 2}),
        s=("ComfySwitchNode", {"switch": True, "on_false": ["a", 0], "on_true": ["b", 0]}),
        e=("ClassicShow", {"value": ["s", 0]}),
    )
    assert "# the engine would compute on_false and on_true only where this needs it" in body(script)
    got = run(script.replace("classic_show(value", "globals().update(got"), base / "script.py")["got"]
    assert got == 2


# --- loops ---

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
                "a": ("ClassicMany", {"count": 2}),
                "any": ("ClassicTakesAll", {"x": ["a", 0]}),
                "b": ("ClassicMany", {"count": ["any", 0]}),
                "e": ("ClassicShow", {"value": ["b", 0]}),
            },
            r"node b \(ClassicMany\) gets a list",
        ),
        (
            {
                "a": ("EaselLoopStart", {"index": 0}),
                "b": ("EaselForEnd", {"loop": ["a", 0], "count": 2, "value1": ["a", 1]}),
                "e": ("ClassicShow", {"value": ["b", 0]}),
            },
            r"node a \(EaselLoopStart\) reads or extends the graph",
        ),
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
def test_what_a_script_cannot_show_is_refused_by_name(write, prompt, sentence):
    with pytest.raises(CannotExport, match=sentence):
        write(**prompt)


@pytest.mark.parametrize(
    ("name", "inputs", "sentence"),
    [
        ("Nothing", {}, "there is no node 'Nothing'; is its pack in"),
        ("SchemaExpanding", {"value": 1}, "SchemaExpanding expands to other nodes, which only the engine can run"),
        ("SchemaBlocking", {}, "SchemaBlocking blocks what follows it"),
    ],
)
def test_a_node_function_says_what_it_cannot_do(base: Path, name, inputs, sentence):
    with pytest.raises(ValueError, match=sentence):
        node_function(name)(**inputs)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"1": {"class_type": "Nope", "inputs": {}}}, "Nope"),
        ({"1": {"class_type": "ClassicNumber", "inputs": {}}}, "Prompt has no outputs"),
        ([], "a workflow is a JSON object"),
        (
            {
                "1": {"class_type": "ClassicNumber", "inputs": {"value": 1}},
                "2": {"class_type": "ClassicDouble", "inputs": {"value": ["1", 0]}},
                "3": {"class_type": "ClassicShow", "inputs": {"value": ["2", 0]}},
            },
            "node 2 (ClassicDouble) reads or extends the graph",
        ),
    ],
)
def test_at_the_terminal_refusals_are_sentences(base: Path, capsys, content, sentence):
    (base / "wf.json").write_text(json.dumps(content))
    assert main.main(["export", str(base / "wf.json"), "--python", "--base-directory", str(base)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert "Traceback" not in err


def test_a_place_that_cannot_be_written_is_named(base: Path, capsys):
    words = ["--python", "--base-directory", str(base), "--out", str(base / "no" / "x.py")]
    assert main.main(["export", str(TEXT_TO_IMAGE), *words]) == 1
    assert f"cannot write {base}/no/x.py" in capsys.readouterr().err
