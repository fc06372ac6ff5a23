"""Regional prompts: what each cell of the latent becomes, against a loop over cells that follows the formulas."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from comfy_core.latent_format import LatentFormat
from comfy_core.memory import devices
from comfy_core.model import DiffusionModel
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.guidance import CFGGuider
from comfy_core.sampling.prediction import EpsilonSampling
from comfy_core.sampling.regions import Box, bounds_of, box_of, feathered, fitted_mask

CPU = torch.device("cpu")
HEIGHT, WIDTH = 24, 40
X = torch.randn(2, 4, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
SIGMA = torch.tensor([2.0, 2.0])


class Echo(nn.Module):
    """Predicts its text as noise, plus the place of each cell in what it was given; remembers the batches' shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, x: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        self.shapes.append(tuple(x.shape))
        rows = torch.arange(x.shape[2])[:, None] * 0.01
        return (context.mean((1, 2))[:, None, None, None] + rows).expand_as(x)


@pytest.fixture
def model() -> ModelPatcher:
    return ModelPatcher(DiffusionModel(Echo(), EpsilonSampling(), LatentFormat()), CPU, CPU)


def text(value: float, **extra: Any) -> list[Any]:
    return [torch.full((1, 77, 8), value), extra]


def guide(model: ModelPatcher, positive: list, negative: list | None = None, cfg: float = 1.0) -> Tensor:
    """The noise that was predicted in the end, [2, 4, 24, 40]."""
    guider = CFGGuider(model)
    guider.set_conds(positive, negative or [])
    guider.set_cfg(cfg)
    guider.prepare(X)
    return (X - guider(X, SIGMA)) / SIGMA[:, None, None, None]


def shapes(model: ModelPatcher) -> list[tuple[int, ...]]:
    return model.model.diffusion_model.shapes  # type: ignore[union-attr,return-value]


