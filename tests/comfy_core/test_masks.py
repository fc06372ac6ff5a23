"""Masks against plain formulas and kornia's morphology."""

from __future__ import annotations

import pytest
import torch
from kornia.morphology import dilation, erosion

from comfy_core.media import masks as ops

SEED = torch.Generator().manual_seed(0)
MASK = torch.rand(2, 13, 17, generator=SEED)
PLUS = torch.tensor([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])


@pytest.mark.parametrize(("tapered", "kernel"), [(True, PLUS), (False, torch.ones(3, 3))])
@pytest.mark.parametrize("steps", [1, 3])
def test_growing_is_dilation_and_shrinking_erosion_step_by_step(tapered: bool, kernel: torch.Tensor, steps: int):
    large = small = MASK[:, None]
    for _ in range(steps):
        large, small = dilation(large, kernel), erosion(small, kernel)
    torch.testing.assert_close(ops.grown(MASK, steps, tapered), large[:, 0])
    torch.testing.assert_close(ops.grown(MASK, -steps, tapered), small[:, 0])


def test_a_diamond_and_a_square():
    dot = torch.zeros(1, 9, 9)
    dot[0, 4, 4] = 1
    assert ops.grown(dot, 2, tapered=True).sum() == 13
    assert ops.grown(dot, 2, tapered=False).sum() == 25
    assert torch.equal(ops.grown(dot, 0, tapered=True), dot)


@pytest.mark.parametrize("tapered", [True, False])
def test_growing_beyond_the_border_is_quick(tapered: bool):
    assert ops.grown(MASK, 16384, tapered).unique().tolist() == MASK.amax((1, 2)).sort().values.tolist()


def test_feathered_sides_rise_linearly():
    out = ops.feathered(torch.ones(1, 4, 6), left=3, top=0, right=2, bottom=0)[0, 0]
    assert out.tolist() == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 0.5])
    rows = ops.feathered(torch.ones(1, 4, 6), left=0, top=2, right=0, bottom=99)[0, :, 0]
    assert rows.tolist() == pytest.approx([0.5 * 1, 1 * 0.75, 1 * 0.5, 1 * 0.25])


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("multiply", 0.18), ("add", 0.9), ("subtract", 0.3), ("and", 0.0), ("or", 1.0), ("xor", 1.0)],
)
def test_masks_are_combined(operation: str, expected: float):
    out = ops.combined(torch.full((1, 4, 4), 0.6), torch.full((1, 2, 2), 0.3), 1, 3, operation)
    assert out[0, 3, 1:3].tolist() == pytest.approx([expected] * 2)
    assert out.sum() == pytest.approx(14 * 0.6 + 2 * expected)


def test_a_source_outside_changes_nothing_and_sums_stay_below_one():
    assert torch.equal(ops.combined(MASK, torch.ones(1, 4, 4), 99, 99, "add"), MASK)
    assert ops.combined(MASK, torch.ones(1, 13, 17), 0, 0, "add").max() == 1
    assert ops.combined(torch.zeros(1, 4, 4), MASK, 0, 0, "add").shape == (2, 4, 4)


def test_a_colour_is_found_exactly():
    image = torch.tensor([[[[1.0, 128 / 255, 0], [1.0, 127 / 255, 0]]]])
    assert ops.of_colour(image, 0xFF8000).tolist() == [[[1.0, 0.0]]]
