"""Pictures for ControlNets, made without a network: against formulas written out with NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from comfy_core.media import hints

PICTURE = torch.rand((2, 48, 64, 3), generator=torch.Generator().manual_seed(0))


def smooth(seed: int = 1, size: tuple[int, int] = (96, 128)) -> Tensor:
    """A picture of soft shapes."""
    soft = along_both(np.random.default_rng(seed).random((1, *size, 3)), gaussian(6.0))[0]
    return torch.from_numpy((soft - soft.min()) / (soft.max() - soft.min())).float()[None]


def gaussian(sigma: float) -> np.ndarray:
    places = np.arange(-int(np.ceil(3 * sigma)), int(np.ceil(3 * sigma)) + 1)
    weights = np.exp(-(places**2) / (2 * sigma**2))
    return weights / weights.sum()


def along_both(pictures: np.ndarray, line: np.ndarray, border: str = "reflect") -> np.ndarray:
    """Pictures [B, H, W, C] correlated with a line in both directions."""
    return along(along(pictures, line, 1, border), line, 2, border)


def along(pictures: np.ndarray, line: np.ndarray, axis: int, border: Any) -> np.ndarray:
    wide = [(0, 0)] * 4
    wide[axis] = (len(line) // 2,) * 2
    padded = np.pad(pictures.astype(np.float64), wide, mode=border)
    length = pictures.shape[axis]
    parts = (weight * padded.take(range(at, at + length), axis=axis) for at, weight in enumerate(line))
    return np.sum(list(parts), axis=0)


def blurred(picture: Tensor, sigma: float) -> np.ndarray:
    return along_both(picture.numpy(), gaussian(sigma))


@pytest.mark.parametrize(("resolution", "size"), [(24, (24, 32)), (96, (96, 128)), (48, (48, 64)), (64, (64, 85))])
def test_the_shorter_side_gets_the_resolution(resolution: int, size: tuple[int, int]):
    assert hints.at_resolution(PICTURE, resolution).shape == (2, *size, 3)
    grey = torch.full((1, 10, 30, 4), 0.5)
    assert hints.at_resolution(grey, resolution).shape == (1, resolution, resolution * 3, 3)


def test_a_gaussian_is_its_formula():
    ours = hints.gaussian(PICTURE, 2.0)
    np.testing.assert_allclose(ours.numpy(), blurred(PICTURE, 2.0), atol=1e-5)
    assert hints.gaussian(PICTURE, 0.0) is PICTURE
    assert hints.gaussian(PICTURE[:, :2], 5.0).shape == (2, 2, 64, 3)


def test_a_drawing_is_turned_to_white_on_black():
    ours = hints.scribble(PICTURE)
    expected = (PICTURE.numpy() * 255).min(-1) < 127
    assert torch.equal(ours[..., 0].bool(), torch.from_numpy(expected))
    assert set(ours.unique().tolist()) == {0.0, 1.0}


def test_strokes_are_where_it_is_darker_than_around():
    picture = smooth()
    dog = np.minimum.reduce(np.moveaxis(blurred(picture, 5.0) - blurred(picture, 0.5), -1, 0))
    clear = np.abs(2 * dog - 0.1) > 1e-4  # rounding decides the rest
    ours = hints.difference_of_gaussians(picture, 0.1)[..., 0].numpy()
    assert 0 < ours.mean() < 1
    assert np.array_equal(ours[clear] > 0, (2 * dog > 0.1)[clear])


def test_line_art_is_as_dark_as_the_picture_there_against_its_usual_lines():
    picture = smooth()
    darker = (blurred(picture, 6.0) - picture.numpy()).min(-1).clip(0, 1)
    strong = np.sort(darker[darker > 8 / 255])
    usual = max(16 / 255, strong[(len(strong) - 1) // 2])
    ours = hints.line_art(picture, 6.0, 8 / 255)[..., 0].numpy()
    np.testing.assert_allclose(ours, (darker / usual * 127 / 255).clip(0, 1), atol=1e-4)
    assert not hints.line_art(torch.ones(1, 16, 16, 3), 6.0, 8 / 255).any()


def test_soft_edges_are_slopes_and_a_flat_picture_has_none():
    picture = smooth()
    soft, smooth_line, slope = blurred(picture, 1.5), np.array([1, 2, 1]), np.array([-1, 0, 1])
    x = along(along(soft, smooth_line, 1, "edge"), slope, 2, "edge")
    y = along(along(soft, smooth_line, 2, "edge"), slope, 1, "edge")
    steep = np.hypot(x, y).max(-1)
    ours = hints.soft_edges(picture, 1.5)[..., 0].numpy()
    np.testing.assert_allclose(ours, steep / steep.max(), atol=1e-4)
    assert not hints.soft_edges(torch.full((1, 16, 16, 3), 0.3), 1.5).any()


def test_binary_lines_are_what_is_dark():
    assert torch.equal(hints.binary(PICTURE, 0.4)[..., 1], (PICTURE.mean(-1) <= 0.4).float())


def test_colours_are_the_means_of_squares():
    picture = torch.rand((1, 128, 192, 3))
    ours = hints.colour_grid(picture)
    for top, left in ((0, 0), (64, 128)):
        square = slice(top, top + 64), slice(left, left + 64)
        expected = picture[0][square].mean(dim=(0, 1))
        torch.testing.assert_close(ours[0][square], expected.expand(64, 64, 3))
    assert hints.colour_grid(torch.rand(1, 20, 70, 3)).shape == (1, 20, 70, 3)


def test_luminance_is_the_lightness_of_cielab():
    values = torch.linspace(0, 1, 11)
    grey = hints.luminance(values[None, None, :, None].expand(1, 1, -1, 3), 1.0)[0, 0, :, 0]
    linear = np.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92)
    expected = np.where(linear > (6 / 29) ** 3, 116 * np.cbrt(linear) - 16, linear * (29 / 3) ** 3) / 100
    np.testing.assert_allclose(grey.numpy(), expected, atol=1e-3)
    green, blue = hints.luminance(torch.eye(3)[None, 1:], 2.0)[0, :, 0]
    assert green.item() == pytest.approx(0.8773**2, abs=2e-3)
    assert blue.item() == pytest.approx(0.3230**2, abs=2e-3)
    assert torch.equal(hints.intensity(PICTURE, 1.0)[..., 2], PICTURE.amax(-1))


def doubled(pictures: np.ndarray, axis: int) -> np.ndarray:
    """Twice as long: the pixels and the places between them by the binomial filter 1 4 6 4 1."""
    before, at, after = (along(pictures, np.eye(3)[place], axis, "edge") for place in range(3))
    pair = np.stack([(before + 6 * at + after) / 8, (at + after) / 2], axis=axis + 1)
    return pair.reshape(*pictures.shape[:axis], -1, *pictures.shape[axis + 1 :])


def test_a_tile_has_the_colours_of_its_picture_and_not_the_detail():
    picture = torch.rand((1, 32, 64, 3), generator=torch.Generator().manual_seed(1))
    small = picture.numpy().reshape(1, 8, 4, 16, 4, 3).mean((2, 4))
    for _ in range(2):
        small = doubled(doubled(small, 1), 2)
    np.testing.assert_allclose(hints.tile(picture, 2).numpy(), small, atol=1e-5)
    flat = torch.full((1, 30, 50, 3), 0.25)
    torch.testing.assert_close(hints.tile(flat, 10), flat)


def test_shuffled_content_is_from_the_picture_and_follows_the_seed():
    picture = smooth(size=(128, 128))
    ours = hints.shuffled(picture, 1)
    assert torch.equal(ours, hints.shuffled(picture, 1))
    assert not torch.allclose(ours, hints.shuffled(picture, 2), atol=0.1)
    assert picture.amin() - 1e-5 <= ours.min()
    assert ours.max() <= picture.amax() + 1e-5
    steps = (ours[:, 1:] - ours[:, :-1]).abs().max()
    assert steps < 6 * (picture[:, 1:] - picture[:, :-1]).abs().max(), "what is near stays near"


def test_depths_are_spread_over_the_range_and_come_out_white_near():
    maps = torch.linspace(0.3, 0.5, 100).reshape(1, 10, 10, 1).expand(-1, -1, -1, 3)
    ours = hints.depth_levels(maps, True, 0.0)[0, ..., 0].flatten()
    torch.testing.assert_close(ours, torch.linspace(0, 1, 100))
    torch.testing.assert_close(hints.depth_levels(maps, False, 0.0)[0, ..., 0].flatten(), torch.linspace(1, 0, 100))
    cut = hints.depth_levels(maps, True, 0.1)[0, ..., 0].flatten()
    assert (cut == 0).sum() == 11
    assert (cut == 1).sum() == 11
    assert hints.depth_levels(torch.full((1, 4, 4, 3), 0.7), True, 0.5).isfinite().all()


def test_normals_of_a_ball_face_away_from_its_middle():
    y, x = torch.meshgrid(torch.linspace(-1, 1, 129), torch.linspace(-1, 1, 129), indexing="ij")
    height = (1 - x**2 - y**2).clamp(min=0).sqrt()
    # a depth of 1 is as deep as the picture's longer side is over eight; the ball is half of it
    ours = hints.normals_from_depth(height[None, ..., None].expand(-1, -1, -1, 3), 4.0, 0.0)[0] * 2 - 1
    inside = height > 0.4
    expected = torch.stack([x, -y, height], dim=-1)
    assert (ours[inside] - expected[inside]).abs().max() < 0.03
    flat = hints.normals_from_depth(torch.full((1, 5, 5, 3), 0.5), 1.0, 0.0)
    torch.testing.assert_close(flat, torch.tensor([0.5, 0.5, 1.0]).expand(1, 5, 5, 3))
    away = hints.normals_from_depth(height[None, ..., None], 4.0, 1.0)[0, 64, 30]
    torch.testing.assert_close(away, torch.tensor([0.5, 0.5, 1.0]))


@pytest.mark.parametrize(("black", "value"), [(False, -1.0), (True, 0.0)])
def test_an_inpainting_hint_is_marked_where_the_mask_is_white(black: bool, value: float):
    mask = torch.zeros(1, 24, 32)
    mask[:, :12] = 1
    ours = hints.masked_out(PICTURE, mask, black)
    assert (ours[:, :23] == value).all()
    assert torch.equal(ours[:, 25:], PICTURE[:, 25:])
    assert torch.equal(hints.masked_out(PICTURE, torch.zeros(48, 64), black), PICTURE)


def test_odd_and_tiny_pictures_are_taken():
    tiny: Any = torch.rand(1, 1, 3, 3)
    for made in (
        hints.scribble(tiny),
        hints.difference_of_gaussians(tiny, 0.1),
        hints.line_art(tiny, 6.0, 0.03),
        hints.soft_edges(tiny, 1.5),
        hints.colour_grid(tiny),
        hints.tile(tiny, 3),
        hints.shuffled(tiny, 0),
        hints.depth_levels(tiny, True, 0.1),
        hints.normals_from_depth(tiny, 1.0, 0.0),
    ):
        assert made.shape == tiny.shape
        assert made.isfinite().all()