def edge(place: int, start: int, size: int, side: int) -> float:
    """How much a box counts at a cell of one dimension: up to eight cells of an inner edge fade, evenly."""
    length = min(8, size // 4)
    weight = 1.0
    if start > 0 and place - start < length:
        weight *= (place - start + 1) / length
    if start + size < side and start + size - 1 - place < length:
        weight *= (start + size - place) / length
    return weight


Voice = tuple[float, Callable[[int, int], float], int]
"""What one prompt says, how much it counts at (y, x), and the row its crop starts in."""


def boxed(value: float, box: tuple[int, int, int, int], strength: float = 1.0) -> Voice:
    height, width, top, left = box

    def weight(y: int, x: int) -> float:
        if not (top <= y < top + height and left <= x < left + width):
            return 0.0
        return strength * edge(y, top, height, HEIGHT) * edge(x, left, width, WIDTH)

    return value, weight, top


def naive(*voices: Voice) -> Tensor:
    """The weighted mean of all voices at every cell; zero noise and a zero latent where nobody speaks."""
    picture = np.zeros((HEIGHT, WIDTH))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            weights = [weight(y, x) for _, weight, _ in voices]
            if sum(weights):
                said = [value + 0.01 * (y - top) for value, _, top in voices]
                picture[y, x] = np.dot(weights, said) / sum(weights)
            else:
                picture[y, x] = np.nan
    return torch.from_numpy(picture).float().expand_as(X)


def assert_says(model_says: Tensor, expected: Tensor) -> None:
    silent = expected.isnan()
    torch.testing.assert_close(model_says[~silent], expected[~silent], rtol=0, atol=1e-5)
    torch.testing.assert_close(model_says[silent], (X / 2.0)[silent])


def everywhere(value: float, strength: float = 1.0) -> Voice:
    return value, lambda y, x: strength, 0


@pytest.mark.parametrize(
    "box", [(8, 16, 0, 0), (12, 20, 6, 10), (24, 40, 0, 0), (3, 3, 5, 5), (24, 20, 0, 20), (9, 40, 15, 0)]
)
def test_a_box_is_predicted_by_itself_and_mixed_in_with_soft_inner_edges(model: ModelPatcher, box: tuple):
    says = guide(model, [text(0.2), text(0.7, area=box, strength=2.0)])
    assert_says(says, naive(everywhere(0.2), boxed(0.7, box, 2.0)))
    assert (2, 4, *box[:2]) in shapes(model) or (4, 4, *box[:2]) in shapes(model)


def test_boxes_that_overlap_are_weighed_against_each_other(model: ModelPatcher):
    boxes = (16, 24, 0, 0), (16, 24, 8, 16)
    says = guide(model, [text(0.2, area=boxes[0]), text(0.7, area=boxes[1], strength=0.5)])
    assert_says(says, naive(boxed(0.2, boxes[0]), boxed(0.7, boxes[1], 0.5)))


def test_a_share_of_the_picture_is_a_box(model: ModelPatcher):
    says = guide(model, [text(0.2), text(0.7, area=("percentage", 0.5, 0.25, 0.25, 0.5))])
    assert_says(says, naive(everywhere(0.2), boxed(0.7, (12, 10, 6, 20))))


def test_a_box_over_the_edge_is_cut_off(model: ModelPatcher):
    says = guide(model, [text(0.2), text(0.7, area=(100, 100, 8, 16))])
    assert_says(says, naive(everywhere(0.2), boxed(0.7, (16, 24, 8, 16))))


def test_a_box_outside_of_the_picture_is_said_and_left_out(model: ModelPatcher, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        says = guide(model, [text(0.2), text(0.7, area=(8, 8, 0, 40))])
    assert_says(says, naive(everywhere(0.2)))
    assert "outside of the picture" in caplog.text


def test_a_mask_weighs_every_cell_and_has_no_soft_edges(model: ModelPatcher):
    mask = torch.rand(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))
    says = guide(model, [text(0.2), text(0.7, mask=mask[None], mask_strength=0.8, strength=1.5)])
    assert_says(says, naive(everywhere(0.2), (0.7, lambda y, x: 1.2 * float(mask[y, x]), 0)))


def test_a_mask_of_another_size_is_stretched(model: ModelPatcher):
    mask = torch.zeros(1, HEIGHT * 8, WIDTH * 8)
    mask[:, :, : WIDTH * 4] = 1.0
    says = guide(model, [text(0.2, mask=mask), text(0.7, mask=1 - mask)])
    assert_says(says, naive((0.2, lambda y, x: float(x < 20), 0), (0.7, lambda y, x: float(x >= 20), 0)))


def test_every_picture_of_a_batch_may_have_a_mask_of_its_own(model: ModelPatcher):
    masks = torch.stack([torch.ones(HEIGHT, WIDTH), torch.zeros(HEIGHT, WIDTH)])
    says = guide(model, [text(0.2), text(0.7, mask=masks, mask_strength=1.0)])
    assert_says(says[:1].expand_as(X), naive(everywhere(0.45)))
    assert_says(says[1:].expand_as(X), naive(everywhere(0.2)))


def test_the_bounds_of_a_mask_are_the_box_that_is_predicted(model: ModelPatcher):
    mask = torch.zeros(1, HEIGHT, WIDTH)
    mask[0, 4:14, 20:32] = 0.5
    says = guide(model, [text(0.2), text(0.7, mask=mask, set_area_to_bounds=True)])
    assert_says(says, naive(everywhere(0.2), (0.7, lambda y, x: float(mask[0, y, x]), 4)))
    assert {shape[2:] for shape in shapes(model)} == {(HEIGHT, WIDTH), (10, 12)}


def test_a_black_mask_says_nothing(model: ModelPatcher, caplog: pytest.LogCaptureFixture):
    black = torch.zeros(1, HEIGHT, WIDTH)
    assert_says(guide(model, [text(0.2), text(0.7, mask=black)]), naive(everywhere(0.2)))
    with caplog.at_level(logging.WARNING):
        assert_says(guide(model, [text(0.2), text(0.7, mask=black, set_area_to_bounds=True)]), naive(everywhere(0.2)))
    assert "mask is black" in caplog.text


def test_where_no_prompt_counts_nothing_is_predicted(model: ModelPatcher):
    box = 8, 16, 0, 0
    assert_says(guide(model, [text(0.7, area=box)]), naive(boxed(0.7, box)))


def test_a_default_fills_what_the_others_leave(model: ModelPatcher):
    mask = torch.rand(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))
    says = guide(model, [text(0.7, mask=mask, strength=1.5), text(0.2, default=True)])
    counts = (1.5 * mask).tolist()
    expected = naive((0.7, lambda y, x: counts[y][x], 0), (0.2, lambda y, x: max(0.0, 1 - counts[y][x]), 0))
    assert_says(says, expected)


