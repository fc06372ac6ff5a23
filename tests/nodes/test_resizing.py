"""Nodes that resize pictures and masks by a rule."""

from __future__ import annotations

import pytest
import torch

from nodes import resizing as nodes

IMAGE = torch.rand(2, 30, 40, 3, generator=torch.Generator().manual_seed(0))


def test_sizes_by_pixels_and_by_sides():
    assert nodes.image_scale_to_total_pixels(IMAGE, "area", 0.01, 8).shape == (2, 88, 120, 3)
    assert nodes.image_scale_to_max_dimension(IMAGE, "area", 20).shape == (2, 15, 20, 3)
    assert nodes.image_scale_to_max_dimension(IMAGE, "area", 0).shape == IMAGE.shape
    assert nodes.resize_images_by_longer_edge(IMAGE, 80).shape == (2, 60, 80, 3)


RULES = [
    ({"resize_type": "scale dimensions", "width": 20, "height": 0, "crop": "disabled"}, (20, 15)),
    ({"resize_type": "scale dimensions", "width": 0, "height": 60, "crop": "center"}, (80, 60)),
    ({"resize_type": "scale dimensions", "width": 0, "height": 0, "crop": "center"}, (40, 30)),
    ({"resize_type": "scale dimensions", "width": 7, "height": 9, "crop": "center"}, (7, 9)),
    ({"resize_type": "scale by multiplier", "multiplier": 0.5}, (20, 15)),
    ({"resize_type": "scale longer dimension", "longer_size": 80}, (80, 60)),
    ({"resize_type": "scale shorter dimension", "shorter_size": 60}, (80, 60)),
    ({"resize_type": "scale width", "width": 4}, (4, 3)),
    ({"resize_type": "scale height", "height": 3}, (4, 3)),
    ({"resize_type": "scale total pixels", "megapixels": 0.01}, (118, 89)),
    ({"resize_type": "match size", "match": torch.zeros(1, 5, 6), "crop": "center"}, (6, 5)),
    ({"resize_type": "match size", "match": torch.zeros(1, 5, 6, 3), "crop": "center"}, (6, 5)),
    ({"resize_type": "scale to multiple", "multiple": 16}, (32, 16)),
]


@pytest.mark.parametrize(("rule", "size"), RULES)
@pytest.mark.parametrize("method", ["area", "lanczos"])
def test_every_rule_resizes_pictures_and_masks(rule: dict, size: tuple[int, int], method: str):
    width, height = size
    assert nodes.resize_image_mask(IMAGE, rule, method).shape == (2, height, width, 3)
    assert nodes.resize_image_mask(IMAGE[..., 0], rule, method).shape == (2, height, width)


def test_no_multiple_fits_into_a_small_picture():
    with pytest.raises(ValueError, match="40 x 30 pixels hold no multiple of 64"):
        nodes.resize_image_mask(IMAGE, {"resize_type": "scale to multiple", "multiple": 64}, "area")


@pytest.mark.parametrize(
    ("size", "made"),
    [((100, 100), (1024, 1024)), ((64, 100), (832, 1248)), ((10, 90), (672, 1568)), ((90, 64), (1184, 880))],
)
def test_kontext_gets_a_size_it_was_trained_on(size: tuple[int, int], made: tuple[int, int]):
    assert nodes.flux_kontext_image_scale(torch.rand(1, *size, 3)).shape == (1, *made, 3)
