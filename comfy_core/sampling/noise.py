"""Noise from seeds: the same numbers on every machine, and the same ones that ComfyUI draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from math import sqrt
from operator import add

import numpy as np
import torch
from torch import Tensor

NoiseSampler = Callable[[Tensor, Tensor], Tensor]
"""Noise of unit variance for a step from one sigma to the next."""


def generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator at the start of a seed's stream; seeds are unsigned 64-bit and wrap around."""
    return torch.Generator(device=device).manual_seed(seed % 2**64)


def prepare_noise(latent_image: Tensor, seed: int, batch_index: list[int] | None = None) -> Tensor:
    """The starting noise for a latent [B, C, ...]: drawn on the CPU in float32, the whole batch at once.

    With `batch_index` every picture gets the noise it had at that place of a batch drawn one by one, so that one
    picture of a batch can be made again alone.
    """
    source = generator(seed)
    shape = latent_image.shape
    if batch_index is None:
        return torch.randn(shape, generator=source, dtype=torch.float32, layout=latent_image.layout)
    drawn = [torch.randn((1, *shape[1:]), generator=source) for _ in range(max(batch_index) + 1)]
    return torch.cat([drawn[index] for index in batch_index])


def default_noise_sampler(x: Tensor, seed: int | None = None) -> NoiseSampler:
    """Fresh independent noise at every call. On the CPU the stream is that of `seed + 1`: the stream of `seed` itself
    has already given the starting noise."""
    source = None
    if seed is not None:
        source = generator(seed + 1 if x.device.type == "cpu" else seed, x.device)
    return lambda sigma, sigma_next: torch.randn(x.shape, dtype=x.dtype, device=x.device, generator=source)


@dataclass(frozen=True)
class _Span:
    """A node of the tree: an interval, and its place in the tree as (depth, number from the left)."""

    low: float
    high: float
    depth: int = 0
    number: int = 0


class BrownianTree:
    """One path of Brownian motion on [start, end] that can be asked for any increment, in any order.

    The path is built top down: the whole increment first, then at each halving the left half's given the whole
    (a Brownian bridge), every node with a random stream of its own. Times are rounded to 1e-6, so twenty-odd halvings
    reach any of them. Streams are numbered as in torchsde's `BrownianTree`, so that increments are equal to its bit for
    bit. Li et al. 2020, "Scalable Gradients for SDEs", https://arxiv.org/abs/2001.01328, section 4.
    """

    DIGITS = 6
    POOL = 24

    def __init__(
        self,
        start: float,
        end: float,
        shape: torch.Size,
        dtype: torch.dtype,
        seed: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.shape, self.dtype, self.seed, self.device = shape, dtype, seed % 2**64, device
        self.root = _Span(round(start, self.DIGITS), round(end, self.DIGITS))
        self.whole = self._normal() * sqrt(end - start)
        self._noise = lru_cache(maxsize=48)(lambda depth, number: self._normal(number, depth))

    def __call__(self, start: float, end: float) -> Tensor:
        """The increment between two times, start <= end; both are held inside the tree's interval."""
        start, end = (min(max(round(t, self.DIGITS), self.root.low), self.root.high) for t in (start, end))
        if start == end:
            return torch.zeros(self.shape, dtype=self.dtype, device=self.device)
        return reduce(add, self._pieces(self.root, self.whole, start, end))

    def _pieces(self, span: _Span, increment: Tensor, start: float, end: float) -> Iterator[Tensor]:
        """The increments of the largest spans that make up [start, end], from left to right."""
        if (start, end) == (span.low, span.high):
            yield increment
            return
        middle = round(0.5 * (span.high + span.low), self.DIGITS)
        before, after, inverse = middle - span.low, span.high - middle, 1 / (span.high - span.low)
        left = before * increment * inverse + sqrt(before * after * inverse) * self._noise(span.depth, span.number)
        if start < middle:
            half = _Span(span.low, middle, span.depth + 1, 2 * span.number)
            yield from self._pieces(half, left, start, min(end, middle))
        if end > middle:
            half = _Span(middle, span.high, span.depth + 1, 2 * span.number + 1)
            yield from self._pieces(half, increment - left, max(start, middle), end)

    def _normal(self, *place: int) -> Tensor:
        stream = np.random.SeedSequence(entropy=self.seed, spawn_key=place, pool_size=self.POOL)
        number = int(stream.generate_state(1)[0])
        source = generator(number, self.device)
        return torch.randn(self.shape, dtype=self.dtype, device=self.device, generator=source)


def brownian_noise_sampler(
    x: Tensor, sigma_min: float, sigma_max: float, seed: int | None = None, cpu: bool = True
) -> NoiseSampler:
    """The noise of one Brownian path along sigma: steps of any size see the same underlying noise, so that the same
    seed gives the same picture, refined, when the number of steps changes. The path is drawn on the CPU, or else on
    x's device."""
    if seed is None:
        seed = int(torch.randint(0, 2**63 - 1, ()))
    tree = BrownianTree(sigma_min, sigma_max, x.shape, x.dtype, seed, "cpu" if cpu else x.device)

    def noise(sigma: Tensor, sigma_next: Tensor) -> Tensor:
        low, high = sorted((float(sigma), float(sigma_next)))
        sign = 1 if sigma < sigma_next else -1
        return (tree(low, high) * sign).to(x.device) / (sigma_next - sigma).abs().sqrt()

    return noise
