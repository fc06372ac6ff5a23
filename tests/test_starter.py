"""The shipped checkpoint paints what it is asked for, held to statements about colours that need no other model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from comfy_core.preview import latent_to_image
from nodes.loaders import checkpoint_loader_simple
from nodes.sampling import k_sampler
from nodes.text import clip_text_encode
from tools.starter import settings
from tools.starter.colours import rewrite_metadata
from tools.starter.pictures import CFG, SAMPLER, SCHEDULER, STEPS, paint


def hues(picture: Image.Image, box: tuple[float, float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Hue in degrees and saturation 0..1 of the pixels in a box given in parts of the picture."""
    left, top, right, bottom = (round(part * picture.width) for part in box)
    hsv = np.asarray(picture.convert("HSV").crop((left, top, right, bottom)), dtype=float).reshape(-1, 3)
    return hsv[:, 0] * 360 / 255, hsv[:, 1] / 255


def one(prompt: str, seed: int = 7) -> Image.Image:
    return next(paint([prompt], [seed]))


@pytest.fixture(scope="module")
def apple() -> Image.Image:
    return one("a red apple")


def test_a_red_apple_is_red_in_the_middle(apple):
    hue, saturation = hues(apple, (0.35, 0.35, 0.65, 0.65))
    red = ((hue < 25) | (hue > 335)) & (saturation > 0.4)
    assert red.mean() > 0.6


def test_what_the_prompt_does_not_mention_is_left_white(apple):
    corners = np.concatenate([hues(apple, (x, y, x + 0.08, y + 0.08))[1] for x in (0.0, 0.92) for y in (0.0, 0.92)])
    assert np.median(corners) < 0.25


def test_a_blue_background_is_blue():
    picture = one("pizza on a blue background")
    hue, saturation = hues(picture, (0.0, 0.0, 0.1, 0.1))
    assert ((hue > 190) & (hue < 260) & (saturation > 0.4)).mean() > 0.8


def test_the_same_seed_gives_the_same_picture_and_another_seed_another(apple):
    assert np.array_equal(np.asarray(one("a red apple")), np.asarray(apple))
    assert not np.array_equal(np.asarray(one("a red apple", seed=8)), np.asarray(apple))


def test_the_file_says_what_its_shapes_cannot():
    with safe_open(settings.CHECKPOINT, framework="np") as file:
        metadata = file.metadata()
    assert metadata["easel.num_heads"] == str(settings.UNET.heads)
    assert metadata["easel.norm_groups"] == str(settings.UNET.norm_groups)
    assert float(metadata["easel.scale_factor"]) > 0
    assert settings.CHECKPOINT.stat().st_size < 40e6


def test_the_preview_of_a_red_apple_is_red_in_the_middle():
    model, clip, _ = checkpoint_loader_simple(settings.CHECKPOINT.name)
    texts = [clip_text_encode(clip=clip, text=text) for text in ("a red apple", "")]
    latent = {"samples": torch.zeros(1, 4, 16, 16)}
    samples = k_sampler(model, 7, STEPS, CFG, SAMPLER, SCHEDULER, *texts, latent)["samples"]
    latent_format = model.get_model_object("latent_format")
    picture = latent_to_image(latent_format.process_in(samples)[0], latent_format)
    hue, saturation = hues(picture, (0.35, 0.35, 0.65, 0.65))
    assert (((hue < 25) | (hue > 335)) & (saturation > 0.4)).mean() > 0.6
    corner = np.concatenate([hues(picture, (x, 0.0, x + 0.1, 0.1))[1] for x in (0.0, 0.9)])
    assert np.median(corner) < 0.25


def test_new_metadata_leaves_the_tensors_as_they_are(tmp_path: Path):
    path = tmp_path / "x.safetensors"
    save_file({"a": torch.randn(3, 5), "b": torch.ones(2)}, path, {"kept": "1", "changed": "1"})
    before = path.read_bytes()
    rewrite_metadata(path, {"changed": "a longer value than it had"})
    assert path.read_bytes().endswith(before[8 + int.from_bytes(before[:8], "little") :])
    with safe_open(path, framework="np") as file:
        assert file.metadata() == {"kept": "1", "changed": "a longer value than it had"}
