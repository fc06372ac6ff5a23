"""Everyday nodes in one prompt, checked and run as the engine does."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from comfy_core.folders import Folders
from execution.cache.memory import RamCache
from execution.events import Executed, ExecutionError
from execution.executor import Executor
from execution.load_nodes import load_nodes
from execution.validate import validate
from execution.worker import Job
from nodes.schema import Node

NODES: dict[str, Node] = load_nodes(("nodes",))


def node(class_type: str, **inputs):
    return {"class_type": class_type, "inputs": inputs}


PROMPT = {
    "load": node("LoadImage", image="a.png"),
    "half": node(
        "ResizeImageMaskNode",
        input=["load", 0],
        resize_type="scale dimensions",
        scale_method="area",
        **{"resize_type.width": 32, "resize_type.height": 0, "resize_type.crop": "center"},
    ),
    "same": node(
        "ResizeImageMaskNode",
        input=["load", 0],
        resize_type="match size",
        scale_method="area",
        **{"resize_type.match": ["half", 0], "resize_type.crop": "center"},
    ),
    "batch": node("BatchImagesNode", **{"images.image0": ["half", 0], "images.image1": ["same", 0]}),
    "size": node("GetImageSize", image=["batch", 0]),
    "sum": node("ComfyMathExpression", expression="a * b + 1", **{"values.a": ["size", 0], "values.b": ["size", 2]}),
    "combo": node("CustomCombo", choice="two", index=1, option1="one", option2="two", option3=""),
    "text": node(
        "StringFormat",
        f_string="{a} {b} {c}",
        **{"values.a": ["sum", 1], "values.b": ["combo", 0], "values.c": ["combo", 1]},
    ),
    "save text": node("SaveText", text=["text", 0], filename_prefix="t", format="txt"),
    "compare": node("ImageCompare", compare_view={"__value__": ["", ""]}, image_a=["half", 0], image_b=["same", 0]),
    "crop": node("ImageCropV2", image=["half", 0], crop_region={"x": 4, "y": 0, "width": 8, "height": 6}),
    "save crop": node(
        "SaveImageAdvanced",
        images=["crop", 0],
        filename_prefix="c",
        format="png",
        **{"format.bit_depth": "8-bit", "format.input_color_space": "sRGB"},
    ),
    "one by one": node("RebatchImages", images=["batch", 0], batch_size=1),
    "save frames": node(
        "SaveAnimatedWEBP",
        images=["one by one", 0],
        filename_prefix="w",
        fps=5.0,
        lossless=True,
        quality=80,
        method="fastest",
    ),
}


@pytest.fixture
def shown(base: Folders) -> dict[str, dict]:
    """What each node showed."""
    Image.fromarray(np.arange(64 * 48 * 3, dtype=np.uint32).astype(np.uint8).reshape(48, 64, 3)).save(
        base.input / "a.png"
    )
    events: list = []
    found = validate(PROMPT, {name: one.schema for name, one in NODES.items()}, base, nodes=NODES)
    assert (found.error, found.node_errors) == (None, {})
    job = Job(prompt_id="p", prompt=found.prompt, outputs=found.outputs)
    Executor(NODES, RamCache(1 << 24)).run(job, events.append)
    assert not [event for event in events if isinstance(event, ExecutionError)]
    return {event.node: event.output for event in events if isinstance(event, Executed)}


def test_inputs_that_depend_on_a_choice_reach_their_node(shown: dict[str, dict], base: Folders):
    assert shown["save text"]["text"] == ["65 two 1"]
    assert (base.output / "t_00001.txt").read_text() == "65 two 1"
    assert [len(shown["compare"][side]) for side in ("a_images", "b_images")] == [1, 1]
    assert [one["filename"] for one in shown["save frames"]["images"]] == ["w_00001_.webp", "w_00002_.webp"]
    with Image.open(base.output / "c_00001_.png") as crop:
        assert crop.size == (8, 6)
