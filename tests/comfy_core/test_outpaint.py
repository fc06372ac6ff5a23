"""Room around pictures: what is new is grey and masked, and the mask fades into the picture."""

from __future__ import annotations

import pytest
import torch

from comfy_core.media.outpaint import pad_for_outpaint

IMAGE = torch.rand(2, 20, 30, 3, generator=torch.Generator().manual_seed(0))


def weight(y: int, x: int, sides: tuple[int, int, int, int], feathering: int) -> float:
    """The square of how far a pixel is inside the fading seam, from the nearest padded side."""
    left, top, right, bottom = sides
    distances = [x if left else 99, y if top else 99, 30 - x if right else 99, 20 - y if bottom else 99]
    return max(0.0, (feathering - min(distances)) / feathering) ** 2


@pytest.mark.parametrize("sides", [(8, 0, 0, 0), (0, 16, 0, 8), (8, 8, 8, 8), (0, 0, 0, 0)])
def test_the_picture_lies_on_grey_and_the_mask_fades_into_it(sides: tuple[int, int, int, int]):
    left, top, right, bottom = sides
    canvas, mask = pad_for_outpaint(IMAGE, *sides, feathering=6)
    assert canvas.shape == (2, 20 + top + bottom, 30 + left + right, 3)
    assert mask.shape == (1, *canvas.shape[1:3])
    inside = slice(top, top + 20), slice(left, left + 30)
    assert torch.equal(canvas[:, inside[0], inside[1]], IMAGE)
    outside = torch.ones(canvas.shape[1:3], dtype=torch.bool)
    outside[inside] = False
    assert (canvas[:, outside] == 0.5).all()
    assert (mask[0, outside] == 1).all()
    expected = torch.tensor([[weight(y, x, sides, 6) for x in range(30)] for y in range(20)])
    torch.testing.assert_close(mask[0][inside], expected)


@pytest.mark.parametrize("feathering", [0, 10, 500])
def test_no_feathering_or_too_much_is_a_sharp_edge(feathering: int):
    _, mask = pad_for_outpaint(IMAGE, 8, 8, 8, 8, feathering)
    assert mask.sum() == 36 * 46 - 20 * 30
