"""Samplers on every schedule against the published code of k-diffusion.

`k_diffusion.json` holds what its `sampling.py` (0.1.1, torchdiffeq 0.2.5, scipy 1.17.1) makes of the start below, in
double precision, with the noise below where a sampler takes some. It is not a test dependency because it needs
torchvision. LMS was run without the last step, which k-diffusion integrates to 0 and we take to x0.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.sampling.prediction import EpsilonSampling
from comfy_core.sampling.samplers import sampler_object
from comfy_core.sampling.schedulers import SCHEDULERS, calculate_sigmas
from tests.comfy_core.mixture import Mixture

KNOWN: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("k_diffusion.json").read_text())


def noise() -> Callable[..., Tensor]:
    source = torch.Generator().manual_seed(5)
    return lambda sigma, sigma_next: torch.randn(3, 2, generator=source, dtype=torch.float64)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("name", KNOWN)
def test_samplers_give_what_k_diffusion_gives(name: str, scheduler: str):
    sigmas = calculate_sigmas(EpsilonSampling(), scheduler, 10).double()
    start = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * sigmas[0]
    takes_noise = "sde" in name or "ancestral" in name
    options = {"noise_sampler": noise()} if takes_noise else {}
    sigmas = sigmas[:-1] if name == "lms" else sigmas
    out = sampler_object(name).having(**options)(Mixture(), start, sigmas, disable=True)
    torch.testing.assert_close(out, torch.tensor(KNOWN[name][scheduler], dtype=torch.float64), rtol=0, atol=1e-5)
