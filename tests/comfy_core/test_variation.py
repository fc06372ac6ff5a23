"""Variation seeds are those of A1111's web UI, whose published formula is written out here picture by picture."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from comfy_core.sampling.noise import (
    GpuNoiseSource,
    NoiseSource,
    default_noise_sampler,
    drawn_from,
    prepare_noise,
)
from comfy_core.sampling.philox import CudaStream
from comfy_core.sampling.variation import Variation, slerp

LATENT = torch.zeros(2, 4, 6, 10)


def gpu(seed: int, *shape: int) -> Tensor:
    return CudaStream(seed).randn(shape)


def cpu(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def turned(strength: float, low: Tensor, high: Tensor) -> Tensor:
    """For every channel and column, the noises over the height are vectors: on the great circle between them."""
    out = torch.empty_like(low)
    for channel in range(low.shape[0]):
        for column in range(low.shape[2]):
            a, b = low[channel, :, column], high[channel, :, column]
            angle = torch.acos((a / a.norm() * (b / b.norm())).sum())
            out[channel, :, column] = (
                torch.sin((1 - strength) * angle) / torch.sin(angle) * a
                + torch.sin(strength * angle) / torch.sin(angle) * b
            )
    return out


@pytest.mark.parametrize(("source", "draw"), [(GpuNoiseSource, gpu), (NoiseSource, cpu)])
def test_every_picture_has_the_seed_and_a_variation_seed_of_its_own(source, draw):
    with drawn_from(source(variation=Variation(100, 0.3))):
        noise = prepare_noise(LATENT, 7)
        second = prepare_noise(LATENT[:1], 7, [1])
    for place in range(2):
        wanted = turned(0.3, draw(7, 4, 6, 10), draw(100 + place, 4, 6, 10))
        torch.testing.assert_close(noise[place], wanted, rtol=0, atol=2e-6)
    assert torch.equal(second[0], noise[1])


def test_the_ends_are_the_two_noises():
    low, high = gpu(1, 4, 6, 10), gpu(2, 4, 6, 10)
    torch.testing.assert_close(slerp(1.0, low, high), high, rtol=0, atol=1e-5)
    torch.testing.assert_close(slerp(1e-7, low, high), low, rtol=0, atol=1e-5)
    assert torch.equal(slerp(0.25, low, low), low * 0.25 + low * 0.75)


def test_without_strength_seeds_count_up_as_always():
    with drawn_from(GpuNoiseSource(variation=Variation(100, 0.0))):
        assert torch.equal(prepare_noise(LATENT, 7), torch.stack([gpu(7, 4, 6, 10), gpu(8, 4, 6, 10)]))


@pytest.mark.parametrize("strength", [0.0, 0.4])
def test_the_noise_of_a_smaller_picture_lies_in_the_middle_and_that_of_a_larger_one_is_cut(strength: float):
    def inner(rows: int, columns: int) -> Tensor:
        first = gpu(7, 4, rows, columns)
        return slerp(strength, first, gpu(9, 4, rows, columns)) if strength else first

    with drawn_from(GpuNoiseSource(variation=Variation(9, strength, (4, 5)))):
        (noise,) = prepare_noise(LATENT[:1], 7)
    wanted = gpu(7, 4, 6, 10)
    wanted[:, 1:5, 2:7] = inner(4, 5)
    assert torch.equal(noise, wanted)
    with drawn_from(GpuNoiseSource(variation=Variation(9, strength, (9, 12)))):
        (noise,) = prepare_noise(LATENT[:1], 7)
    # a margin of (6 - 9) // 2 = -2 rows takes two rows off at either side, and leaves one as it was
    wanted = gpu(7, 4, 6, 10)
    wanted[:, :5] = inner(9, 12)[:, 2:7, 1:11]
    assert torch.equal(noise, wanted)


def test_steps_draw_on_from_the_seed_that_all_pictures_share():
    with drawn_from(GpuNoiseSource(variation=Variation(9, 0.5))):
        prepare_noise(LATENT, 7)
        step = default_noise_sampler(LATENT, seed=7)(torch.ones(()), torch.zeros(()))
    stream = CudaStream(7, calls=1)
    assert torch.equal(step[0], stream.randn((4, 6, 10)))
    assert torch.equal(step[0], step[1])