def test_a_box_is_guided_away_from_the_other_sides_text_in_the_same_box(model: ModelPatcher):
    """The negative prompt has no box: it is asked about the whole picture and about the positive one's box."""
    box = 12, 20, 6, 10
    says = guide(model, [text(0.2), text(0.7, area=box, strength=2.0)], [text(-0.1)], cfg=3.0)
    positive = naive(everywhere(0.2), boxed(0.7, box, 2.0))
    negative = naive(everywhere(-0.1), boxed(-0.1, box, 2.0))
    assert_says(says, negative + 3 * (positive - negative))


def test_the_smallest_box_around_speaks_for_its_side(model: ModelPatcher):
    inner, outer = (8, 8, 8, 8), (16, 24, 4, 4)
    says = guide(model, [text(0.5, area=inner)], [text(-0.1), text(-0.3, area=outer)], cfg=2.0)
    positive = naive(boxed(0.5, inner), boxed(0.5, inner))
    negative = naive(everywhere(-0.1), boxed(-0.3, outer), boxed(-0.3, inner))
    heard = ~positive.isnan()
    torch.testing.assert_close(says[heard], (negative + 2 * (positive - negative))[heard], rtol=0, atol=1e-5)


def test_little_memory_makes_more_batches_of_the_same_numbers(model: ModelPatcher, monkeypatch: pytest.MonkeyPatch):
    box = 12, 20, 6, 10
    prompts = [text(0.2), text(0.4), text(0.7, area=box)], [text(-0.1)]
    plenty = guide(model, *prompts, cfg=3.0)
    batches = [shape[0] for shape in shapes(model)]
    shapes(model).clear()
    monkeypatch.setattr(devices, "free_bytes", lambda device: 0)
    assert torch.equal(guide(model, *prompts, cfg=3.0), plenty)
    assert batches == [6, 4]
    assert [shape[0] for shape in shapes(model)] == [2] * 5


def test_a_picture_that_goes_with_a_prompt_is_cut_to_its_box(model: ModelPatcher, monkeypatch: pytest.MonkeyPatch):
    given = []
    apply = model.model.apply_model

    def spy(x: Tensor, t: Tensor, c_concat: Tensor, **inputs: Any) -> Tensor:
        given.append(c_concat)
        return apply(x, t, **inputs)  # type: ignore[operator]

    beside = torch.rand(1, 1, HEIGHT, WIDTH)
    monkeypatch.setattr(model.model, "apply_model", spy)
    monkeypatch.setattr(
        model.model, "extra_conds", lambda **cond: {"c_crossattn": cond["cross_attn"], "c_concat": beside}
    )
    guide(model, [text(0.2, area=(8, 16, 4, 10))])
    assert torch.equal(given[0], beside[:, :, 4:12, 10:26].repeat(2, 1, 1, 1))


def test_a_video_has_an_area_in_all_its_frames():
    assert box_of((8, 16, 4, 2), (5, 24, 40)) == Box((5, 8, 16), (0, 4, 2))
    assert box_of(("percentage", 0.5, 0.5, 0.5, 0.0, 0.5, 0.0), (4, 24, 40)) == Box((2, 12, 20), (0, 12, 0))
    assert fitted_mask(torch.ones(2, 48, 80), (5, 24, 40)).shape == (2, 5, 24, 40)
    assert feathered(Box((5, 8, 16), (0, 4, 2)), (5, 24, 40)).shape == (1, 1, 5, 8, 16)


def test_bounds_are_at_least_eight_cells_long_where_there_is_room():
    mask = torch.zeros(1, HEIGHT, WIDTH)
    mask[0, 22, 3] = -1.0
    assert bounds_of(mask) == Box((2, 8), (22, 3))
    assert bounds_of(torch.zeros(1, 4, 4)) is None
