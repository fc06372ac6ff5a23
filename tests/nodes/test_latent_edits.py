"""Nodes that pick, mix, turn and paste latents."""

from __future__ import annotations

import pytest
import torch

from nodes import latent_edits as edit

BATCH = torch.arange(3.0).view(3, 1, 1, 1).expand(3, 4, 8, 8).contiguous()
ONE, OTHER = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(0)).unbind(0)


def latent(samples: torch.Tensor, **extra) -> dict:
    return {"samples": samples, **extra}


@pytest.mark.parametrize(
    ("index", "length", "places"), [(1, 1, [1]), (1, 9, [1, 2]), (-1, 1, [2]), (-9, 2, [0, 1]), (7, 1, [2])]
)
def test_latents_out_of_a_batch_keep_their_places(index: int, length: int, places: list[int]):
    masks = torch.arange(3.0).view(3, 1, 1).expand(3, 64, 64)
    out = edit.latent_from_batch(latent(BATCH, noise_mask=masks), index, length)
    assert out["samples"][:, 0, 0, 0].tolist() == places
    assert out["noise_mask"][:, 0, 0].tolist() == places
    assert out["batch_index"] == places
    again = edit.latent_from_batch(latent(BATCH, batch_index=[5, 6, 7]), index, length)
    assert again["batch_index"] == [5 + place for place in places]


def test_a_batch_has_one_noise_or_one_for_each():
    fixed = edit.latent_batch_seed_behavior(latent(BATCH, batch_index=[4, 5, 6]), "fixed")
    assert fixed["batch_index"] == [4, 4, 4]
    assert "batch_index" not in edit.latent_batch_seed_behavior(fixed, "random")
    assert edit.latent_batch_seed_behavior(latent(BATCH), "fixed")["batch_index"] == [0, 0, 0]


def test_two_batches_become_one():
    out = edit.latent_batch(latent(BATCH), latent(torch.ones(2, 4, 16, 16), batch_index=[8, 9]))
    assert out["samples"].shape == (5, 4, 8, 8)
    assert out["batch_index"] == [0, 1, 2, 8, 9]


def test_arithmetic():
    assert torch.equal(edit.latent_add(latent(BATCH), latent(ONE))["samples"], BATCH + ONE)
    assert torch.equal(edit.latent_subtract(latent(BATCH), latent(ONE))["samples"], BATCH - ONE)
    assert torch.equal(edit.latent_multiply(latent(ONE), -2.0)["samples"], -2 * ONE)
    torch.testing.assert_close(edit.latent_blend(latent(ONE), latent(OTHER), 0.3)["samples"], 0.3 * ONE + 0.7 * OTHER)
    assert edit.latent_add(latent(ONE), latent(torch.ones(1, 4, 4, 4)))["samples"].shape == ONE.shape


def test_a_mix_has_a_mixed_length():
    out = edit.latent_interpolate(latent(ONE), latent(OTHER), 0.3)["samples"]
    torch.testing.assert_close(out.norm(dim=1), 0.3 * ONE.norm(dim=1) + 0.7 * OTHER.norm(dim=1))
    torch.testing.assert_close(edit.latent_interpolate(latent(ONE), latent(OTHER), 1.0)["samples"], ONE)
    assert not edit.latent_interpolate(latent(0 * ONE), latent(0 * ONE), 0.5)["samples"].any()


@pytest.mark.parametrize("mix", [edit.latent_add, edit.latent_subtract, edit.latent_batch])
def test_latents_of_different_models_do_not_mix(mix):
    with pytest.raises(ValueError, match="latents of 4 and of 16 channels"):
        mix(latent(ONE), latent(torch.ones(1, 16, 8, 8)))


def test_latents_are_turned_clockwise_and_mirrored():
    corner = torch.zeros(1, 4, 8, 8)
    corner[..., 0, 0] = 1
    places = {"none": (0, 0), "90 degrees": (0, 7), "180 degrees": (7, 7), "270 degrees": (7, 0)}
    for rotation, (row, column) in places.items():
        assert edit.latent_rotate(latent(corner), rotation)["samples"][0, 0, row, column] == 1
    assert edit.latent_flip(latent(corner), "x-axis: vertically")["samples"][0, 0, 7, 0] == 1
    assert edit.latent_flip(latent(corner), "y-axis: horizontally")["samples"][0, 0, 0, 7] == 1


def test_a_crop_stays_inside():
    big = torch.randn(1, 4, 32, 24)
    assert torch.equal(edit.latent_crop(latent(big), 64, 128, 32, 16)["samples"], big[..., 2:18, 4:12])
    assert torch.equal(edit.latent_crop(latent(big), 512, 512, 9999, 0)["samples"], big[..., 16:])


def test_a_latent_is_pasted_with_edges_that_fade_in_where_they_lie_inside():
    into, part = torch.zeros(1, 4, 16, 16), torch.ones(1, 4, 8, 8)
    plain = edit.latent_composite(latent(into), latent(part), 64, 32, 0)["samples"]
    assert plain.sum() == 4 * 64
    assert (plain[..., 4:12, 8:] == 1).all()
    soft = edit.latent_composite(latent(into), latent(part), 64, 32, 16)["samples"][0, 0]
    assert soft[8, 8:].tolist() == [0.5, 1, 1, 1, 1, 1, 1, 1]
    assert soft[4:12, 15].tolist() == [0.5, 1, 1, 1, 1, 1, 1, 0.5]
    outside = edit.latent_composite(latent(into), latent(part), 96, 0, 0)["samples"]
    assert outside.sum() == 4 * 8 * 4
    assert not edit.latent_composite(latent(into), latent(part), 512, 512, 16)["samples"].any()
    assert not into.any()
