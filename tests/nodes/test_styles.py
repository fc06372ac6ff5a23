"""Nodes for styles and boxes, from files to a picture."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from comfy_core.folders import Folders
from comfy_core.memory import residency
from comfy_core.networks.gligen import MOST_BOXES, Gligen, GligenDims
from comfy_core.networks.style_model import StyleAdapter, StyleDims
from comfy_core.vision import load_clip_vision
from comfy_core.weights import Weights
from nodes.latents import empty_latent_image
from nodes.loaders import checkpoint_loader_simple
from nodes.sampling import k_sampler
from nodes.styles import gligen_loader, gligen_text_box_apply, style_model_apply, style_model_loader
from nodes.text import clip_text_encode
from nodes.vision import clip_vision_encode
from tests.tiny_sd1 import SMALL, randomise
from tests.tiny_vision import VIT, vision_tensors

DOWN = {"input_blocks.1.1": 32, "input_blocks.3.1": 64, "middle_block.1": 64, "output_blocks.0.1": 64}
UP = {"output_blocks.1.1": 64, "output_blocks.2.1": 32, "output_blocks.3.1": 32}


@pytest.fixture
def gligen_file(base: Folders) -> str:
    """A GLIGEN for the tiny checkpoint, in the names of the release."""
    places = DOWN | UP
    network = Gligen(GligenDims(tuple(places.values()), (4,) * len(places), SMALL.clip.width, SMALL.clip.width))
    randomise(network, torch.Generator().manual_seed(0))
    tensors = dict(network.state_dict())
    names = list(places)
    found = {}
    for name, value in tensors.items():
        _, number, *rest = name.split(".")
        of_fuser = f"{names[int(number)]}.transformer_blocks.0.fuser.{'.'.join(rest)}" if "fusers" in name else name
        found[of_fuser] = torch.tensor(0.5) if "alpha" in name else value.clone()
    (base.base / "models" / "gligen").mkdir()
    save_file(found, base.base / "models" / "gligen" / "boxes.safetensors", metadata=SMALL.metadata)
    return "boxes.safetensors"


@pytest.fixture
def style_file(base: Folders) -> str:
    network = StyleAdapter(StyleDims(width=VIT.width, context=SMALL.clip.width))
    randomise(network, torch.Generator().manual_seed(0))
    (base.base / "models" / "style_models").mkdir()
    save_file(dict(network.state_dict()), base.base / "models" / "style_models" / "style.safetensors")
    return "style.safetensors"


def test_a_thing_in_a_box_changes_the_picture_and_its_weights_are_there_while_it_is_made(gligen_file: str):
    model, clip, _ = checkpoint_loader_simple("tiny.safetensors")
    gligen = gligen_loader(gligen_file)
    plain, negative = clip_text_encode("a cat", clip), clip_text_encode("", clip)
    boxed = gligen_text_box_apply(plain, clip, gligen, "a hat", 32, 16, 8, 24)
    boxed = gligen_text_box_apply(boxed, clip, gligen, "a tree", 16, 32, 40, 0)
    assert [box[1:] for box in boxed[0][1]["gligen"][2]] == [(2, 4, 3, 1), (4, 2, 0, 5)]
    residency.free_all()
    pictures = [
        k_sampler(model, 1, 2, 3.0, "euler", "normal", one, negative, empty_latent_image(64, 64, 1))["samples"]
        for one in (plain, boxed)
    ]
    assert not torch.allclose(*pictures, atol=1e-2)
    assert "GLIGEN" in {one.name for one in residency.current().residents}


def test_more_boxes_than_gligen_takes_are_said_and_left_out(gligen_file: str, caplog: pytest.LogCaptureFixture):
    _, clip, _ = checkpoint_loader_simple("tiny.safetensors")
    gligen, prompt = gligen_loader(gligen_file), clip_text_encode("a cat", clip)
    for _ in range(MOST_BOXES + 1):
        prompt = gligen_text_box_apply(prompt, clip, gligen, "a hat", 8, 8, 0, 0)
    assert "GLIGEN takes 30 boxes" in caplog.text
    with residency.use([gligen]):
        gligen.model.set_position((1, 4, 8, 8), prompt[0][1]["gligen"][2], torch.device("cpu"))


def test_a_style_lengthens_the_prompt(style_file: str):
    model, clip, _ = checkpoint_loader_simple("tiny.safetensors")
    seen = clip_vision_encode(load_clip_vision(Weights.of(vision_tensors())), torch.rand(1, 56, 56, 3), "center")
    prompt = clip_text_encode("a cat", clip)
    styled = style_model_apply(prompt, style_model_loader(style_file), seen, 1.0, "multiply")
    assert styled[0][0].shape == (1, 77 + 8, SMALL.clip.width)
    latent = k_sampler(model, 1, 2, 3.0, "euler", "normal", styled, prompt, empty_latent_image(64, 64, 1))
    assert latent["samples"].isfinite().all()


def test_a_model_whose_attention_cannot_be_biased_says_so(style_file: str, caplog: pytest.LogCaptureFixture):
    model, clip, _ = checkpoint_loader_simple("tiny.safetensors")
    seen = clip_vision_encode(load_clip_vision(Weights.of(vision_tensors())), torch.rand(1, 56, 56, 3), "center")
    prompt = clip_text_encode("a cat", clip)
    styled = style_model_apply(prompt, style_model_loader(style_file), seen, 0.5, "attn_bias")
    k_sampler(model, 1, 1, 1.0, "euler", "normal", styled, prompt, empty_latent_image(64, 64, 1))
    assert "attention cannot be biased: let the style count by the strength type 'multiply'" in caplog.text


def test_a_replaced_file_has_another_fingerprint(base: Folders, style_file: str, gligen_file: str):
    for node, inputs in (
        (style_model_loader, {"style_model_name": style_file}),
        (gligen_loader, {"gligen_name": gligen_file}),
    ):
        before = node.hooks["fingerprint"](**inputs)
        kind = "gligen" if node is gligen_loader else "style_models"
        save_file({"x": torch.zeros(1)}, base.base / "models" / kind / next(iter(inputs.values())))
        assert node.hooks["fingerprint"](**inputs) != before
