"""Every built-in node is a function: it takes the inputs of its schema by name, and returns a value for each output."""

from __future__ import annotations

import inspect
import pkgutil
import re
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

import nodes
from comfy_core import folders
from comfy_core.control import load_controlnet
from comfy_core.families import load_checkpoint
from comfy_core.folders import Folders
from comfy_core.ip_adapter import load_ip_adapter
from comfy_core.media.quality import Rules
from comfy_core.sampling.samplers import sampler_object
from comfy_core.vision import load_clip_vision
from comfy_core.weights import Weights, WeightsError
from nodes.schema import Input, Node, choices
from tests.tiny_control import controlnet_tensors
from tests.tiny_ip_adapter import ip_adapter_tensors
from tests.tiny_vision import VIT, vision_tensors

ALL = {
    one.schema.id: one
    for info in pkgutil.iter_modules(nodes.__path__)
    for one in vars(import_module(f"nodes.{info.name}")).values()
    if isinstance(one, Node)
}
SENTENCE = re.compile(r"\w+ \w+ \w+.*(;|:|\.) \w+")
"""What is wrong, and what to do."""
SMALL = {"steps": 2, "width": 64, "height": 64, "end_at_step": 2, "filename_prefix": "x", "text": "a cat"}
"""In place of defaults that take long."""
EMPTY = {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}
MODELS = {"MODEL", "CLIP", "VAE", "CONTROL_NET", "IPADAPTER"}
SOCKETS = {
    *MODELS, "EMBEDS", "CONDITIONING", "LATENT", "IMAGE", "MASK", "SIGMAS", "SAMPLER", "NOISE", "GUIDER", "FLOAT",
    "*", "COMFY_MATCHTYPE_V3", "AUDIO", "VIDEO", "SVG", "COLOR", "BOUNDING_BOX", "POSE_KEYPOINT", "FLOATS", "HOOKS",
    "ARRAY", "DICT", "CLIP_VISION", "CLIP_VISION_OUTPUT", "LATENT_OPERATION", "EASEL_QUALITY_RULES",
    "INT,FLOAT,STRING,BOOLEAN",
}  # fmt: skip
"""The types of which there is a value here."""
OF_OTHER_MODELS = {"GLIGEN", "STYLE_MODEL", "UPSCALE_MODEL"}
OF_THE_EDITOR = {"AUDIO_RECORD", "WEBCAM", "IMAGECOMPARE"}
"""What a page hands in."""
OF_OWN_TESTS = {"COMFY_DYNAMICCOMBO_V3", "COMBO"}
"""Choices with inputs of their own, and such as have none until there are files or words."""
FILLED = {"input", "checkpoints"}
"""The folders that have a file here."""


