"""Pictures cut into lists of tiles and put together again."""

from __future__ import annotations

import pytest
import torch

from nodes.tile_lists import image_grid, image_merge_tile_list, split_image_to_tile_list


@pytest.mark.parametrize(("height", "width", "overlap"), [(100, 130, 16), (64, 64, 0), (70, 300, 63), (30, 40, 8)])
def test_tiles_of_one_size_become_the_picture_again(height: int, width: int, overlap: int):
    images = torch.rand(2, height, width, 3)
    tiles = split_image_to_tile_list(images, 64, 64, overlap)
    assert {one.shape for one in tiles} == {(2, min(64, height), min(64, width), 3)}
    torch.testing.assert_close(image_merge_tile_list(tiles, [width], [height], [overlap]), images)


def test_tiles_that_changed_are_blended_where_they_overlap():
    tiles = split_image_to_tile_list(torch.zeros(1, 64, 112, 3), 64, 64, 16)
    made = image_merge_tile_list([tiles[0], tiles[1] + 1], [112], [64], [16])[0, 32, :, 0]
    assert torch.equal(made[:48], torch.zeros(48))
    assert torch.equal(made[64:], torch.ones(48))
    assert (made.diff() >= 0).all()
    assert made.diff().max() < 0.1


def test_a_list_of_another_length_is_refused_with_what_is_needed():
    with pytest.raises(ValueError, match="is 2 x 1 tiles of 64 x 64 that overlap by 16, not 1"):
        image_merge_tile_list([torch.zeros(1, 64, 64, 3)], [112], [64], [16])


def test_a_grid_shows_pictures_in_rows():
    one, two = torch.full((2, 10, 20, 3), 0.25), torch.full((1, 40, 40, 3), 0.75)
    made = image_grid([one, two], [2], [32], [40], [4])
    assert made.shape == (1, 84, 68, 3)
    assert made[0, 20, 16, 0] == made[0, 20, 52, 0] == pytest.approx(63 / 255)
    assert made[0, 64, 16, 0] == pytest.approx(191 / 255)
    assert not made[0, 44:, 36:].any()
    assert not made[0, :, 32:36].any()
    assert image_grid([two], [9], [32], [32], [50]).shape == (1, 32, 32, 3)
