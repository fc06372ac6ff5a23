"""What an infotext makes is said with the same infotext again; what cannot be said is left out in words."""

from __future__ import annotations

import json

import pytest
import torch
from PIL import Image

from comfy_core import folders
from comfy_core.infotext import parse, write
from execution.infotext import import_text
from execution.load_nodes import load_nodes
from nodes import saving
from nodes.parameters import for_batch, infotext_of
from tests.tiny_models import write_model

SCHEMAS = {name: node.schema for name, node in load_nodes().items()}
UNIT = (
    "Module: {}, Model: net, Weight: 0.8, Resize Mode: Resize and Fill, Processor Res: 640, Threshold A: 90, Threshold "
    "B: 255, Guidance Start: 0.1, Guidance End: 0.9, Pixel Perfect: False, Control Mode: Balanced, Hr Option: {}"
)
BASE = "Steps: 20, Sampler: {}, Schedule type: {}, CFG scale: 7, Seed: 5, Size: 512x768"


def graph(text):
    return import_text(text, SCHEMAS, folders.current()).prompt


def said_again(text):
    return infotext_of(graph(text))


@pytest.mark.parametrize(
    ("sampler", "schedule"),
    [
        ("Euler a", "Uniform"),
        ("DPM++ 2M", "Karras"),
        ("DPM++ 2M SDE", "Exponential"),
        ("DDIM", "DDIM"),
        ("LCM", "Beta"),
    ],
)
@pytest.mark.parametrize(
    "more",
    [
        "",
        ", Clip skip: 2, ENSD: 31337",
        ", RNG: CPU",
        ", Denoising strength: 0.6, Hires steps: 10, Hires upscaler: Latent, Hires resize: 840x1264, "
        "Hires CFG Scale: 4",
        ", Denoising strength: 0.4, Hires steps: 20, Hires upscaler: Lanczos, Hires resize: 600x800, "
        'Hires sampler: Euler, Hires prompt: "x, y"',
        ", Refiner: fine, Refiner switch at: 0.8",
        ", Variation seed: 9, Variation seed strength: 0.15, Seed resize from: 512x512",
        f', ControlNet 0: "{UNIT.format("canny", "Both")}"',
        f", Denoising strength: 0.6, Hires steps: 10, Hires upscaler: Latent, Hires resize: 840x1264, ControlNet 0: "
        f'"{UNIT.format("canny", "Low res only")}", ControlNet 1: "{UNIT.format("canny", "High res only")}"',
    ],
)
def test_there_and_back(sampler, schedule, more):
    text = (
        f"a castle, <lora:ink:0.5:1>\nNegative prompt: people,\ntiara\n{BASE.format(sampler, schedule)}, Model: m{more}"
    )
    before, after = parse(text), said_again(text)
    assert (after.prompt, after.negative) == ("a castle, <lora:ink:0.5:1>", before.negative)
    assert after.fields == before.fields | {"Version": "Easel"}
    assert parse(write(after)) == after
    if "Refiner" not in more:  # whose prompts lie in other nodes, in the same words
        assert graph(write(after)) == graph(text)


def test_parts_joined_by_and_stay_as_they_are():
    after = said_again(f"a cat AND a dog :0.5\nNegative prompt: x\n{BASE.format('Euler', 'Uniform')}, Model: m")
    assert (after.prompt, after.fields["CFG scale"]) == ("a cat AND a dog :0.5", "7")


def test_prompts_that_nodes_combine_are_joined_and_the_guidance_is_shared_out():
    """Combined prompts are averaged by their strengths, those that AND joins are added up."""
    prompt = graph(f"a cat\n{BASE.format('Euler', 'Uniform')}")
    sampler = next(node for node in prompt.values() if node["class_type"] == "KSampler")
    cat = sampler["inputs"]["positive"]
    prompt["dog"] = {"class_type": "CLIPTextEncode", "inputs": {"text": "a dog", "clip": ["1", 1]}}
    prompt["half"] = {
        "class_type": "ConditioningSetAreaStrength", "inputs": {"conditioning": ["dog", 0], "strength": 0.5},
    }  # fmt: skip
    both = {"conditioning_1": cat, "conditioning_2": ["half", 0]}
    prompt["both"] = {"class_type": "ConditioningCombine", "inputs": both}
    sampler["inputs"] |= {"positive": ["both", 0], "cfg": 7.5}
    after = infotext_of(prompt)
    assert (after.prompt, after.fields["CFG scale"]) == ("a cat AND a dog :0.5", "5")


def test_hashes_of_the_models_are_told(base):
    write_model(base.base / "models/checkpoints/m.safetensors", "sd1")
    write_model(base.base / "models/loras/ink.safetensors", "sd1")
    after = said_again(f"a <lora:ink:1>\n{BASE.format('Euler', 'Uniform')}, Model: m")
    assert len(after.fields["Model hash"]) == 10
    assert after.fields["Lora hashes"].startswith("ink: ")
    assert import_text(write(after), SCHEMAS, folders.current()).warnings == []


def test_a_text_from_another_node_is_followed_and_a_ring_ends():
    prompt = graph(f"a\n{BASE.format('Euler', 'Uniform')}")
    encoder = next(node for node in prompt.values() if node["class_type"] == "CLIPTextEncodeA1111")
    encoder["inputs"]["text"] = ["t", 0]
    prompt["t"] = {"class_type": "PrimitiveString", "inputs": {"value": "from afar"}}
    assert infotext_of(prompt).prompt == "from afar"
    prompt["t"]["inputs"]["value"] = ["t", 0]
    assert infotext_of(prompt).prompt == ""


def test_a_graph_without_a_sampler_is_refused_in_words():
    with pytest.raises(ValueError, match="no KSampler"):
        infotext_of({"1": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}})


def test_saved_pictures_carry_parameters_and_the_workflow_each_with_its_seed():
    prompt = graph(f"a cat\n{BASE.format('Euler a', 'Uniform')}, Model: m")
    saver = next(id for id, node in prompt.items() if node["class_type"] == "SaveImage")
    result = saving.save_with_parameters(torch.zeros(2, 8, 8, 3), "a", prompt, {"workflow": {}}, saver)
    seeds = []
    for file in result["ui"]["images"]:
        with Image.open(folders.current().output / file["filename"]) as picture:
            assert json.loads(picture.text["prompt"]) == prompt
            assert next(iter(picture.text)) == "parameters"
            seeds.append(parse(picture.text["parameters"]).fields["Seed"])
    assert seeds == ["5", "6"]


def test_with_a_variation_seed_it_is_that_which_counts_up():
    prompt = graph(f"a\n{BASE.format('Euler a', 'Uniform')}, Variation seed: 9, Variation seed strength: 0.2")
    third = for_batch(infotext_of(prompt), 2, 4).fields
    assert (third["Seed"], third["Variation seed"]) == ("5", "11")


def test_a_picture_of_another_graph_is_saved_without():
    prompt = {"1": {"class_type": "EaselSaveWithParameters", "inputs": {"images": ["2", 0]}}}
    (file,) = saving.save_with_parameters(torch.zeros(1, 8, 8, 3), "a", prompt, None, "1")["ui"]["images"]
    with Image.open(folders.current().output / file["filename"]) as picture:
        assert "parameters" not in picture.text
