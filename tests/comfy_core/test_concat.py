"""What inpainting and editing models see beside the noisy latent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.model import DiffusionModel
from tests.tiny_models import write_model

NOISE = torch.zeros(1, 4, 8, 8)
IMAGE = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
SCALE = 0.18215


def model_of(folder: Path, name: str) -> Any:
    return load_checkpoint(write_model(folder / "x.safetensors", name)).model


def mask(size: int = 8) -> Tensor:
    """White on the left half."""
    one = torch.zeros(1, size, size)
    one[..., : size // 2] = 1
    return one


@pytest.mark.parametrize("size", [8, 64])
def test_an_inpainting_model_sees_the_mask_then_the_scaled_picture(tmp_path: Path, size: int):
    model: DiffusionModel = model_of(tmp_path, "sd1_inpainting").model
    seen = model.concat_cond(noise=NOISE, concat_latent_image=IMAGE, concat_mask=mask(size))
    assert seen is not None
    assert torch.equal(seen[:, :1], mask()[None])
    assert torch.allclose(seen[:, 1:], IMAGE * SCALE)


def test_without_a_conditioning_of_its_own_the_latents_mask_counts(tmp_path: Path):
    model: DiffusionModel = model_of(tmp_path, "sd1_inpainting").model
    run = {"noise": NOISE, "latent_image": IMAGE * SCALE, "denoise_mask": mask()[None].expand(1, 4, 8, 8)}
    seen = model.concat_cond(**run)
    assert seen is not None
    assert torch.equal(seen, torch.cat([mask()[None], IMAGE * SCALE], dim=1))


def test_without_any_mask_everything_is_made(tmp_path: Path):
    model: DiffusionModel = model_of(tmp_path, "sd1_inpainting").model
    seen = model.concat_cond(noise=NOISE, latent_image=IMAGE)
    assert seen is not None
    assert bool((seen[:, 0] == 1).all())
    assert torch.allclose(seen[0, 1:, 3, 3], torch.tensor([0.8223, -0.6876, 0.6364, 0.1380]))


def test_an_editing_model_sees_the_picture_unscaled(tmp_path: Path):
    model: DiffusionModel = model_of(tmp_path, "sd1_ip2p").model
    seen = model.concat_cond(noise=NOISE, concat_latent_image=IMAGE)
    assert seen is not None
    assert torch.equal(seen, IMAGE)
    assert torch.equal(model.concat_cond(noise=NOISE), torch.zeros(1, 4, 8, 8))  # type: ignore[arg-type]


def test_a_usual_model_sees_nothing_beside(tmp_path: Path):
    model: DiffusionModel = model_of(tmp_path, "sd1").model
    assert model.concat_cond(noise=NOISE, concat_latent_image=IMAGE, concat_mask=mask()) is None


@pytest.mark.parametrize("name", ["sd1_inpainting", "sd2_inpainting", "sdxl_inpainting"])
def test_the_picture_under_the_mask_changes_what_is_made(tmp_path: Path, name: str):
    patcher = model_of(tmp_path, name)
    model: DiffusionModel = patcher.model
    dims: Any = model.diffusion_model.dims
    rest = {"cross_attn": torch.ones(1, 77, dims.context_dim), "pooled_output": torch.ones(1, 64)}
    with residency.use([patcher]):
        made = [
            model.apply_model(NOISE, torch.tensor([1.0]), **model.extra_conds(noise=NOISE, **rest, **entry))
            for entry in ({}, {"concat_latent_image": IMAGE, "concat_mask": mask()})
        ]
    residency.free_all()
    assert not torch.allclose(made[0], made[1], atol=1e-3)
