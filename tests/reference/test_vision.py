"""CLIP vision encoders against transformers, which is given the same weights and the same pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from comfy_core.networks.clip_vision import ClipVisionDims
from comfy_core.vision import STD, clip_preprocess, load_clip_vision
from comfy_core.weights import Weights
from tests.reference.test_sd1 import assert_equal
from tests.tiny_vision import DEEP_VIT, VIT, open_clip_layout, vision_tensors

FULL_SIZE = {
    "ViT-L": (ClipVisionDims(), 304.0),
    "ViT-H": (ClipVisionDims(1280, 32, 16, 5120, 14, 224, 1024, "gelu"), 632.1),
    "ViT-bigG": (ClipVisionDims(1664, 48, 16, 8192, 14, 224, 1280, "gelu"), 1844.9),
}


def reference(dims: ClipVisionDims) -> CLIPVisionModelWithProjection:
    config = CLIPVisionConfig(
        hidden_size=dims.width,
        intermediate_size=dims.mlp_width,
        projection_dim=dims.projection,
        num_hidden_layers=dims.layers,
        num_attention_heads=dims.heads,
        image_size=dims.image,
        patch_size=dims.patch,
        hidden_act=dims.activation,
    )
    return CLIPVisionModelWithProjection(config).eval()


@pytest.mark.parametrize("dims", [VIT, DEEP_VIT], ids=["as L", "as H"])
@pytest.mark.parametrize("layout", [dict, open_clip_layout])
@torch.no_grad()
def test_a_picture_is_seen_as_by_transformers(dims: ClipVisionDims, layout):
    tensors = vision_tensors(dims)
    theirs = reference(dims)
    theirs.load_state_dict({name: value for name, value in tensors.items() if not name.endswith("position_ids")})
    images = torch.rand(2, 100, 80, 3, generator=torch.Generator().manual_seed(2))
    ours = load_clip_vision(Weights.of(layout(tensors))).encode_image(images)
    seen = theirs(clip_preprocess(images, dims.image), output_hidden_states=True)
    assert_equal(ours.image_embeds, seen.image_embeds, 2e-5)
    assert_equal(ours.last_hidden_state, seen.last_hidden_state, 5e-5)
    assert_equal(ours.penultimate_hidden_states, seen.hidden_states[-2], 5e-5)


@pytest.mark.parametrize("name", FULL_SIZE)
def test_full_size_encoders_have_the_parameters_of_transformers(name: str):
    dims, millions = FULL_SIZE[name]
    with torch.device("meta"):
        tensors = dict(reference(dims).state_dict())
    loaded = load_clip_vision(Weights.of(tensors))
    assert loaded.model.dims == dims
    parameters = sum(value.numel() for value in loaded.model.state_dict().values())
    assert parameters == sum(value.numel() for key, value in tensors.items() if not key.endswith("position_ids"))
    assert round(parameters / 1e6, 1) == millions


@pytest.mark.parametrize("size", [(300, 200), (200, 301), (224, 224), (97, 450)])
def test_pictures_are_prepared_as_by_transformers(size: tuple[int, int]):
    """Pillow rounds between its two passes, torch does not: at most three levels of 255."""
    rows, columns = np.mgrid[: size[1], : size[0]]
    noise = np.random.default_rng(0).normal(0, 8, (*rows.shape, 3))
    smooth = np.stack([rows / size[1], columns / size[0], np.sin(rows / 9) / 2 + 0.5], axis=-1) * 220 + 16
    picture = Image.fromarray((smooth + noise).clip(0, 255).astype(np.uint8))
    theirs = torch.as_tensor(np.array(CLIPImageProcessor()(picture)["pixel_values"]))
    ours = clip_preprocess(torch.from_numpy(np.array(picture)).float()[None] / 255)
    levels = (ours - theirs).abs() * torch.tensor(STD)[:, None, None] * 255
    assert levels.max() < 3.5
    assert levels.mean() < 0.3
