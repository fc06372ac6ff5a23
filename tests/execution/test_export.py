"""`main.py export --python`: a workflow as a readable script that makes the same pictures."""

from __future__ import annotations

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
from execution import each, node_function
from execution.calling import all_nodes
from execution.export import CannotExport, write_script
from execution.validate import validate

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


def test_nodes_of_packs_are_called_whatever_their_style(write, base: Path):
    script = write(
        a=("ClassicNumber", {"value": 3}),
        b=("ClassicLater", {"value": 4, "seconds": 0.0}),
        c=("ClassicJoin", {"a": ["a", 0], "b": ["b", 0]}),
        d=("SchemaResize", {"how": "size", "how.by": "width", "how.by.width": 7}),
        e=("ClassicShow", {"value": ["c", 0]}),
        f=("SchemaShow", {"value": ["d", 0]}),
    )
    assert "from execution import node_function\n" in script
    assert 'classic_join = node_function("ClassicJoin")\n' in script
    assert body(script) == [
        "a = classic_number(value=3)",
        "b = classic_later(value=4, seconds=0.0)",
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
