"""The random numbers that torch draws on an NVIDIA GPU, on any machine.

Philox4x32-10 is counter based: number n of thread t is a function of (n, t) and the seed. Salmon et al. 2011, "Parallel
Random Numbers: As Easy as 1, 2, 3", https://doi.org/10.1145/2063384.2063405, section 4.3. Torch gives every element a
thread of its own, as far as a GPU has them (beyond 160,000 elements or so, each GPU begins to differ from others).
"""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Words = NDArray[np.uint32]
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
WORD = 2**32


def philox4x32(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Four words for each counter, whose four words are given as arrays of one length."""
    a, b, c, d = counter
    key_0, key_1 = key
    for _ in range(ROUNDS):
        high_0, low_0 = _product(MULTIPLIERS[0], a)
        high_1, low_1 = _product(MULTIPLIERS[1], c)
        a, b, c, d = high_1 ^ b ^ np.uint32(key_0), low_1, high_0 ^ d ^ np.uint32(key_1), low_0
        key_0, key_1 = (key_0 + KEY_STEPS[0]) % WORD, (key_1 + KEY_STEPS[1]) % WORD
    return a, b, c, d


def _product(factor: np.uint64, word: Words) -> tuple[Words, Words]:
    whole = factor * word.astype(np.uint64)
    return (whole >> np.uint64(32)).astype(np.uint32), whole.astype(np.uint32)


class CudaStream:
    """What `torch.Generator("cuda").manual_seed(seed)` gives: one `randn` after the other; `calls` are done."""

    def __init__(self, seed: int, calls: int = 0) -> None:
        self.key = (seed % WORD, (seed >> 32) % WORD)
        self.calls = calls

    def randn(self, shape: tuple[int, ...]) -> Tensor:
        """Normal numbers in float32, by the transform of Box & Muller (1958), with the sine."""
        places = np.arange(prod(shape), dtype=np.uint32)
        zero = np.zeros_like(places)
        first, second, _, _ = philox4x32((np.full_like(places, self.calls), zero, places, zero), self.key)
        self.calls += 1
        u, v = ((word.astype(np.float64) + 0.5) / WORD for word in (first, second))
        normal = np.sqrt(-2 * np.log(u)) * np.sin(2 * np.pi * v)
        return torch.from_numpy(normal.astype(np.float32)).reshape(shape)
