"""Nodes that cut, turn and join pictures."""

from __future__ import annotations

import pytest
import torch

from comfy_core.media.images import to_pictures, to_tensor
from nodes import transforms as nodes

IMAGE = torch.rand(2, 30, 40, 3, generator=torch.Generator().manual_seed(0))


def test_a_crop_stays_inside():
    assert torch.equal(nodes.image_crop(IMAGE, 10, 20, 35, 5), IMAGE[:, 5:25, 35:])
    region = nodes.image_crop_region(IMAGE, {"x": 1, "y": 2, "width": 3, "height": 4})
    assert torch.equal(region["result"][0], IMAGE[:, 2:6, 1:4])
    assert len(region["ui"]["images"]) == 2


@pytest.mark.parametrize("box", [(40, 0, 8, 8), (0, 30, 8, 8), (0, 0, 0, 8)])
def test_a_crop_of_nothing_is_one_sentence(box: tuple[int, int, int, int]):
    x, y, width, height = box
    with pytest.raises(ValueError, match="holds nothing of 40 x 30 pixels; move it inside"):
        nodes.image_crop(IMAGE, width, height, x, y)


def test_turning_and_mirroring_is_pillows():
    (picture, _) = to_pictures(IMAGE)
    exact = to_tensor(picture)[None]
    for rotation, degrees in (("90 degrees", -90), ("180 degrees", 180), ("270 degrees", 90), ("none", 0)):
        assert torch.equal(nodes.image_rotate(exact, rotation)[0], to_tensor(picture.rotate(degrees, expand=True)))
    assert torch.equal(nodes.image_flip(IMAGE, "x-axis: vertically")[:, 0], IMAGE[:, -1])
    assert torch.equal(nodes.image_flip(IMAGE, "y-axis: horizontally")[:, :, 0], IMAGE[:, :, -1])


@pytest.mark.parametrize("direction", ["right", "down", "up"])
def test_pictures_stand_side_by_side(direction: str):
    other = torch.zeros(1, 60, 120, 3) if direction == "right" else torch.zeros(1, 150, 80, 3)
    out = nodes.image_stitch(IMAGE, direction, True, 4, "red", other)
    height, width = (30, 40 + 4 + 60) if direction == "right" else (30 + 4 + 75, 40)
    assert out.shape == (2, height, width, 3)
    gap = out[:, :, 40:44] if direction == "right" else out[:, 30:34] if direction == "down" else out[:, 75:79]
    assert gap.flatten(0, 2).unique(dim=0).tolist() == [[1, 0, 0]]


def test_a_smaller_picture_is_centred_if_it_keeps_its_size():
    out = nodes.image_stitch(IMAGE, "left", False, 0, "blue", torch.zeros(3, 10, 5, 4))
    assert out.shape == (3, 30, 45, 4)
    assert out[0, 0, 0].tolist() == [0, 0, 1, 1]
    assert not out[0, 10:20, :5].any()
    assert torch.equal(out[:2, :, 5:, :3], IMAGE)
    assert torch.equal(out[2], out[1])
    assert nodes.image_stitch(IMAGE, "left", False, 0, "blue") is IMAGE


def test_bars_fill_what_proportions_leave():
    out = nodes.resize_and_pad_image(IMAGE, 80, 80, "white", "area")
    assert out.shape == (2, 80, 80, 3)
    assert (out[:, :10] == 1).all()
    assert (out[:, 70:] == 1).all()
    assert (out[:, 10:70] < 1).any()
