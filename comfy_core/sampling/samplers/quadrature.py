"""Integrals of the polynomials through a few points, which multistep methods are made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
POINTS = 48


def lagrange_integrals(
    nodes: Array, start: float, end: float, weight: Callable[[Array], Array] = np.ones_like
) -> Array:
    """For each node u_j the integral of weight(u) l_j(u) from `start` to `end`, l_j being the polynomial that is 1 at
    u_j and 0 at the other nodes. Gauss-Legendre quadrature: exact for polynomials of degree below 2 * POINTS."""
    places, shares = _gauss_legendre()
    u = start + (end - start) * (places + 1) / 2
    basis = [
        np.prod([(u - other) / (node - other) for k, other in enumerate(nodes) if k != j] or [np.ones_like(u)], axis=0)
        for j, node in enumerate(nodes)
    ]
    return np.stack(basis) @ (shares * weight(u)) * (end - start) / 2


@cache
def _gauss_legendre() -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(POINTS)
