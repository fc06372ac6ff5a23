"""A weight made some rows at a time is the weight made at once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from comfy_core import patches
from comfy_core.lora.full import Difference
from comfy_core.lora.low_rank import LowRank
from comfy_core.patches import Patch, applied, patched

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("shape", [(10, 7), (10, 3, 3, 3)])
def test_rows_at_a_time_or_all_at_once(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], dtype: torch.dtype):
    monkeypatch.setattr(patches, "AT_ONCE", 3 * torch.Size(shape[1:]).numel())
    weight = torch.randn(shape).half()
    tail = (1,) * (len(shape) - 2)
    low_rank = LowRank(torch.randn(10, 2, *tail), torch.randn(2, *shape[1:]), alpha=3.0)
    changes = [Patch(0.5, low_rank), Patch(2.0, Difference(torch.randn(shape)), strength_model=0.7)]
    whole = applied(changes, weight.float())
    made = patched(weight, changes, CPU, dtype)
    assert made.dtype == dtype
    torch.testing.assert_close(made, whole.to(dtype))


def test_a_recipe_that_mixes_rows_sees_all_of_them(monkeypatch: pytest.MonkeyPatch):
    @dataclass
    class Turned:
        def apply(self, weight: Tensor, strength: float) -> Tensor:
            return weight.flip(0)

    monkeypatch.setattr(patches, "AT_ONCE", 4)
    weight = torch.arange(12.0).reshape(6, 2)
    assert torch.equal(patched(weight, [Patch(1.0, Turned())], CPU, torch.float32), weight.flip(0))


def test_the_pristine_weight_stays_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patches, "AT_ONCE", 4)
    weight = torch.ones(6, 2)
    patched(weight, [Patch(1.0, Difference(torch.ones(6, 2)))], CPU, torch.float32)
    assert torch.equal(weight, torch.ones(6, 2))
