"""Blend modes and operators against Pillow and the formulas written out for single numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops

from comfy_core.media.compositing import BLENDS, OPERATORS, blended, composed, pasted
from comfy_core.media.images import to_tensor

RANDOM = np.random.default_rng(0)
BELOW, ABOVE = (Image.fromarray(RANDOM.integers(0, 256, (16, 16, 3), dtype=np.uint8)) for _ in range(2))
LEVEL = 1 / 255


@pytest.mark.parametrize(
    ("mode", "theirs"),
    [
        ("normal", lambda below, above: above),
        ("multiply", ImageChops.multiply),
        ("screen", ImageChops.screen),
        ("overlay", ImageChops.overlay),
        ("difference", ImageChops.subtract),
    ],
)
def test_blend_modes_are_pillows(mode, theirs):
    out = blended(to_tensor(BELOW)[None], to_tensor(ABOVE)[None], mode, 1.0)[0]
    expected = to_tensor(theirs(BELOW, ABOVE))
    assert (out - expected).abs().max() <= 1.001 * LEVEL  # Pillow cuts off fractions


@pytest.mark.parametrize(("below", "above", "out"), [(0.2, 0.25, 0.12), (0.5, 1.0, 0.5**0.5), (0.1, 1.0, 0.296)])
def test_soft_light_is_w3cs(below: float, above: float, out: float):
    result = BLENDS["soft_light"](torch.tensor(below), torch.tensor(above))
    assert float(result) == pytest.approx(out, abs=1e-6)


def test_a_factor_of_0_changes_nothing():
    below, above = to_tensor(BELOW)[None], to_tensor(ABOVE)[None]
    assert torch.equal(blended(below, above, "screen", 0.0), below)
    torch.testing.assert_close(blended(below, above, "normal", 0.5), (below + above) / 2)


def test_pasting_is_pillows_with_a_mask():
    grey = Image.fromarray(RANDOM.integers(0, 256, (16, 16), dtype=np.uint8))
    out = pasted(to_tensor(BELOW)[None], to_tensor(ABOVE)[None], to_tensor(grey)[None], 5, 3)[0]
    expected = BELOW.copy()
    expected.paste(ABOVE, (5, 3), grey)
    assert (out - to_tensor(expected)).abs().max() <= LEVEL
    outside = pasted(to_tensor(BELOW)[None], to_tensor(ABOVE)[None], to_tensor(grey)[None], 99, 0)[0]
    assert torch.equal(outside, to_tensor(BELOW))


def picture(colour: float, alpha: float):
    return torch.full((1, 1, 1, 3), colour), torch.full((1, 1, 1), alpha)


def by_hand(mode: str, s: float, sa: float, d: float, da: float) -> tuple[float, float]:
    """The tables of android.graphics.PorterDuff.Mode, for colours that are multiplied by their alphas."""
    union = sa + da - sa * da
    return {
        "ADD": (min(s + d, 1), min(sa + da, 1)),
        "CLEAR": (0, 0),
        "DARKEN": ((1 - da) * s + (1 - sa) * d + min(s, d), union),
        "DST": (d, da),
        "DST_ATOP": (sa * d + (1 - da) * s, sa),
        "DST_IN": (d * sa, sa * da),
        "DST_OUT": ((1 - sa) * d, (1 - sa) * da),
        "DST_OVER": (d + (1 - da) * s, da + (1 - da) * sa),
        "LIGHTEN": ((1 - da) * s + (1 - sa) * d + max(s, d), union),
        "MULTIPLY": (s * d, sa * da),
        "OVERLAY": (2 * s * d if 2 * d < da else sa * da - 2 * (da - d) * (sa - s), union),
        "SCREEN": (s + d - s * d, union),
        "SRC": (s, sa),
        "SRC_ATOP": (da * s + (1 - sa) * d, da),
        "SRC_IN": (s * da, sa * da),
        "SRC_OUT": ((1 - da) * s, (1 - da) * sa),
        "SRC_OVER": (s + (1 - sa) * d, sa + (1 - sa) * da),
        "XOR": ((1 - da) * s + (1 - sa) * d, (1 - da) * sa + (1 - sa) * da),
    }[mode]


@pytest.mark.parametrize("mode", OPERATORS)
@pytest.mark.parametrize("alphas", [(1.0, 1.0), (0.6, 0.3), (0.0, 0.5), (0.0, 0.0)])
def test_porter_and_duff(mode: str, alphas: tuple[float, float]):
    colour, alpha = composed(*picture(0.8, alphas[0]), *picture(0.4, alphas[1]), mode)
    c, a = by_hand(mode, 0.8 * alphas[0], alphas[0], 0.4 * alphas[1], alphas[1])
    assert float(alpha) == pytest.approx(a, abs=1e-6)
    assert float(colour[..., 0]) == pytest.approx(min(max(c / a, 0), 1) if a > 1e-5 else 0, abs=1e-5)


def test_source_over_is_pillows():
    ours = composed(*picture(0.8, 0.6), *picture(0.4, 0.3), "SRC_OVER")
    layers = [Image.new("RGBA", (1, 1), (round(c * 255),) * 3 + (round(a * 255),)) for c, a in ((0.8, 0.6), (0.4, 0.3))]
    theirs = Image.alpha_composite(layers[1], layers[0]).getpixel((0, 0))
    assert [float(ours[0][..., 0]) * 255, float(ours[1]) * 255] == pytest.approx([theirs[0], theirs[3]], abs=1)
