"""The random numbers of NVIDIA GPUs, and what A1111's web UI makes of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from comfy_core.sampling.noise import (
    GpuNoiseSource,
    brownian_noise_sampler,
    default_noise_sampler,
    drawn_from,
    prepare_noise,
)
from comfy_core.sampling.philox import CudaStream, philox4x32

# Random123's tests/kat_vectors, "philox4x32 10": counter, key, words.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
# torch.manual_seed(0); torch.randn(3, 4, device="cuda"), as A1111's rng_philox.py and others publish it.
CUDA_SEED_0 = [
    [-0.92466259, -0.42534415, -2.6438457, 0.14518388],
    [-0.12086647, -0.57972564, -0.62285122, -0.32838709],
    [-1.07454231, -0.36314407, -1.67105067, 2.26550497],
]
LATENT = torch.zeros(2, 4, 3, 3)


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_the_known_answers_of_philox(counter: tuple[int, ...], key: tuple[int, int], words: tuple[int, ...]):
    out = philox4x32(tuple(np.array([one], dtype=np.uint32) for one in counter), key)  # type: ignore[arg-type]
    assert tuple(int(word[0]) for word in out) == words


def test_the_numbers_that_torch_draws_on_a_gpu():
    torch.testing.assert_close(CudaStream(0).randn((3, 4)), torch.tensor(CUDA_SEED_0), rtol=0, atol=1e-6)


def test_the_numbers_are_normal_and_every_call_has_its_own():
    stream = CudaStream(2**40 + 3)
    first, second = stream.randn((100_000,)), stream.randn((100_000,))
    assert first.std().item() == pytest.approx(1, abs=0.01)
    assert (first * second).mean().item() == pytest.approx(0, abs=0.01)
    assert not torch.equal(first[:9], CudaStream(3).randn((9,)))


def test_every_picture_of_a_batch_has_a_seed_of_its_own_and_goes_on_with_its_stream():
    streams = [CudaStream(7), CudaStream(8)]
    drawn = [torch.stack([stream.randn((4, 3, 3)) for stream in streams]) for _ in range(3)]
    with drawn_from(GpuNoiseSource()):
        assert torch.equal(prepare_noise(LATENT, 7), drawn[0])
        assert torch.equal(prepare_noise(LATENT[:1], 7, [1]), drawn[0][1:])
        prepare_noise(LATENT, 7)
        steps = default_noise_sampler(LATENT, seed=7)
        assert torch.equal(steps(torch.ones(()), torch.zeros(())), drawn[1])
        assert torch.equal(steps(torch.ones(()), torch.zeros(())), drawn[2])
    assert not torch.equal(prepare_noise(LATENT, 7), drawn[0])


def test_with_a_seed_delta_steps_have_a_stream_of_their_own():
    with drawn_from(GpuNoiseSource(delta=31337)):
        steps = default_noise_sampler(LATENT[:1], seed=7)
        assert torch.equal(steps(torch.ones(()), torch.zeros(()))[0], CudaStream(7 + 31337).randn((4, 3, 3)))


def test_brownian_noise_of_a_batch_is_that_of_its_pictures_one_by_one():
    ends = torch.tensor(9.0), torch.tensor(2.0)
    with drawn_from(GpuNoiseSource()):
        both = brownian_noise_sampler(LATENT, 0.03, 14.6, seed=5)(*ends)
        second = brownian_noise_sampler(LATENT[:1], 0.03, 14.6, seed=6)(*ends)
    assert torch.equal(both[1:], second)
    assert not torch.equal(both[:1], both[1:])
    assert not torch.equal(both, brownian_noise_sampler(LATENT, 0.03, 14.6, seed=5)(*ends))


@pytest.mark.parametrize("places", [[0], [0, -1]])
def test_places_in_a_batch_that_do_not_fit_it_are_refused(places: list[int]):
    with pytest.raises(ValueError, match=r"batch_index .* one place, 0 or more, for each of its 2 pictures"):
        prepare_noise(LATENT, 0, places)
