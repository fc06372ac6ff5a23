"""Every way to compute attention is the softmax of the scores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from comfy_core.memory import attention as module
from comfy_core.memory import devices
from comfy_core.memory.attention import BACKENDS, attention

CAUSAL = torch.ones(5, 7).triu(3).bool()
MASKS = {
    "none": None,
    "added": torch.zeros(5, 7).masked_fill(CAUSAL, float("-inf")),
    "boolean": ~CAUSAL,
    "by head and picture": torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(1)),
    "by key": torch.randn(2, 1, 1, 7, generator=torch.Generator().manual_seed(1)),
    "first keys unseen": torch.arange(7).ge(3).expand(5, 7),
}


@pytest.fixture(autouse=True)
def flags() -> Iterator[None]:
    yield
    devices.configure()


@pytest.fixture
def operands() -> list[Tensor]:
    return [torch.randn(2, n, 12, generator=torch.Generator().manual_seed(n)) for n in (5, 7, 7)]


def formula(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    q, k, v = (one.double().view(2, -1, 3, 4).transpose(1, 2) for one in (q, k, v))
    scores = q @ k.transpose(-1, -2) / 2
    if mask is not None:
        scores = torch.where(mask, scores, float("-inf")) if mask.dtype == torch.bool else scores + mask
    return (scores.softmax(-1) @ v).transpose(1, 2).reshape(2, 5, 12).float()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("scores", [1, 40, 1 << 24])
def test_attention_is_the_softmax_of_the_scores(monkeypatch, operands: list[Tensor], backend: str, mask: str, scores):
    monkeypatch.setattr(module, "SCORES", scores)
    monkeypatch.setattr(module, "KEYS", 3)
    devices.configure(cpu=True, attention=backend)
    ours = attention(*operands, heads=3, mask=MASKS[mask])
    torch.testing.assert_close(ours, formula(*operands, MASKS[mask]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("backend", ["split", "quad"])
def test_only_some_scores_are_held(monkeypatch, operands: list[Tensor], backend: str):
    monkeypatch.setattr(module, "SCORES", 50)
    monkeypatch.setattr(module, "KEYS", 4)
    held, original = [], module._scores
    monkeypatch.setattr(module, "_scores", lambda *given: held.append(original(*given)) or held[-1])
    devices.configure(cpu=True, attention=backend)
    attention(*operands, heads=3)
    assert max(one.numel() for one in held) <= 50
    assert sum(one.numel() for one in held) == 2 * 3 * 5 * 7


@pytest.mark.parametrize("backend", ["split", "quad"])
def test_numbers_are_kept_in_their_type(operands: list[Tensor], backend: str):
    devices.configure(cpu=True, attention=backend)
    halves = [one.bfloat16() for one in operands]
    ours = attention(*halves, heads=3)
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours.float(), formula(*halves, None), rtol=2e-2, atol=2e-2)
