"""A denoiser known exactly: the data are two Gaussians in the plane, so the best guess of x0 has a formula.

For data N(mu_k, s²) with equal shares and x = x0 + sigma * noise, E[x0 | x] is the mean of the two posterior means
(s² x + sigma² mu_k) / (s² + sigma²), weighted by how likely x is under each.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

MEANS = torch.tensor([[2.0, -1.0], [-1.5, 0.5]])
SPREAD = 0.3


class Mixture:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Tensor, sigma: Tensor, **_: Any) -> Tensor:
        self.calls += 1
        means = MEANS.to(x.dtype)
        variance = SPREAD**2 + sigma[:, None] ** 2
        likely = (-((x[:, None] - means) ** 2).sum(-1) / (2 * variance)).softmax(-1)
        guesses = (SPREAD**2 * x[:, None] + sigma[:, None, None] ** 2 * means) / variance[..., None]
        return (likely[..., None] * guesses).sum(1)
