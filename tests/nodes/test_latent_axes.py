"""Nodes that join, cut and batch latents along their sides."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nodes import latent_axes as axes
from nodes.compositing import latent_composite_masked

PICTURE = torch.arange(2 * 4 * 6 * 8.0).view(2, 4, 6, 8)
VIDEO = torch.arange(5.0).view(1, 1, 5, 1, 1).expand(1, 4, 5, 6, 8)


def latent(samples: torch.Tensor, **extra: Any) -> dict[str, Any]:
    return {"samples": samples, **extra}


@pytest.mark.parametrize(("dim", "axis"), [("x", -1), ("y", -2)])
def test_latents_side_by_side(dim: str, axis: int):
    other = -PICTURE[:1]
    expected = [PICTURE, other.expand(2, -1, -1, -1)]
    assert torch.equal(
        axes.latent_concat(latent(PICTURE), latent(other), dim)["samples"], torch.cat(expected, dim=axis)
    )
    turned = axes.latent_concat(latent(PICTURE), latent(other), f"-{dim}")["samples"]
    assert torch.equal(turned, torch.cat(expected[::-1], dim=axis))


@pytest.mark.parametrize(
    ("index", "amount", "columns"), [(2, 3, [2, 3, 4]), (6, 9, [6, 7]), (-3, 2, [5, 6]), (-99, 1, [0]), (99, 1, [7])]
)
def test_a_piece_is_cut_where_there_is_one(index: int, amount: int, columns: list[int]):
    assert torch.equal(axes.latent_cut(latent(PICTURE), "x", index, amount)["samples"], PICTURE[..., columns])


def test_slices_become_a_batch_and_a_rest_is_left_out():
    made = axes.latent_cut_to_batch(latent(PICTURE), "x", 3)["samples"]
    assert made.shape == (4, 4, 6, 3)
    assert torch.equal(made[1], PICTURE[0, :, :, 3:6])
    assert torch.equal(made[2], PICTURE[1, :, :, :3])
    frames = axes.latent_cut_to_batch(latent(VIDEO), "t", 2)["samples"]
    assert frames[:, 0, :, 0, 0].tolist() == [[0, 1], [2, 3]]


def test_latents_of_different_sizes_become_a_batch_of_the_size_of_the_first():
    made = axes.batch_latents({"latent0": latent(PICTURE), "latent1": latent(torch.ones(1, 4, 3, 3), batch_index=[7])})
    assert made["samples"].shape == (3, 4, 6, 8)
    assert made["batch_index"] == [0, 1, 7]


def test_frames_are_replaced_where_they_all_are():
    new = torch.full((1, 4, 2, 6, 8), -1.0)
    for index, frames in ((1, [0, -1, -1, 3, 4]), (-2, [0, 1, 2, -1, -1]), (4, [0, 1, 2, 3, 4]), (-9, [0, 1, 2, 3, 4])):
        made = axes.replace_video_latent_frames(latent(VIDEO), index, latent(new))["samples"]
        assert made[0, 0, :, 0, 0].tolist() == frames
    assert axes.replace_video_latent_frames(latent(VIDEO), 0)["samples"] is VIDEO


def test_the_first_frames_are_left_out():
    assert axes.trim_video_latent(latent(VIDEO), 2)["samples"][0, 0, :, 0, 0].tolist() == [2, 3, 4]
    with pytest.raises(ValueError, match="has 5 frames, and 5 are to be left out"):
        axes.trim_video_latent(latent(VIDEO), 5)


def test_a_picture_has_no_frames():
    for call in (
        lambda: axes.latent_cut(latent(PICTURE), "t", 0, 1),
        lambda: axes.latent_concat(latent(PICTURE), latent(PICTURE), "-t"),
        lambda: axes.trim_video_latent(latent(PICTURE), 1),
    ):
        with pytest.raises(ValueError, match="it has no frames"):
            call()


def test_a_latent_is_pasted_where_a_mask_is_white():
    mask = torch.zeros(1, 16, 16)
    mask[:, :, 8:] = 1
    made = latent_composite_masked(latent(torch.zeros(1, 4, 6, 8)), latent(torch.ones(1, 4, 2, 2)), 24, 16, False, mask)
    expected = torch.zeros(6, 8)
    expected[2:4, 4] = 1
    assert torch.equal(made["samples"][0, 2], expected)
    with pytest.raises(ValueError, match="do not mix"):
        latent_composite_masked(latent(torch.zeros(1, 4, 6, 8)), latent(torch.ones(1, 16, 2, 2)), 0, 0, False)
