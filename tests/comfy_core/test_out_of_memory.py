"""Memory that ends in the middle of a step: the step is made again with less, and gives the same numbers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.memory import residency
from comfy_core.sampling.sample import common_ksampler

LATENT = {"samples": torch.zeros(2, 4, 8, 8)}


def sample(checkpoint: Checkpoint) -> Tensor:
    texts = torch.randn(2, 1, 77, 32, generator=torch.Generator().manual_seed(0))
    positive, negative = [[texts[0], {}]], [[texts[1], {}]]
    return common_ksampler(checkpoint.model, 3, 2, 5.0, "euler", "normal", positive, negative, LATENT)["samples"]


def limited(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, most: int, resident: bool = True) -> list[int]:
    """Let the U-Net run out of memory on batches of more than `most`, or at all while its weights are resident.
    Returns the sizes of the batches it is asked for."""
    unet = checkpoint.model.model.diffusion_model
    original, asked = type(unet).forward, []

    def forward(self, x: Tensor, *args, **kwargs) -> Tensor:
        asked.append(len(x))
        if len(x) > most or (not resident and not self.out[2].weight.is_meta):
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes.")
        return original(self, x, *args, **kwargs)

    monkeypatch.setattr(type(unet), "forward", forward)
    return asked


def assert_same(ours: Tensor, expected: Tensor) -> None:
    """Equal but for rounding, which differs with the size of a batch."""
    assert (ours - expected).abs().max() < 3e-5 * expected.std()


def test_a_batch_too_large_is_halved(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch):
    expected = sample(checkpoint)
    asked = limited(checkpoint, monkeypatch, most=2)
    assert_same(sample(checkpoint), expected)
    assert asked == [4, 2, 2] * 2


def test_weights_are_streamed_when_smaller_batches_do_not_help(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch):
    expected = sample(checkpoint)
    asked = limited(checkpoint, monkeypatch, most=4, resident=False)
    assert_same(sample(checkpoint), expected)
    assert asked == [4, 2, 2, 2, 4]
    residency.free_all()
    assert residency.current().residents == []


def test_when_nothing_helps_it_is_said(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch):
    limited(checkpoint, monkeypatch, most=0)
    with pytest.raises(torch.OutOfMemoryError, match="a step on a latent of 2x4x8x8 does not fit the memory"):
        sample(checkpoint)
    residency.free_all()
    assert residency.current().residents == []
