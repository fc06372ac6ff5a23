"""Noise from seeds: the same numbers on every machine, and the same ones that ComfyUI draws, or A1111's web UI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, reduce
from math import sqrt
from operator import add
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from comfy_core.sampling.philox import CudaStream
from comfy_core.sampling.variation import Variation
from comfy_core.scoped import Scoped

NoiseSampler = Callable[[Tensor, Tensor], Tensor]
"""Noise of unit variance for a step from one sigma to the next."""


def generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator at the start of a seed's stream; seeds are unsigned 64-bit and wrap around."""
    return torch.Generator(device=device).manual_seed(seed % 2**64)


def prepare_noise(latent_image: Tensor, seed: int, batch_index: list[int] | None = None) -> Tensor:
    """The starting noise for a latent [B, C, ...], in float32 on the CPU, from the current source.

    With `batch_index` every picture gets the noise it had at that place of a batch drawn one by one, so that one
    picture of a batch can be made again alone.

    Raises:
        ValueError: `batch_index` has not one place, 0 or more, for each picture.
    """
    if batch_index is not None and (len(batch_index) != len(latent_image) or min(batch_index) < 0):
        raise ValueError(
            f"the latent's batch_index {batch_index} should hold one place, 0 or more, "
            f"for each of its {len(latent_image)} pictures"
        )
    return _source.get().start(latent_image.shape, seed, batch_index)


def default_noise_sampler(x: Tensor, seed: int | None = None) -> NoiseSampler:
    """Fresh independent noise at every call, from the current source; without a seed from torch's global stream."""
    if seed is None:
        return lambda sigma, sigma_next: torch.randn_like(x)
    draw = _source.get().steps(x, seed)
    return lambda sigma, sigma_next: draw()


class NoiseSource:
    """Where noise comes from, for one run: here as in ComfyUI, the whole batch at once from torch's CPU stream. With a
    `variation` every picture has noise of its own to start from, between that of two seeds."""

    def __init__(self, variation: Variation | None = None) -> None:
        self.variation = variation

    def start(self, shape: torch.Size, seed: int, places: list[int] | None) -> Tensor:
        """The starting noise of a batch, or of the pictures that are at `places` of one."""
        if self.variation is not None:
            return self._varied(self.variation, shape, seed, places)
        source = generator(seed)
        if places is None:
            return torch.randn(shape, generator=source)
        drawn = [torch.randn((1, *shape[1:]), generator=source) for _ in range(max(places) + 1)]
        return torch.cat([drawn[place] for place in places])

    def steps(self, x: Tensor, seed: int) -> Callable[[], Tensor]:
        """Noise like `x` for one step after the other. On the CPU the stream is that of `seed + 1`: the stream of
        `seed` itself has already given the starting noise."""
        source = generator(seed + 1 if x.device.type == "cpu" else seed, x.device)
        return lambda: torch.randn(x.shape, dtype=x.dtype, device=x.device, generator=source)

    def path(self, x: Tensor, low: float, high: float, seed: int, cpu: bool) -> Callable[[float, float], Tensor]:
        """The increments of one Brownian path for the batch, drawn on the CPU or else on x's device."""
        return BrownianTree(low, high, x.shape, x.dtype, seed, "cpu" if cpu else x.device)

    def draw(self, seed: int, shape: tuple[int, ...]) -> Tensor:
        """The first noise of a seed's stream."""
        return torch.randn(shape, generator=generator(seed))

    def _varied(self, variation: Variation, shape: torch.Size, seed: int, places: list[int] | None) -> Tensor:
        places = list(range(shape[0])) if places is None else places
        seeds = zip(places, variation.seeds(seed, places), strict=True)
        return torch.stack([variation.noise(self.draw, tuple(shape[1:]), one, place) for place, one in seeds])


