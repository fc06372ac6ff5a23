"""Every way to convolve gives what torch's own convolution gives."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comfy_core.networks import convolution
from comfy_core.networks.convolution import Conv2d


def operands(size: tuple[int, int], channels: tuple[int, int], dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, channels[0], *size, generator=generator, dtype=dtype)
    weight = torch.randn(channels[1], channels[0], 3, 3, generator=generator, dtype=dtype) / (9 * channels[0]) ** 0.5
    return x, weight, torch.randn(channels[1], generator=generator, dtype=dtype)


@pytest.mark.parametrize("way", [convolution.winograd, convolution.unfolded])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (9, 11), (3, 40)])
@pytest.mark.parametrize("biased", [True, False])
def test_both_ways_are_the_convolution_exactly(way, size: tuple[int, int], biased: bool):
    x, weight, bias = operands(size, (5, 7), torch.float64)
    ours = way(x, weight, bias if biased else None)
    torch.testing.assert_close(ours, F.conv2d(x, weight, bias if biased else None, padding=1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("channels", [(16, 20), (3, 90)])
def test_winograd_by_strips_or_by_some_channels_is_winograd_at_once(monkeypatch: pytest.MonkeyPatch, channels):
    x, weight, bias = operands((29, 13), channels, torch.float64)
    monkeypatch.setattr(convolution, "BLOCK", 2 * 4 * 20 * 36 * 3)
    torch.testing.assert_close(convolution.winograd(x, weight, bias), F.conv2d(x, weight, bias, padding=1))


def test_winograds_rounding_is_near_that_of_the_direct_method():
    x, weight, bias = operands((32, 32), (320, 64), torch.float32)
    exact = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    error = (convolution.winograd(x, weight, bias) - exact).abs().max()
    assert error < 3e-5  # values are about 1; directly 1e-5


@pytest.mark.parametrize(
    ("size", "kernel", "way"), [((8, 8), 3, "unfolded"), ((40, 40), 3, "winograd"), ((8, 8), 1, "pointwise")]
)
def test_the_size_of_the_picture_decides_how(monkeypatch: pytest.MonkeyPatch, size, kernel: int, way: str):
    calls = []
    original = getattr(convolution, way)
    monkeypatch.setattr(convolution, way, lambda *args: calls.append(way) or original(*args))
    layer = Conv2d(32, 32, kernel, padding=kernel // 2)
    x = torch.randn(1, 32, *size)
    with torch.no_grad():
        torch.testing.assert_close(layer(x), nn.Conv2d.forward(layer, x), rtol=1e-4, atol=1e-5)
    assert calls == [way]


@pytest.mark.parametrize(
    "layer",
    [
        Conv2d(32, 32, 3, padding=1, stride=2),
        Conv2d(32, 32, 3),
        Conv2d(32, 32, 3, padding=1, groups=2),
        Conv2d(32, 32, 3, padding=1, padding_mode="circular"),
        Conv2d(32, 32, 3, padding=1).double(),
    ],
)
def test_any_other_convolution_is_torchs_own(layer: Conv2d):
    x = torch.randn(1, 32, 40, 40, dtype=layer.weight.dtype)
    with torch.no_grad():
        assert torch.equal(layer(x), nn.Conv2d.forward(layer, x))


def test_gradients_are_torchs_own():
    layer = Conv2d(32, 32, 3, padding=1)
    x = torch.randn(1, 32, 40, 40, requires_grad=True)
    assert layer(x).grad_fn is not None
    assert torch.equal(layer(x), nn.Conv2d.forward(layer, x))
