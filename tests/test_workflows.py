"""Every shipped workflow is accepted and makes its pictures: on tiny models in place of the named ones, and where it
names the starter model, with that too."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from comfy_core import folders
from comfy_core.folders import CHECKOUT, Folders
from comfy_core.memory import residency
from execution.cache.memory import RamCache
from execution.convert import to_prompt
from execution.events import ExecutionError, ExecutionSuccess
from execution.executor import Executor
from execution.load_nodes import load_nodes
from execution.validate import validate
from execution.worker import Job
from tests.tiny_clip import write_clip
from tests.tiny_control import write_control
from tests.tiny_ip_adapter import write_ip_adapter
from tests.tiny_lora import write_lora
from tests.tiny_models import write_model
from tests.tiny_upscalers import write_upscaler

WORKFLOWS = sorted((CHECKOUT / "user_workflows").glob("*.json"))
STARTER = "easel-starter.safetensors"
TINY = {
    "sd-v1-5-inpainting.safetensors": "sd1_inpainting",
    "sd_xl_base_1.0.safetensors": "sdxl",
    "sd_xl_refiner_1.0.safetensors": "refiner",
    "sd_xl_turbo_1.0_fp16.safetensors": "sdxl",
}
LARGEST = 128
SHEETS = ("grid",)
MODELS_ONLY = {"extract_lora": "loras/*.safetensors"}
"""Workflows that make no picture, and what they make in output/."""
NODES = load_nodes()
SCHEMAS = {name: node.schema for name, node in NODES.items()}


@pytest.fixture(autouse=True)
def base(tmp_path: Path) -> Iterator[Folders]:
    before = folders.current()
    folders.use(Folders(tmp_path))
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    (tmp_path / "input").mkdir()
    picture = Image.effect_noise((96, 128), 60).convert("RGB")
    mask = Image.linear_gradient("L").resize(picture.size)
    picture.putalpha(mask)
    picture.save(tmp_path / "input" / "example.png")
    write_clip(tmp_path / "models" / "clip_vision" / "clip-vit-large-patch14.safetensors")
    yield folders.current()
    residency.free_all()
    folders.use(before)


def prompt_of(path: Path) -> dict[str, Any]:
    return to_prompt(json.loads(path.read_text()), SCHEMAS, folders.current().files, draw=random.Random(0).choice)


def small(prompt: dict[str, Any]) -> dict[str, Any]:
    """The same with a fifth of the steps, and no side longer than 128 pixels."""
    for node in prompt.values():
        for name, value in node["inputs"].items():
            if name in ("steps", "step", "start_at_step", "end_at_step") and isinstance(value, int):
                node["inputs"][name] = value if value > 1000 else -(-value // 5)
            elif name in ("width", "height") and isinstance(value, int):
                node["inputs"][name] = min(value, LARGEST)
    return prompt


def pictures(prompt: dict[str, Any]) -> list[Path]:
    """Run a prompt; the files it made."""
    accepted = validate(prompt, SCHEMAS, folders.current(), nodes=NODES)
    assert accepted.outputs, accepted
    assert not accepted.node_errors, accepted
    events: list[Any] = []
    executor = Executor(NODES, RamCache(1 << 28), around=torch.no_grad)
    executor.run(Job(prompt_id="1", prompt=accepted.prompt, outputs=accepted.outputs), events.append)
    failed = [event.exception_message for event in events if isinstance(event, ExecutionError)]
    assert not failed, failed
    assert any(isinstance(event, ExecutionSuccess) for event in events)
    return sorted(folders.current().output.glob("*.png"))


def write_hypernetwork(path: Path) -> None:
    """One layer for keys and one for values, of prompts that are 32 wide."""
    generator = torch.Generator().manual_seed(0)
    layers = [{"linear.0.weight": torch.randn(32, 32, generator=generator), "linear.0.bias": torch.zeros(32)}] * 2
    path.parent.mkdir(parents=True)
    torch.save({"name": "style", "step": 1, "layer_structure": [1, 1], "is_layer_norm": False, 32: layers}, path)


def named(prompt: dict[str, Any], input: str) -> set[str]:
    """The files that a prompt names in inputs of a name."""
    return {node["inputs"][input] for node in prompt.values() if input in node["inputs"]}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_makes_a_picture_with_tiny_models(path: Path, base: Folders):
    prompt = small(prompt_of(path))
    for name in named(prompt, "ckpt_name"):
        write_model(base.base / "models" / "checkpoints" / name, TINY.get(name, "sd1"))
    for name in named(prompt, "lora_name"):
        write_lora(base.base / "models" / "loras" / name, "sd1")
    for name in named(prompt, "model_name"):
        write_upscaler(base.base / "models" / "upscale_models" / name)
    for name in named(prompt, "control_net_name"):
        write_control(base.base / "models" / "controlnet" / name, "sd1")
    for name in named(prompt, "ipadapter_file"):
        write_ip_adapter(base.base / "models", name, "sd1", "plus")
    for name in named(prompt, "hypernetwork_name"):
        write_hypernetwork(base.base / "models" / "hypernetworks" / name)
    if path.stem in MODELS_ONLY:
        assert pictures(prompt) == []
        assert len(list(base.output.glob(MODELS_ONLY[path.stem]))) == 1
        return
    (picture,) = pictures(prompt)[:1]
    with Image.open(picture) as image:
        assert image.getextrema() != ((0, 0),) * 3
        assert max(image.size) <= 2 * LARGEST or path.stem in SHEETS


@pytest.mark.parametrize("path", [one for one in WORKFLOWS if STARTER in one.read_text()], ids=lambda path: path.stem)
def test_a_workflow_of_the_starter_model_makes_a_picture_with_it(path: Path):
    prompt = small(prompt_of(path))
    (latent,) = [node for node in prompt.values() if "batch_size" in node["inputs"]][:1] or [{"inputs": {}}]
    assert len(pictures(prompt)) == latent["inputs"].get("batch_size", 1)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_opens_well(path: Path):
    """No two nodes lie on each other, links go to the right, and everything that is linked is there."""
    workflow = json.loads(path.read_text())
    nodes = {node["id"]: node for node in workflow["nodes"]}
    boxes = [(*node["pos"], *node["size"]) for node in nodes.values()]
    for number, (x, y, width, height) in enumerate(boxes):
        for left, top, across, down in boxes[number + 1 :]:
            assert x + width <= left or left + across <= x or y + height <= top or top + down <= y
    for link, source, slot, target, place, type_ in workflow["links"]:
        assert link in nodes[source]["outputs"][slot]["links"]
        assert nodes[target]["inputs"][place]["link"] == link
        assert type_ in nodes[target]["inputs"][place]["type"].split(",")
        assert nodes[source]["pos"][0] <= nodes[target]["pos"][0]
