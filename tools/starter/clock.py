"""A budget of minutes that survives a restart: training stages know how far through their time they are."""

from __future__ import annotations

import math
import time


class Clock:
    def __init__(self, minutes: float, spent: float = 0.0) -> None:
        self.seconds = minutes * 60
        self.before = spent
        self.began = time.monotonic()

    @property
    def spent(self) -> float:
        """Seconds used so far, earlier runs counted in."""
        return self.before + time.monotonic() - self.began

    @property
    def part(self) -> float:
        """How much of the budget is used, 0..1."""
        return min(1.0, self.spent / self.seconds)

    def rate(self, highest: float, lowest: float, warm_up: float = 0.01) -> float:
        """The learning rate now: a short linear rise, then half a cosine down."""
        if self.part < warm_up:
            return highest * max(0.05, self.part / warm_up)
        along = (self.part - warm_up) / (1 - warm_up)
        return lowest + (highest - lowest) * 0.5 * (1 + math.cos(math.pi * along))
