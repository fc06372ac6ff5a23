"""GITS: schedules found by following the shape of a model's trajectories.

Chen et al. 2024, "On the Trajectory Regularity of ODE-based Diffusion Sampling", https://arxiv.org/abs/2405.11326. The
published tables for Stable Diffusion 1.5 are in `gits.json`: by coefficient, for 2 to 20 steps, the levels between the
first and the last, as places in the trained schedule from 0 to 100.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from comfy_core.sampling.curves import tabled_sigmas
from comfy_core.sampling.noise_levels import DiscreteSchedule

MOST_STEPS = 20
TIMESTEPS = 999


def gits_sigmas(coeff: float, steps: int, denoise: float = 1.0) -> Tensor:
    """The published levels for `steps` (2 or more; above 20 log-linearly resampled), the last `denoise` share of them,
    then 0. A small `coeff` (0.8 to 1.5, in steps of 0.05) has more steps at high noise."""
    tables = _tables()
    table = tables[min(tables, key=lambda known: abs(known - coeff))]
    places = torch.tensor([100, *table[min(steps, MOST_STEPS) - 2], 0])
    levels = DiscreteSchedule().sigma(places * TIMESTEPS / 100)
    return tabled_sigmas(levels.tolist(), steps, denoise)


@cache
def _tables() -> dict[float, list[list[int]]]:
    text = Path(__file__).with_name("gits.json").read_text()
    return {float(coeff): table for coeff, table in json.loads(text).items()}
