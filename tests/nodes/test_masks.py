"""Nodes that make, change and combine masks."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from comfy_core import folders
from nodes import masks

RAMP = torch.linspace(0, 1, 6).view(1, 2, 3)


def test_masks_and_pictures_become_one_another():
    image = masks.mask_to_image(RAMP)
    assert image.shape == (1, 2, 3, 3)
    assert torch.equal(masks.image_to_mask(image, "green"), RAMP)
    assert torch.equal(masks.mask_to_image(RAMP[0]), image)
    with pytest.raises(ValueError, match="no channel alpha; choose one of red, green, blue"):
        masks.image_to_mask(image, "alpha")
    assert torch.equal(masks.image_to_mask(torch.cat([image, 1 - RAMP[..., None]], -1), "alpha"), 1 - RAMP)


def test_masks_are_made_and_changed():
    assert torch.equal(masks.solid_mask(0.25, 3, 2), torch.full((1, 2, 3), 0.25))
    assert torch.equal(masks.invert_mask(RAMP), 1 - RAMP)
    assert masks.threshold_mask(RAMP, 0.4).tolist() == [[[0, 0, 0], [1, 1, 1]]]
    assert masks.image_color_to_mask(torch.ones(1, 1, 1, 3), 0xFFFFFF).item() == 1
    assert masks.grow_mask(RAMP, 9, True).min() == 1
    assert masks.feather_mask(torch.ones(1, 1, 2), 2, 0, 0, 0).tolist() == [[[0.5, 1]]]
    assert torch.equal(masks.mask_composite(RAMP, RAMP, 0, 0, "multiply"), RAMP**2)


def test_a_crop_holds_what_there_is():
    assert torch.equal(masks.crop_mask(RAMP, 1, 1, 9, 9), RAMP[:, 1:, 1:])
    with pytest.raises(ValueError, match=r"crop of 2 x 2 at \(3, 0\) holds nothing of 3 x 2 pixels"):
        masks.crop_mask(RAMP, 3, 0, 2, 2)


@pytest.mark.parametrize("change", [masks.mask_to_image, lambda mask: masks.grow_mask(mask, 1, True)])
def test_a_mask_without_pixels_is_named(change):
    with pytest.raises(ValueError, match=r"not of shape \[1, 0, 5\]"):
        change(torch.zeros(1, 0, 5))


def test_masks_are_batched_in_the_size_of_the_first():
    out = masks.batch_masks({"mask0": RAMP, "mask1": torch.ones(2, 8, 9)})
    assert out.shape == (3, 2, 3)
    assert torch.equal(out[:1], RAMP)


def test_a_mask_is_shown_as_it_is():
    shown = masks.mask_preview(RAMP)
    (file,) = shown["ui"]["images"]
    assert file["type"] == "temp"
    picture = Image.open(folders.current().temp / file["filename"])
    assert picture.getpixel((2, 1)) == (255, 255, 255)
    assert torch.equal(shown["result"][0], RAMP)
