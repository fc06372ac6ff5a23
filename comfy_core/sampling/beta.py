"""The quantiles of the beta distribution, without a library of statistics."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TERMS = 300


def beta_places(share: Array, count: int, a: float, b: float) -> NDArray[np.intp]:
    """Which of `count` evenly spaced places, from 0 to count - 1, is nearest to the quantile of each share.

    Raises:
        ValueError: a or b is not above 0.
    """
    if a <= 0 or b <= 0:
        raise ValueError(f"alpha and beta of a beta distribution are above 0, not {a} and {b}")
    borders = (np.arange(count - 1) + 0.5) / (count - 1)
    return np.searchsorted(beta_share(borders, a, b), share, side="right")


def beta_share(x: Array, a: float, b: float) -> Array:
    """The regularised incomplete beta function I_x(a, b): the share of the distribution below x."""
    turned = x > (a + 1) / (a + b + 2)
    inner, p, q = np.where(turned, 1 - x, x), np.where(turned, b, a), np.where(turned, a, b)
    constant = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    with np.errstate(divide="ignore"):
        front = np.exp(constant + p * np.log(inner) + q * np.log1p(-inner)) / p
    value = np.where(inner > 0, front / _continued_fraction(inner, p, q), 0.0)
    return np.where(turned, 1 - value, value)


def _continued_fraction(x: Array, a: Array, b: Array) -> Array:
    """1 + d1 / (1 + d2 / (1 + …)), backwards from its `TERMS`-th term (DLMF 8.17.22)."""
    value = np.ones_like(x)
    for n in range(TERMS, 0, -1):
        m = n // 2
        if n % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        value = 1 + term / value
    return value
