"""Lists of noise levels as things to cut, turn, fill and write down."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import torch
from torch import Tensor

LEAST_START = 1e-4
"""Where a run upwards begins in place of 0: at 0 there is no noise to multiply."""
SPACINGS = ("linear", "cosine", "sine")


def split(sigmas: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """The first `step` steps and the rest; the level between them is in both."""
    return sigmas[: step + 1], sigmas[step:]


def split_by_denoise(sigmas: Tensor, denoise: float) -> tuple[Tensor, Tensor]:
    """The rest is the share `denoise` (0..1) of the steps."""
    steps = max(len(sigmas) - 1, 0)
    return split(sigmas, steps - round(steps * denoise))


def flipped(sigmas: Tensor) -> Tensor:
    """The way back, from the picture to noise; it begins just above 0."""
    turned = sigmas.flip(0)
    if len(turned) and turned[0] == 0:
        turned[0] = LEAST_START
    return turned


def with_first(sigmas: Tensor, sigma: float) -> Tensor:
    """Another first level. Raises ValueError where there is none."""
    if not len(sigmas):
        raise ValueError("these sigmas are empty: there is no first one to set")
    return torch.cat([sigmas.new_tensor([sigma]), sigmas[1:]])


def extended(sigmas: Tensor, steps: int, start_at_sigma: float, end_at_sigma: float, spacing: str) -> Tensor:
    """Every step that begins between `start_at_sigma` (negative: anywhere) and `end_at_sigma` as `steps` steps.

    `spacing` is `linear`, `cosine` (first long, then short) or `sine` (first short, then long).
    """
    highest = math.inf if start_at_sigma < 0 else start_at_sigma
    shares = _spaced(torch.linspace(0, 1, steps + 1), spacing)[:-1]
    filled = [
        sigma + shares * (following - sigma) if end_at_sigma <= sigma <= highest else sigma[None]
        for sigma, following in pairwise(sigmas)
    ]
    return torch.cat([*filled, sigmas[-1:]])


def _spaced(share: Tensor, spacing: str) -> Tensor:
    if spacing == "linear":
        return share
    if spacing == "cosine":
        return (share * math.pi / 2).sin()
    if spacing == "sine":
        return 1 - (share * math.pi / 2).cos()
    raise ValueError(f"the spacing is one of {', '.join(SPACINGS)}, not {spacing!r}")


def written(text: str) -> Tensor:
    """The levels of a text such as `14.6, 6.5, 0`. Raises ValueError naming a word that is no number."""
    words = [word for word in re.split(r"[\s,;\[\]()]+", text) if word]
    try:
        return torch.tensor([float(word) for word in words])
    except ValueError:
        raise ValueError(
            f"{text!r} is not a list of noise levels: write numbers with commas, as in 14.6, 6.5, 0"
        ) from None
