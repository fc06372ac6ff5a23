"""Nodes that enlarge pictures with networks."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from comfy_core.folders import Folders
from nodes.upscaling import image_upscale_with_model, upscale_model_loader
from tests.tiny_upscalers import compact_shapes, drawn


def test_a_picture_is_enlarged_with_a_file_of_the_folder(base: Folders):
    folder = base.base / "models" / "upscale_models"
    folder.mkdir()
    save_file(drawn(compact_shapes(scale=2)), folder / "x2.safetensors")
    model = upscale_model_loader("x2.safetensors")
    made = image_upscale_with_model(model, torch.rand(1, 12, 20, 3))
    assert made.shape == (1, 24, 40, 3)


def test_a_file_that_is_not_there_is_named(base: Folders):
    with pytest.raises(FileNotFoundError, match=r"x2\.safetensors"):
        upscale_model_loader("x2.safetensors")
