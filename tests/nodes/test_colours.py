"""Colours picked, and brought from one picture to others; what is drawn and written on pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from kornia.color import rgb_to_lab
from PIL import Image

from comfy_core.folders import Folders
from nodes.colours import color_to_rgb_int, color_transfer
from nodes.painting import painter, text_overlay, webcam_capture

GENERATOR = torch.Generator().manual_seed(0)
TARGET = 0.3 + 0.2 * torch.rand(2, 16, 20, 3, generator=GENERATOR)
REFERENCE = 0.2 + 0.5 * torch.rand(1, 12, 10, 3, generator=GENERATOR) * torch.tensor([1.0, 0.6, 0.3])


def lab(images: torch.Tensor) -> torch.Tensor:
    return rgb_to_lab(images.movedim(-1, 1)).flatten(2).movedim(1, -1)


@pytest.mark.parametrize("method", ["reinhard_lab", "mkl_lab"])
def test_a_picture_gets_the_mean_and_deviation_of_the_reference(method: str):
    made = color_transfer(TARGET, REFERENCE, method, {"source_stats": "per_frame"}, 1.0)
    for one in lab(made):
        torch.testing.assert_close(one.mean(0), lab(REFERENCE)[0].mean(0), atol=0.5, rtol=0)
        torch.testing.assert_close(one.std(0), lab(REFERENCE)[0].std(0), atol=0.5, rtol=0)


def test_covariance_comes_over_too():
    made = color_transfer(TARGET, REFERENCE, "mkl_lab", {"source_stats": "per_frame"}, 1.0)
    wanted = torch.cov(lab(REFERENCE)[0].T)
    assert (torch.cov(lab(made)[0].T) - wanted).abs().max() < 0.05 * wanted.abs().max()


def test_a_histogram_is_that_of_the_reference():
    made = color_transfer(TARGET[:1], REFERENCE, "histogram", {"source_stats": "per_frame"}, 1.0)
    for channel in range(3):
        levels = np.quantile(made[..., channel], [0.1, 0.5, 0.9])
        assert np.allclose(levels, np.quantile(REFERENCE[..., channel], [0.1, 0.5, 0.9]), atol=0.01)


def test_whose_colours_stand_for_the_targets_can_be_chosen():
    darker = torch.cat([TARGET[:1], 0.5 * TARGET[1:]])
    alone = color_transfer(darker, REFERENCE, "reinhard_lab", {"source_stats": "per_frame"}, 1.0)
    of_first = color_transfer(
        darker, REFERENCE, "reinhard_lab", {"source_stats": "target_frame", "target_index": 0}, 1.0
    )
    together = color_transfer(darker, REFERENCE, "reinhard_lab", {"source_stats": "uniform"}, 1.0)
    torch.testing.assert_close(of_first[0], alone[0])
    assert alone[1].mean() - of_first[1].mean() > 0.05
    assert abs(together.mean() - REFERENCE.mean()) < 0.05
    with pytest.raises(ValueError, match="target_index is 2, and there are 2 pictures"):
        color_transfer(darker, REFERENCE, "histogram", {"source_stats": "target_frame", "target_index": 2}, 1.0)


def test_strength_mixes_and_a_flat_picture_is_no_error():
    half = color_transfer(TARGET, REFERENCE, "histogram", {"source_stats": "per_frame"}, 0.5)
    full = color_transfer(TARGET, REFERENCE, "histogram", {"source_stats": "per_frame"}, 1.0)
    torch.testing.assert_close(half, (TARGET + full) / 2)
    assert color_transfer(TARGET, REFERENCE, "histogram", {"source_stats": "per_frame"}, 0.0) is TARGET
    for method in ("reinhard_lab", "mkl_lab", "histogram"):
        made = color_transfer(torch.full((1, 8, 8, 3), 0.5), REFERENCE, method, {"source_stats": "per_frame"}, 1.0)
        assert made.isfinite().all()


def test_a_colour_as_numbers():
    assert color_to_rgb_int("#102030") == (0x102030, "#102030", 1.0)
    assert color_to_rgb_int("#ff000080") == (0xFF0000, "#ff0000", 128 / 255)
    with pytest.raises(ValueError, match="'blau' is not a colour; write it as #rrggbb"):
        color_to_rgb_int("blau")


def test_what_is_drawn_lies_over_the_picture_and_is_the_mask(base: Folders):
    strokes = np.zeros((8, 12, 4), np.uint8)
    strokes[:4, :, 0] = strokes[:4, :, 3] = 255
    Image.fromarray(strokes).save(base.input / "strokes.png")
    picture, mask = painter("strokes.png", 64, 64, "#000000", torch.full((2, 8, 12, 3), 0.5))["result"]
    assert picture.shape == (1, 8, 12, 3)
    assert picture[0, 0, 0].tolist() == [1, 0, 0]
    assert picture[0, 7, 0].tolist() == [0.5, 0.5, 0.5]
    assert torch.equal(mask[0, :, 0], torch.tensor([1.0] * 4 + [0.0] * 4))
    sheet, _ = painter("strokes.png", 128, 64, "#00ff00")["result"]
    assert sheet.shape == (1, 64, 128, 3)
    assert sheet[0, -1, -1].tolist() == [0, 1, 0]


def test_nothing_drawn_is_the_sheet_and_an_empty_mask(base: Folders):
    picture, mask = painter("", 96, 64, "#ffffff")["result"]
    assert picture.min() == 1
    assert mask.shape == (1, 64, 96)
    assert not mask.any()
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        painter("gone.png", 64, 64, "#ffffff")


@pytest.mark.parametrize(("position", "half"), [("top", slice(0, 40)), ("bottom", slice(60, 100))])
def test_text_is_written_where_it_is_wanted(position: str, half: slice):
    images = torch.full((2, 100, 200, 3), 0.5)
    made = text_overlay(images, "Easel", 12.0, "#ff0000", position, "left", False)
    changed = (made - images).abs().sum(-1) > 0.1
    assert changed[:, half].any()
    assert changed.sum() == changed[:, half].sum()
    assert (made[changed][:, 0] > 0.5).all()
    assert not changed[:, :, 100:].any()
    assert text_overlay(images, "", 12.0, "#ff0000", position, "left", False) is images


def test_letters_have_a_rim_and_long_lines_are_broken():
    images = torch.full((1, 100, 100, 3), 0.5)
    made = text_overlay(images, "one two three four five", 12.0, "#ffffff", "top", "center", True)
    assert made.min() < 0.05
    assert made.max() > 0.95
    alone = text_overlay(images, "one", 12.0, "#ffffff", "top", "center", True)
    rows = [((one - images).abs().sum(-1) > 0.1)[0].any(1).sum() for one in (alone, made)]
    assert rows[1] > 1.8 * rows[0]
    assert text_overlay(images, "right", 12.0, "#000000", "bottom", "right", True).max() > 0.95


def test_a_picture_from_the_camera_is_opened(base: Folders):
    (base.temp / "webcam").mkdir(parents=True)
    Image.new("RGB", (6, 4), "red").save(base.temp / "webcam" / "1.png")
    assert webcam_capture("webcam/1.png [temp]", 0, 0, True).shape == (1, 4, 6, 3)
