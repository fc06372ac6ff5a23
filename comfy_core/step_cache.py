"""Steps that the model need not be asked about, because it would say nearly what it said before.

Zhou et al. 2025, "Less is Enough: Training-Free Video Diffusion Acceleration via Runtime-Adaptive Caching" (EasyCache),
https://arxiv.org/abs/2507.02860, equations 5 to 8: what the model adds to its input, v - x, is used again for as long
as the change of v that the change of x lets expect, added up, stays below a threshold.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from comfy_core.patcher import ModelPatcher
from comfy_core.sampling import resume
from comfy_core.wrappers import WrappersMP

log = logging.getLogger(__name__)
KEY = "step_cache"


@dataclass
class Remembered:
    """The last answer `v` of the model to a question, about `x`; how much v changes with x; the x `seen` last, and the
    change of v expected since, in shares of it."""

    x: Tensor
    v: Tensor
    seen: Tensor
    rate: float | None = None
    error: float = 0.0


@dataclass
class StepCache:
    """Decides for one run of a sampler. `threshold` is in shares of the model's answer; `first` and `last` are the
    noise levels between which steps may be left out."""

    threshold: float
    first: float
    last: float
    remembered: dict[Hashable, Remembered] = field(default_factory=dict)
    asked: int = 0
    reused: int = 0

    def answer(self, question: Hashable, sigma: float, x: Tensor, ask: Callable[[], Tensor]) -> Tensor:
        """The model's answer to `x`, or what it will be. `question` says what else it is told."""
        known = self.remembered.get(question)
        if known is not None and known.x.shape == x.shape and self._is_near(known, sigma, x):
            self.reused += 1
            return x + (known.v - known.x)
        v = ask()
        self.asked += 1
        if v.shape == x.shape:
            self.remembered[question] = _updated(known, x, v)
        return v

    def _is_near(self, known: Remembered, sigma: float, x: Tensor) -> bool:
        if known.rate is None or not self.last <= sigma <= self.first:
            return False
        known.error += known.rate * _size(x - known.seen) / _size(known.v)
        known.seen = x
        return known.error < self.threshold


def with_step_cache(model: ModelPatcher, threshold: float, first: float, last: float, tell: bool, whole: bool) -> None:
    """Put a step cache on a model: around its network, or, if `whole`, around the guided prediction."""
    cache = StepCache(threshold, first, last)

    def run(executor: Any, *args: Any, **kwargs: Any) -> Any:
        cache.remembered.clear()
        cache.asked = cache.reused = 0
        try:
            return executor(*args, **kwargs)
        finally:
            cache.remembered.clear()
            if tell:
                log.info("steps left out: %d of %d evaluations", cache.reused, cache.reused + cache.asked)

    def network(executor: Any, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        options = kwargs["transformer_options"]
        question = (*options["uuids"], *options["cond_or_uncond"])
        return cache.answer(question, float(options["sigmas"][0]), x, lambda: ask(executor, x, *args, **kwargs))

    def ask(executor: Any, x: Tensor, timestep: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return resume.recall([x, timestep], lambda: [executor(x, timestep, *args, **kwargs)])[0]

    def guided(executor: Any, x: Tensor, sigma: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return cache.answer(KEY, float(sigma[0]), x, lambda: executor(x, sigma, *args, **kwargs))

    model.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, KEY, run)
    if whole:
        model.add_wrapper_with_key(WrappersMP.PREDICT_NOISE, KEY, guided)
    else:
        model.model_options["transformer_options"][resume.INSIDE] = True
        model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, KEY, network)


def _updated(known: Remembered | None, x: Tensor, v: Tensor) -> Remembered:
    if known is None or known.x.shape != x.shape:
        return Remembered(x, v, x)
    moved = _size(x - known.x)
    return Remembered(x, v, x, _size(v - known.v) / moved if moved else None)


def _size(x: Tensor) -> float:
    return float(x.float().abs().mean())