class GpuNoiseSource(NoiseSource):
    """As AUTOMATIC1111's web UI draws on an NVIDIA GPU: every picture has the stream of a seed of its own, one more for
    each, and goes on with it at every step. `delta` is that program's "eta noise seed delta" (ENSD): if it is not 0,
    steps draw from the stream of the seed that lies so far off."""

    def __init__(self, delta: int = 0, variation: Variation | None = None) -> None:
        super().__init__(variation)
        self.delta = delta
        self.places: list[int] | None = None

    def start(self, shape: torch.Size, seed: int, places: list[int] | None) -> Tensor:
        self.places = places
        if self.variation is not None:
            return self._varied(self.variation, shape, seed, places)
        return torch.stack([self.draw(one, tuple(shape[1:])) for one in self._seeds(shape[0], seed)])

    def draw(self, seed: int, shape: tuple[int, ...]) -> Tensor:
        return CudaStream(seed).randn(shape)

    def steps(self, x: Tensor, seed: int) -> Callable[[], Tensor]:
        calls = 0 if self.delta else 1
        streams = [CudaStream(one + self.delta, calls) for one in self._seeds(len(x), seed)]
        return lambda: torch.stack([stream.randn(tuple(x.shape[1:])) for stream in streams]).to(x)

    def path(self, x: Tensor, low: float, high: float, seed: int, cpu: bool) -> Callable[[float, float], Tensor]:
        trees = [GpuBrownianTree(low, high, x.shape[1:], x.dtype, one) for one in self._seeds(len(x), seed)]
        return lambda start, end: torch.stack([tree(start, end) for tree in trees])

    def _seeds(self, count: int, seed: int) -> list[int]:
        places = self.places if self.places is not None and len(self.places) == count else list(range(count))
        return (self.variation or UNVARIED).seeds(seed, places)


UNVARIED = Variation(seed=0, strength=0.0)
CPU_NOISE = NoiseSource()
_source: ContextVar[NoiseSource] = ContextVar("noise_source", default=CPU_NOISE)


def drawn_from(source: NoiseSource) -> AbstractContextManager[None]:
    """Let all noise come from `source` while the block runs."""
    return Scoped(_source, source)


@contextmanager
def chosen_source(model_options: dict[str, Any]) -> Iterator[None]:
    """Draw noise as a model's options ask: `gpu_noise` holds the seed delta of a `GpuNoiseSource`, `seed_variation` a
    `Variation`."""
    delta, variation = model_options.get("gpu_noise"), model_options.get("seed_variation")
    with drawn_from(NoiseSource(variation) if delta is None else GpuNoiseSource(delta, variation)):
        yield


class Noise(Protocol):
    """What a NOISE is."""

    seed: int

    def generate_noise(self, input_latent: dict[str, Any]) -> Tensor:
        """The starting noise for a LATENT."""
        ...


@dataclass
class RandomNoise:
    """The noise of a seed, also at every step that adds some."""

    seed: int

    def generate_noise(self, input_latent: dict[str, Any]) -> Tensor:
        return prepare_noise(input_latent["samples"], self.seed, input_latent.get("batch_index"))


@dataclass
class EmptyNoise:
    """No noise to start from; steps that add some draw it from a seed."""

    seed: int = 0

    def generate_noise(self, input_latent: dict[str, Any]) -> Tensor:
        return torch.zeros_like(input_latent["samples"], dtype=torch.float32, device="cpu")


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
        return self._draw(number)

    def _draw(self, seed: int) -> Tensor:
        source = generator(seed, self.device)
        return torch.randn(self.shape, dtype=self.dtype, device=self.device, generator=source)


class GpuBrownianTree(BrownianTree):
    """The same path with the numbers that an NVIDIA GPU draws."""

    def _draw(self, seed: int) -> Tensor:
        return CudaStream(seed).randn(tuple(self.shape)).to(self.dtype)


def brownian_noise_sampler(
    x: Tensor, sigma_min: float, sigma_max: float, seed: int | None = None, cpu: bool = True
) -> NoiseSampler:
    """The noise of one Brownian path along sigma: steps of any size see the same underlying noise, so that the same
    seed gives the same picture, refined, when the number of steps changes. The path is drawn on the CPU, or else on
    x's device."""
    if seed is None:
        seed = int(torch.randint(0, 2**63 - 1, ()))
    path = _source.get().path(x, sigma_min, sigma_max, seed, cpu)

    def noise(sigma: Tensor, sigma_next: Tensor) -> Tensor:
        low, high = sorted((float(sigma), float(sigma_next)))
        sign = 1 if sigma < sigma_next else -1
        return (path(low, high) * sign).to(x.device) / (sigma_next - sigma).abs().sqrt()

    return noise
