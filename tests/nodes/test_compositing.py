"""Nodes that lay pictures over one another."""

from __future__ import annotations

import torch

from nodes import compositing as nodes

RED = torch.tensor([1.0, 0, 0]).expand(1, 8, 8, 3)
GREEN = torch.tensor([0.0, 1, 0]).expand(1, 4, 4, 3)


def test_a_picture_is_pasted_where_the_mask_is_white():
    out = nodes.image_composite_masked(RED, GREEN, 2, 6, False)
    assert out[0, ..., 1].sum() == 8
    half = nodes.image_composite_masked(RED, GREEN, 0, 0, True, torch.full((1, 3, 3), 0.5))
    assert torch.equal(half[..., :2], torch.full((1, 8, 8, 2), 0.5))
    assert RED[0, ..., 1].sum() == 0


def test_transparency_of_either_picture_is_no_hindrance():
    with_alpha = torch.cat([GREEN, torch.zeros(1, 4, 4, 1)], -1)
    assert nodes.image_composite_masked(RED, with_alpha, 0, 0, False).shape[-1] == 3
    onto = nodes.image_composite_masked(with_alpha, RED, 0, 0, False)
    assert onto[0, 0, 0].tolist() == [1, 0, 0, 1]


def test_a_short_batch_is_repeated():
    out = nodes.image_composite_masked(RED.expand(3, -1, -1, -1), GREEN, 0, 0, False)
    assert out[:, 0, 0].tolist() == [[0, 1, 0]] * 3


def test_alpha_is_the_inverse_of_a_mask():
    mask = torch.zeros(1, 8, 8)
    mask[0, 0, 0] = 1
    joined = nodes.join_image_with_alpha(RED, mask)
    assert joined[0, 0, 0].tolist() == [1, 0, 0, 0]
    colours, back = nodes.split_image_with_alpha(joined)
    assert torch.equal(colours, RED)
    assert torch.equal(back, mask)
    assert not nodes.split_image_with_alpha(RED)[1].any()
    assert nodes.join_image_with_alpha(RED, torch.zeros(3, 2, 2)).shape == (3, 8, 8, 4)


def test_a_source_that_is_masked_out_shows_the_destination():
    big = torch.tensor([0.0, 0, 1]).expand(1, 4, 4, 3)
    image, mask = nodes.porter_duff_image_composite(GREEN, torch.ones(1, 4, 4), big, torch.zeros(1, 4, 4), "SRC_OVER")
    assert torch.equal(image, big)
    assert not mask.any()
    image, mask = nodes.porter_duff_image_composite(GREEN, torch.zeros(1, 2, 2), RED, torch.zeros(1, 8, 8), "SRC_OVER")
    assert torch.equal(image, GREEN)


def test_pictures_of_different_sizes_blend():
    out = nodes.image_blend(GREEN, RED, 0.5, "normal")
    torch.testing.assert_close(out, torch.tensor([0.5, 0.5, 0]).expand(1, 4, 4, 3))
