"""Masks of any shape, and what a masked run shows the model and takes from it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.media.inpaint import grown, mask_for, without_masked
from comfy_core.sampling.inpaint import MaskedDenoiser, prepare_mask
from comfy_core.sampling.prediction import EpsilonSampling, Flow

CPU = torch.device("cpu")
SHAPE = torch.Size([3, 4, 8, 8])


@pytest.mark.parametrize("shape", [(8, 8), (1, 8, 8), (1, 1, 8, 8), (64, 64), (3, 64, 64), (3, 1, 16, 16), (2, 8, 8)])
def test_a_mask_of_any_shape_covers_the_latent(shape: tuple[int, ...]):
    mask = torch.zeros(shape)
    mask[..., shape[-1] // 2 :] = 1
    out = prepare_mask(mask, SHAPE, CPU)
    assert out.shape == SHAPE
    assert (out[..., :3] == 0).all()
    assert (out[..., 5:] == 1).all()


def test_fewer_masks_than_pictures_are_repeated_and_more_are_left_out():
    masks = torch.stack([torch.full((8, 8), value) for value in (0.2, 0.7)])
    assert prepare_mask(masks, SHAPE, CPU)[:, 0, 0, 0].tolist() == pytest.approx([0.2, 0.7, 0.2])
    many = torch.stack([torch.full((8, 8), value) for value in (0.1, 0.2, 0.3, 0.4)])
    assert prepare_mask(many, SHAPE, CPU)[:, 0, 0, 0].tolist() == pytest.approx([0.1, 0.2, 0.3])


@pytest.mark.parametrize("sampling", [EpsilonSampling(), Flow()])
def test_outside_of_the_mask_the_model_sees_the_latent_at_the_level_of_the_step(sampling: Any):
    generator = torch.Generator().manual_seed(0)
    x, latent, noise, denoised = torch.randn(4, *SHAPE, generator=generator)
    mask = torch.rand(SHAPE, generator=generator)
    seen: list[Tensor] = []

    class Guider:
        model_patcher = SimpleNamespace(get_model_object=lambda name: sampling)

        def __call__(self, x: Tensor, sigma: Tensor, **_: Any) -> Tensor:
            seen.append(x)
            return denoised

    sigma = torch.full((3,), 0.6)
    out = MaskedDenoiser(Guider(), sigma, latent, noise, mask)(x, sigma)  # type: ignore[arg-type]
    kept = (0.4 if isinstance(sampling, Flow) else 1.0) * latent + 0.6 * noise
    torch.testing.assert_close(seen[0], mask * x + (1 - mask) * kept)
    torch.testing.assert_close(out, mask * denoised + (1 - mask) * latent)


def test_a_picture_without_its_masked_part_is_grey_there():
    pixels = torch.rand(2, 6, 6, 3)
    mask = mask_for(pixels, torch.eye(6))
    out = without_masked(pixels, mask)
    assert (out[:, range(6), range(6)] == 0.5).all()
    torch.testing.assert_close(out[:, 0, 1:], pixels[:, 0, 1:])


def test_a_grown_mask_keeps_its_size():
    mask = torch.zeros(1, 1, 9, 9)
    mask[..., 4, 4] = 1
    assert grown(mask, 0).sum() == 1
    assert grown(mask, 3).sum() == 9
    assert grown(mask, 4).sum() == 16
    assert grown(mask, 64).shape == mask.shape
