"""Nodes that count pictures, make them and batch them."""

from __future__ import annotations

import pytest
import torch

from nodes import batches

FIVE = torch.arange(5.0).view(5, 1, 1, 1).expand(5, 4, 6, 3)


def test_the_size_of_pictures():
    assert batches.get_image_size(FIVE) == (6, 4, 5)


def test_an_empty_picture_has_its_colour():
    image = batches.empty_image(6, 4, 2, 0xFF8000)
    assert image.shape == (2, 4, 6, 3)
    assert image[1, 3, 5].tolist() == pytest.approx([1, 128 / 255, 0])


def test_batches_are_joined_in_the_size_of_the_first():
    with_alpha = torch.zeros(2, 8, 12, 4)
    out = batches.batch_images({"image0": FIVE, "image1": with_alpha})
    assert out.shape == (7, 4, 6, 4)
    assert (out[:5, ..., 3] == 1).all()
    assert batches.image_batch(FIVE, FIVE).shape == (10, 4, 6, 3)


@pytest.mark.parametrize(
    ("index", "length", "found"), [(1, 2, [1, 2]), (-1, 1, [4]), (-9, 2, [0, 1]), (9, 3, [4]), (3, 9, [3, 4])]
)
def test_pictures_out_of_a_batch(index: int, length: int, found: list[int]):
    assert batches.image_from_batch(FIVE, index, length)[:, 0, 0, 0].tolist() == found


def test_a_batch_is_repeated_whole():
    assert batches.repeat_image_batch(FIVE, 2)[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4] * 2


def test_batches_get_another_length_but_never_two_sizes():
    out = batches.rebatch_images([FIVE, FIVE[:1], torch.zeros(1, 2, 2, 3)], [4])
    assert [tuple(one.shape[:3]) for one in out] == [(4, 4, 6), (2, 4, 6), (1, 2, 2)]
    assert out[1][:, 0, 0, 0].tolist() == [4, 0]


def test_latents_keep_their_masks_and_their_noise():
    plain = {"samples": torch.arange(3.0).view(3, 1, 1, 1).expand(3, 4, 8, 8)}
    masked = {
        "samples": torch.zeros(2, 4, 8, 8),
        "noise_mask": torch.tensor([0.25, 0.75]).view(2, 1, 1).expand(2, 64, 64),
        "batch_index": [7, 9],
    }
    out = batches.rebatch_latents([plain, masked], [2])
    assert [len(one["samples"]) for one in out] == [2, 1, 2]
    assert [one["batch_index"] for one in out] == [[0, 1], [2], [7, 9]]
    assert out[1]["samples"][0, 0, 0, 0] == 2
    assert "noise_mask" not in out[0]
    assert out[2]["noise_mask"][:, 0, 0].tolist() == [0.25, 0.75]
    one_mask = masked | {"noise_mask": torch.ones(64, 64)}
    assert [one["noise_mask"].shape for one in batches.rebatch_latents([one_mask], [1])] == [(1, 64, 64)] * 2
