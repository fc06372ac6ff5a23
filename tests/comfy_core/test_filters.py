"""Filters against kornia and Pillow."""

from __future__ import annotations

import kornia
import pytest
import torch
from PIL import Image

from comfy_core.media import filters as ops
from comfy_core.media.images import to_pictures, to_tensor

IMAGES = torch.rand(2, 24, 30, 3, generator=torch.Generator().manual_seed(0))
CHANNELS = IMAGES.movedim(-1, 1)
PHOTO = to_tensor(Image.radial_gradient("L").resize((40, 32)).convert("RGB"))[None]


@pytest.mark.parametrize(("radius", "sigma"), [(1, 1.0), (4, 0.5), (7, 2.0)])
def test_a_blur_is_kornias(radius: int, sigma: float):
    size, pixels = (2 * radius + 1,) * 2, (sigma * radius,) * 2
    expected = kornia.filters.gaussian_blur2d(CHANNELS, size, pixels, "reflect")
    torch.testing.assert_close(ops.blurred(IMAGES, radius, sigma), expected.movedim(1, -1), atol=1e-5, rtol=0)


def test_sharpening_is_a_convolution_that_keeps_the_sum():
    line = torch.exp(-(torch.linspace(-1, 1, 3) ** 2) / 2)
    kernel = -10 * torch.outer(line, line) / torch.outer(line, line).sum()
    kernel[1, 1] -= kernel.sum() - 1
    expected = kornia.filters.filter2d(CHANNELS, kernel[None], "reflect").clamp(0, 1).movedim(1, -1)
    torch.testing.assert_close(ops.sharpened(IMAGES, 1, 1.0, 1.0), expected, atol=1e-4, rtol=0)
    torch.testing.assert_close(ops.sharpened(IMAGES, 3, 1.0, 0.0), IMAGES)


def test_a_radius_larger_than_the_picture_is_refused():
    with pytest.raises(ValueError, match="radius of 31 is too large for a picture of 30 x 24"):
        ops.blurred(IMAGES, 31, 1.0)


def test_noise_follows_its_seed():
    assert torch.equal(ops.noisy(IMAGES, 5, 0.1), ops.noisy(IMAGES, 5, 0.1))
    assert not torch.equal(ops.noisy(IMAGES, 5, 0.1), ops.noisy(IMAGES, 6, 0.1))
    grey = torch.full((1, 200, 200, 3), 0.5)
    assert float(ops.noisy(grey, 0, 0.1).std()) == pytest.approx(0.1, rel=0.02)
    assert torch.equal(ops.noisy(IMAGES, 2**64 - 1, 0.0), IMAGES)


def test_edges_outline_a_square():
    square = torch.zeros(1, 32, 32, 3)
    square[:, 8:24, 8:24] = 1
    out = ops.edges(square, 0.1, 0.2)
    assert out.shape == (1, 32, 32, 3)
    assert out.unique().tolist() == [0, 1]
    assert out[0, 16, 6:10, 0].sum() >= 1
    assert out[0, 12:20, 12:20].sum() == 0


@pytest.mark.parametrize("operation", ops.MORPHOLOGY)
@pytest.mark.parametrize("size", [3, 4, 7])
def test_morphology_is_kornias(operation: str, size: int):
    names = {"erode": "erosion", "dilate": "dilation", "open": "opening", "close": "closing"}
    theirs = getattr(kornia.morphology, names.get(operation, operation))
    expected = theirs(CHANNELS, torch.ones(size, size)).movedim(1, -1)
    torch.testing.assert_close(ops.MORPHOLOGY[operation](IMAGES, size), expected, atol=1e-5, rtol=0)


def test_a_kernel_larger_than_the_picture_is_taken():
    assert ops.dilated(IMAGES[:1], 999).unique().numel() <= 3


def test_colours_are_reduced_as_pillow_does():
    (picture,) = to_pictures(PHOTO)
    assert torch.equal(ops.quantized(PHOTO, 5, "none")[0], to_tensor(picture.quantize(5).convert("RGB")))
    for dither in ops.DITHERS:
        levels = ops.quantized(PHOTO, 5, dither).flatten(0, 2).unique(dim=0)
        assert 1 < len(levels) <= 5
        assert len(ops.quantized(PHOTO, 1, dither).flatten(0, 2).unique(dim=0)) == 1


def test_ordered_dither_keeps_the_mean_of_a_tone_between_two_colours():
    ramp = torch.cat([torch.zeros(8, 16), torch.full((16, 16), 0.25), torch.ones(8, 16)])[None, ..., None]
    out = ops.quantized(ramp.expand(-1, -1, -1, 3), 2, "bayer-4")[0, 8:24, :, 0]
    assert out.unique().numel() == 2


def test_bayers_matrix_has_every_threshold_once():
    assert (ops.bayer(2) * 4).tolist() == [[0, 2], [3, 1]]
    assert sorted((ops.bayer(8) * 64).ravel().tolist()) == list(range(64))


def test_yuv_is_kornias_and_back():
    expected = kornia.color.rgb_to_ycbcr(CHANNELS).movedim(1, -1)
    torch.testing.assert_close(ops.to_yuv(IMAGES), expected)
    assert (ops.from_yuv(ops.to_yuv(IMAGES)) - IMAGES).abs().max() < 1 / 255
