"""The light of pictures, and pictures as a set."""

from __future__ import annotations

import pytest
import torch

from nodes import adjustments as nodes
from nodes.resizing import resize_images_by_shorter_edge

IMAGES = torch.rand(2, 20, 30, 3, generator=torch.Generator().manual_seed(0))


def test_light():
    torch.testing.assert_close(nodes.adjust_brightness(IMAGES, 2.0), (2 * IMAGES).clamp(max=1))
    torch.testing.assert_close(nodes.adjust_contrast(IMAGES, 0.5), 0.25 + IMAGES / 2)
    assert torch.equal(nodes.adjust_contrast(torch.full((1, 1, 1, 3), 0.5), 2.0), torch.full((1, 1, 1, 3), 0.5))
    torch.testing.assert_close(nodes.normalize_images(IMAGES, 0.5, 0.25), 4 * IMAGES - 2)


def test_the_middle_is_kept_and_small_pictures_stay():
    assert torch.equal(nodes.center_crop_images(IMAGES, 10, 8), IMAGES[:, 6:14, 10:20])
    assert torch.equal(nodes.center_crop_images(IMAGES, 100, 8), IMAGES[:, 6:14])


def test_a_part_falls_anywhere_and_for_a_seed_always_in_one_place():
    parts = [nodes.random_crop_images(IMAGES, 10, 8, seed) for seed in range(20)]
    assert all(torch.equal(one, nodes.random_crop_images(IMAGES, 10, 8, seed)) for seed, one in enumerate(parts))
    assert len({one[0, 0, 0, 0].item() for one in parts}) > 10
    assert all(one.shape == (2, 8, 10, 3) for one in parts)


def test_lists_of_pictures():
    singles = [torch.full((1, 1, 1, 3), float(i)) for i in range(9)]
    mixed = [one.mean().item() for one in nodes.shuffle_dataset(singles, [3])]
    assert sorted(mixed) == list(range(9))
    assert mixed != list(range(9))
    assert nodes.merge_image_lists(singles) is singles


def test_what_a_mask_shows_is_put_into_the_middle():
    masks = torch.zeros(1, 20, 30)
    masks[:, 5:15, 10:20] = 1
    images = torch.full((1, 20, 30, 3), 0.4)
    made = nodes.image_crop_to_mask(images, masks, 64, 128, 1.0, 0, "#ff0000")
    assert made.shape == (1, 128, 64, 3)
    assert made[0, 64, 32].tolist() == pytest.approx([0.4] * 3, abs=0.01)
    assert made[0, 34, 2].tolist() == pytest.approx([0.4] * 3, abs=0.01)
    assert made[0, 30, 32].tolist() == [1, 0, 0]
    padded = nodes.image_crop_to_mask(images, masks, 64, 128, 2.0, 0, "#ff0000")
    assert padded[0, 64, 10].tolist() == [1, 0, 0]
    assert nodes.image_crop_to_mask(images, 0 * masks, 64, 64, 1.0, 0, "#00ff00")[0, 32, 32].tolist() == [0, 1, 0]


def test_the_shorter_side_is_what_was_asked_for():
    assert resize_images_by_shorter_edge(IMAGES, 40).shape == (2, 40, 60, 3)


def test_pictures_that_look_alike_are_left_out():
    one, other = torch.rand(2, 1, 64, 64, 3, generator=torch.Generator().manual_seed(1))
    brighter = (0.2 + 0.7 * one).clamp(0, 1)
    kept = nodes.image_deduplication([one, other, brighter, one[:, :, :32]], [0.9])
    assert [id(picture) for picture in kept[:2]] == [id(one), id(other)]
    assert len(kept) == 3
    assert len(nodes.image_deduplication([one, one], [1.0])) == 1
