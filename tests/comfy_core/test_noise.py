"""Noise from seeds."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from comfy_core.sampling.noise import BrownianTree, brownian_noise_sampler, default_noise_sampler, prepare_noise

LATENT = torch.zeros(3, 4, 8, 8)


@pytest.mark.parametrize("seed", [0, 42, 2**63, 2**64 - 1])
def test_a_seed_gives_the_noise_torch_gives_for_the_whole_batch(seed: int):
    torch.manual_seed(seed)
    assert torch.equal(prepare_noise(LATENT, seed), torch.randn(3, 4, 8, 8))


def test_the_global_stream_is_left_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    prepare_noise(LATENT, 7)
    assert torch.equal(torch.rand(3), expected)


def test_a_picture_of_a_batch_can_be_made_again_alone():
    torch.manual_seed(5)
    one_by_one = torch.cat([torch.randn(1, 4, 8, 8) for _ in range(3)])
    assert torch.equal(prepare_noise(LATENT, 5, [0, 1, 2]), one_by_one)
    assert torch.equal(prepare_noise(LATENT[:2], 5, [2, 2]), one_by_one[[2, 2]])


def test_step_noise_is_the_stream_of_the_next_seed():
    noise = default_noise_sampler(LATENT, seed=41)
    generator = torch.Generator().manual_seed(42)
    for _ in range(2):
        assert torch.equal(noise(torch.tensor(2.0), torch.tensor(1.0)), torch.randn(3, 4, 8, 8, generator=generator))


def test_step_noise_of_the_largest_seed_wraps_around():
    noise = default_noise_sampler(LATENT, seed=2**64 - 1)
    torch.manual_seed(0)
    assert torch.equal(noise(torch.tensor(2.0), torch.tensor(1.0)), torch.randn(3, 4, 8, 8))


def test_the_brownian_tree_is_that_of_torchsde():
    """Increments of torchsde 0.2.6's BrownianTree(t0=0.03, w0=zeros(3), t1=14.6, entropy=42)."""
    tree = BrownianTree(0.03, 14.6, torch.Size([3]), torch.float32, 42)
    theirs = {
        (0.5, 5.0): [-3.6247620582580566, 0.043364979326725006, 0.11865236610174179],
        (5.0, 14.6): [1.6612553596496582, -3.997323989868164, 2.0174756050109863],
    }
    for (start, end), increment in theirs.items():
        assert torch.equal(tree(start, end), torch.tensor(increment))


def test_increments_add_up_in_any_order_and_at_any_fineness():
    tree = BrownianTree(0.03, 14.6, torch.Size([5]), torch.float64, 7)
    times = torch.linspace(0.03, 14.6, 23).tolist()
    backwards = [tree(a, b) for a, b in reversed(list(pairwise(times)))]
    torch.testing.assert_close(torch.stack(backwards).sum(0), tree.whole)
    assert torch.equal(tree(1.0, 2.0), BrownianTree(0.03, 14.6, torch.Size([5]), torch.float64, 7)(1.0, 2.0))
    assert torch.equal(tree(3.0, 3.0), torch.zeros(5, dtype=torch.float64))


def test_increments_are_normal_with_the_variance_of_their_length_and_independent():
    tree = BrownianTree(0.0, 10.0, torch.Size([40_000]), torch.float32, 3)
    first, second = tree(0.7, 2.2), tree(2.2, 9.1)
    assert first.var().item() == pytest.approx(1.5, rel=0.03)
    assert second.var().item() == pytest.approx(6.9, rel=0.03)
    assert (first * second).mean().item() == pytest.approx(0, abs=0.05)
    assert (first.abs() < math.sqrt(1.5)).float().mean().item() == pytest.approx(0.6827, abs=0.01)


def test_sampler_noise_from_the_tree_has_unit_variance():
    noise = brownian_noise_sampler(torch.zeros(40_000), 0.03, 14.6, seed=1)
    one, other = noise(torch.tensor(14.6), torch.tensor(5.0)), noise(torch.tensor(5.0), torch.tensor(0.1))
    assert one.std().item() == pytest.approx(1, rel=0.02)
    assert other.std().item() == pytest.approx(1, rel=0.02)
    assert not torch.equal(one, other)
