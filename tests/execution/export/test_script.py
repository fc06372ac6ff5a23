"""A workflow as a readable script that does the same."""

from __future__ import annotations

import builtins
import dis
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from comfy_core import folders
from comfy_core.folders import CHECKOUT
from execution import each, headless, node_function
from execution.calling import all_nodes
from execution.explain import missing_models
from execution.export import CannotExport, write_script
from execution.validate import validate
from tests.execution.export.hands import body, pixels, run

EXAMPLES = sorted((CHECKOUT / "user_workflows").glob("*.json"))
NOT_FOR_SCRIPTS = {"grid": "EaselGrid", "quality_control": "EaselRetry"}


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


def test_a_node_with_any_number_of_outputs_gives_those_that_are_used(write, base: Path):
    script = write(
        a=("ClassicSplits", {"text": "abcd"}),
        b=("ClassicShow", {"value": ["a", 0]}),
        c=("ClassicShow", {"value": ["a", 2]}),
        d=("ClassicSplits", {"text": "e"}),
        e=("ClassicShow", {"value": ["d", 0]}),
    )
    assert body(script) == [
        'value, _, value_2, *_ = classic_splits(text="abcd")',
        "classic_show(value=value)",
        "classic_show(value=value_2)",
        'value_3, *_ = classic_splits(text="e")',
        "classic_show(value=value_3)",
    ]
    values = run(script.replace("classic_show(value=value_2)", "globals().update(used=value_2)"), base / "script.py")
    assert values["used"] == "c"


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


def test_where_a_script_may_do_less_it_says_so(write):
    script = write(a=("SchemaExpanding", {"value": 3}), b=("ClassicShow", {"value": ["a", 0]}))
    assert "# where this stands for other nodes, only the engine can run it" in body(script)


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
