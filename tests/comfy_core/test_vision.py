"""CLIP vision encoders: which files are read, and how pictures are prepared for them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from comfy_core.vision import MEAN, STD, ClipVisionModel, clip_preprocess, load_clip_vision
from comfy_core.weights import Weights, WeightsError, open_weights
from tests.tiny_vision import DEEP_VIT, VIT, open_clip_layout, vision_tensors

IMAGES = torch.rand(2, 70, 90, 3, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def vit() -> ClipVisionModel:
    return load_clip_vision(Weights.of(vision_tensors()))


def test_pictures_are_seen_as_tokens_and_as_wholes(vit: ClipVisionModel):
    seen = vit.encode_image(IMAGES)
    assert seen.last_hidden_state.shape == seen.penultimate_hidden_states.shape == (2, 1 + 16, VIT.width)
    assert seen.image_embeds.shape == (2, VIT.projection)
    assert seen["image_embeds"] is seen.image_embeds
    assert vit.image_size == 56


@pytest.mark.parametrize("dims", [VIT, DEEP_VIT], ids=["few layers", "many layers"])
def test_both_layouts_are_the_same_encoder(dims):
    tensors = vision_tensors(dims)
    ours = load_clip_vision(Weights.of(tensors))
    theirs = load_clip_vision(Weights.of(open_clip_layout(tensors)))
    assert ours.model.dims == theirs.model.dims == dims
    torch.testing.assert_close(ours.encode_image(IMAGES).image_embeds, theirs.encode_image(IMAGES).image_embeds)


def test_a_file_and_half_precision(tmp_path: Path, vit: ClipVisionModel):
    half = {name: value.half() if value.is_floating_point() else value for name, value in vision_tensors().items()}
    save_file(half, tmp_path / "vit.safetensors")
    ours = load_clip_vision(open_weights(tmp_path / "vit.safetensors"))
    torch.testing.assert_close(
        ours.encode_image(IMAGES).image_embeds, vit.encode_image(IMAGES).image_embeds, rtol=0.01, atol=0.01
    )


def test_a_file_of_something_else_is_refused(tmp_path: Path):
    save_file({"lora.up.weight": torch.zeros(2, 2)}, tmp_path / "lora.safetensors")
    with pytest.raises(WeightsError, match=r"lora\.safetensors holds no CLIP vision encoder .*supported: ViT-L"):
        load_clip_vision(open_weights(tmp_path / "lora.safetensors"))
    part = vision_tensors()
    del part["vision_model.pre_layrnorm.bias"]
    with pytest.raises(WeightsError, match=r"lacks 1 tensors, first 'vision_model\.pre_layrnorm\.bias'"):
        load_clip_vision(Weights.of(part))


def test_the_middle_square_is_looked_at_or_all_of_it():
    halves = torch.zeros(1, 56, 112, 3)
    halves[:, :, 28:84] = 1.0
    middle, whole = clip_preprocess(halves, 56, crop=True), clip_preprocess(halves, 56, crop=False)
    white = (1 - torch.tensor(MEAN)) / torch.tensor(STD)
    torch.testing.assert_close(middle, white[None, :, None, None].expand_as(middle))
    assert whole.shape == middle.shape == (1, 3, 56, 56)
    assert (whole[..., 0] < 0).all()
    assert (whole[..., 28] > 1.5).all()


@pytest.mark.parametrize("shape", [(1, 56, 56, 3), (2, 1, 300, 3), (1, 300, 7, 4), (1, 33, 44, 1)])
@pytest.mark.parametrize("crop", [True, False])
def test_pictures_of_any_shape_are_taken(shape: tuple[int, ...], crop: bool):
    pixels = clip_preprocess(torch.rand(shape), 56, crop)
    assert pixels.shape == (shape[0], 3, 56, 56)
    assert pixels.isfinite().all()