@pytest.fixture(scope="module")
def sockets(tiny: Path) -> dict[str, Any]:
    """A value of every type that a function can be given."""
    checkpoint = load_checkpoint(tiny)
    model, clip = checkpoint.model, checkpoint.clip
    vision = load_clip_vision(Weights.of(vision_tensors()))
    conditioning = clip.encode_from_tokens_scheduled(clip.tokenize("a cat"))
    picture = torch.full((1, 64, 64, 3), 0.5)
    return {
        "AUDIO": {"waveform": torch.zeros(1, 2, 4410), "sample_rate": 44100},
        "VIDEO": ALL["CreateVideo"](images=picture, fps=8.0),
        "SVG": SimpleNamespace(data=[BytesIO(b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')]),
        "COLOR": "#ff8000",
        "BOUNDING_BOX": {"x": 0, "y": 0, "width": 8, "height": 8},
        "POSE_KEYPOINT": [{"canvas_width": 64, "canvas_height": 64, "people": []}],
        "FLOATS": [0.5, 1.0],
        "HOOKS": [],
        "ARRAY": [1, "two"],
        "DICT": {"one": 1},
        "CLIP_VISION": vision,
        "CLIP_VISION_OUTPUT": ALL["CLIPVisionEncode"](clip_vision=vision, image=picture, crop="center"),
        "LATENT_OPERATION": ALL["LatentOperationTonemapReinhard"](multiplier=1.0),
        "EASEL_QUALITY_RULES": Rules(),
        "INT,FLOAT,STRING,BOOLEAN": 1,
        "MODEL": model,
        "CLIP": clip,
        "VAE": checkpoint.vae,
        "CONTROL_NET": load_controlnet(Weights.of(controlnet_tensors("sd1"))),
        "IPADAPTER": load_ip_adapter(Weights.of(ip_adapter_tensors("sd1"))).seeing_with(vision),
        "EMBEDS": torch.ones(1, VIT.projection),
        "CONDITIONING": conditioning,
        "LATENT": {"samples": torch.zeros(1, 4, 8, 8)},
        "IMAGE": picture,
        "MASK": torch.ones(1, 64, 64),
        "SIGMAS": torch.tensor([10.0, 1.0, 0.0]),
        "SAMPLER": sampler_object("euler"),
        "NOISE": ALL["RandomNoise"](noise_seed=1),
        "GUIDER": ALL["BasicGuider"](model=model, conditioning=conditioning),
        "*": 1,
        "COMFY_MATCHTYPE_V3": 1,
        "FLOAT": 1.5,
    }


def of_loops(node: Node) -> bool:
    """Nodes that add nodes need a graph to add them to."""
    return bool({"DYNPROMPT", "FLOW_CONTROL"} & {one.type for one in [*node.schema.inputs, *node.schema.outputs]})


def has_value(one: Input) -> bool:
    """Whether there is a value for an input here; some need a file, or a model of another kind."""
    if one.is_combo:
        return one.folder is None or one.folder in FILLED
    if one.type == "COMFY_AUTOGROW_V3":
        ((kind, *_),) = one.options["template"]["input"]["required"].values()
        return kind.split(",")[0] in SOCKETS
    return one.name in SMALL or one.type in EMPTY or one.type in SOCKETS


def can_be_called(node: Node) -> bool:
    return not of_loops(node) and all(has_value(one) for one in node.schema.inputs if one.section == "required")


def value_of(one: Input, sockets: dict[str, Any]) -> Any:
    if one.is_combo:
        return choices(one, folders.current().files)[0]
    if one.name in SMALL:
        return SMALL[one.name]
    if one.type in EMPTY and "forceInput" not in one.options:
        return one.options.get("default", one.options.get("min", EMPTY[one.type]))
    if one.type == "COMFY_AUTOGROW_V3":
        template = one.options["template"]
        ((kind, *_),) = template["input"]["required"].values()
        return {name: sockets[kind.split(",")[0]] for name in template.get("names", ["value0"])[:2]}
    return sockets[one.type]


def inputs_of(node: Node, sockets: dict[str, Any]) -> dict[str, Any]:
    """A value for each input that must be given, as a list of one where the node takes lists."""
    required = [one for one in node.schema.inputs if one.section == "required"]
    given = {one.name: value_of(one, sockets) for one in required}
    return {one.name: _listed(one, given[one.name]) for one in required} if node.schema.is_input_list else given


def _listed(one: Input, value: Any) -> Any:
    return {name: [each] for name, each in value.items()} if one.type == "COMFY_AUTOGROW_V3" else [value]


@pytest.mark.parametrize("name", ALL)
def test_every_node_takes_its_inputs_by_name(name: str):
    schema = ALL[name].schema
    required = [one.name for one in schema.inputs if one.section == "required"]
    signature = inspect.signature(ALL[name])
    signature.bind(**dict.fromkeys(required))
    signature.bind(**{one.name: None for one in schema.inputs})
    if schema.any_input is None:
        with pytest.raises(TypeError):
            signature.bind(nonsense=1)


def answer(node: Node, inputs: dict[str, Any]) -> Any:
    """What it returns, or the refusal that it raises."""
    try:
        with torch.inference_mode():
            return node(**inputs)
    except (ValueError, WeightsError) as refusal:
        return refusal


@pytest.mark.parametrize("name", [name for name, node in ALL.items() if can_be_called(node)])
def test_a_node_can_be_called_and_returns_its_outputs_or_refuses_in_a_sentence(
    name: str, sockets: dict[str, Any], base: Folders
):
    Image.new("RGB", (16, 16)).save(base.input / "cat.png")
    node = ALL[name]
    returned = answer(node, inputs_of(node, sockets))
    if isinstance(returned, Exception):
        assert SENTENCE.search(str(returned))
        return
    outputs = node.schema.outputs
    if isinstance(returned, dict) and returned.keys() == {"ui", "result"} and not node.schema.is_output:
        assert len(returned["result"]) == len(outputs)
    elif node.schema.is_output:
        assert returned is None or returned.keys() <= {"ui", "result"}
    elif len(outputs) == 1:
        assert not isinstance(returned, tuple)
    else:
        assert len(returned) == len(outputs)


def test_all_are_called_but_for_those_of_loops_and_those_that_need_a_file_or_another_model():
    left = [node for node in ALL.values() if not of_loops(node) and not can_be_called(node)]
    lacking = {
        one.type if one.folder is None else "a file"
        for node in left
        for one in node.schema.inputs
        if one.section == "required" and not has_value(one)
    }
    assert lacking == {"a file"} | OF_OTHER_MODELS | OF_THE_EDITOR | OF_OWN_TESTS
