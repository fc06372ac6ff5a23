"""Nodes that look at pictures: the encoders they open, and unCLIP, which is shown pictures beside the prompt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from comfy_core.folders import Folders
from comfy_core.sampling.guidance import CFGGuider
from comfy_core.vision import load_clip_vision
from comfy_core.weights import Weights, WeightsError
from nodes.latents import empty_latent_image
from nodes.sampling import k_sampler
from nodes.text import clip_text_encode
from nodes.vision import clip_vision_encode, clip_vision_loader, unclip_checkpoint_loader, unclip_conditioning
from tests.tiny_models import write_model
from tests.tiny_vision import VIT, open_clip_layout, vision_tensors

IMAGE = torch.rand(1, 56, 80, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def unclip(base: Folders) -> tuple[Any, ...]:
    path = write_model(base.base / "models" / "checkpoints" / "unclip.safetensors", "sd2_unclip")
    vision = {f"embedder.model.{name}": value for name, value in open_clip_layout(vision_tensors()).items()}
    save_file(load_file(path) | vision, path)
    return unclip_checkpoint_loader("unclip.safetensors")


@pytest.fixture
def vision_file(base: Folders) -> str:
    (base.base / "models" / "clip_vision").mkdir()
    save_file(vision_tensors(), base.base / "models" / "clip_vision" / "vit.safetensors")
    return "vit.safetensors"


def told(model: Any, conditioning: list[Any], seed: int = 7) -> Tensor:
    guider = CFGGuider(model)
    guider.original_conds = {"positive": conditioning}
    guider.prepare(torch.zeros(1, 4, 8, 8), seed=seed)
    return guider.conds["positive"][0].inputs["y"]


def test_a_vision_encoder_looks_at_the_middle_or_at_all(vision_file: str):
    vision = clip_vision_loader(vision_file)
    middle, whole = (clip_vision_encode(vision, IMAGE, crop) for crop in ("center", "none"))
    assert middle.image_embeds.shape == (1, VIT.projection)
    square = clip_vision_encode(vision, IMAGE[:, :, 12:68], "none")
    torch.testing.assert_close(middle.image_embeds, square.image_embeds)
    assert not torch.allclose(whole.image_embeds, middle.image_embeds, atol=1e-3)


def test_a_replaced_encoder_has_another_fingerprint(base: Folders, vision_file: str):
    before = clip_vision_loader.hooks["fingerprint"](clip_name=vision_file)
    save_file(vision_tensors(seed=1) | {"more": torch.ones(1)}, base.base / "models" / "clip_vision" / vision_file)
    assert clip_vision_loader.hooks["fingerprint"](clip_name=vision_file) != before


def test_an_unclip_model_is_shown_a_picture(unclip: tuple[Any, ...]):
    model, clip, _, vision = unclip
    seen = clip_vision_encode(vision, IMAGE, "center")
    prompt = clip_text_encode("a cat", clip)
    shown = unclip_conditioning(prompt, seen, 1.0, 0.0)
    sampled = [
        k_sampler(model, 7, 2, 3.0, "euler", "normal", positive, prompt, empty_latent_image(64, 64, 1))["samples"]
        for positive in (prompt, shown)
    ]
    assert not torch.allclose(*sampled, atol=1e-2)
    assert unclip_conditioning(prompt, seen, 0.0, 0.0) is prompt
    assert "unclip_conditioning" not in prompt[0][1]


def test_several_pictures_are_mixed(unclip: tuple[Any, ...]):
    model, clip, _, vision = unclip
    prompt = clip_text_encode("a cat", clip)
    one, two = (clip_vision_encode(vision, image, "center") for image in (IMAGE, 1 - IMAGE))
    both = unclip_conditioning(unclip_conditioning(prompt, one, 1.0, 0.0), two, 0.5, 0.0)
    assert len(both[0][1]["unclip_conditioning"]) == 2
    vectors = [told(model, conditioning) for conditioning in (unclip_conditioning(prompt, one, 1.0, 0.0), both)]
    assert vectors[0].shape == vectors[1].shape == (1, 64)
    assert not torch.allclose(*vectors, atol=1e-2)


def test_a_picture_seen_by_another_encoder_is_refused(unclip: tuple[Any, ...]):
    model, clip, _, _ = unclip
    other = load_clip_vision(Weights.of(vision_tensors(replace(VIT, projection=48))))
    prompt = unclip_conditioning(clip_text_encode("a", clip), clip_vision_encode(other, IMAGE, "none"), 1.0, 0.0)
    with pytest.raises(ValueError, match="of width 48 and this model takes 32: use the encoder that belongs to"):
        told(model, prompt)


def test_a_checkpoint_without_a_vision_encoder_is_refused(base: Folders):
    with pytest.raises(WeightsError, match="holds no CLIP vision encoder"):
        unclip_checkpoint_loader("tiny.safetensors")
