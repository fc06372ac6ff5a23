"""The path that KSampler and KSamplerAdvanced share."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from comfy_core import progress
from comfy_core.checkpoint import Checkpoint
from comfy_core.memory import residency
from comfy_core.sampling.sample import common_ksampler
from comfy_core.sampling.samplers import SAMPLERS
from comfy_core.sampling.schedulers import SCHEDULERS

EMPTY = torch.zeros(1, 4, 8, 8)
ENDS_ABOVE_ZERO = {"dpm_fast", "dpm_adaptive", "uni_pc", "uni_pc_bh2"}
"""Samplers that leave a trace of noise, as their last level is not 0."""


@pytest.fixture
def sample(checkpoint: Checkpoint):
    clip = checkpoint.clip
    positive, negative = (clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in ("a cat", ""))

    def run(
        latent: dict[str, Any] | None = None, seed: int = 1, steps: int = 4, cfg: float = 3.0, **options: Any
    ) -> Any:
        options = {"sampler_name": "euler", "scheduler": "normal"} | options
        model = options.pop("model", checkpoint.model)
        given = {"samples": EMPTY} if latent is None else latent
        return common_ksampler(model, seed, steps, cfg, positive=positive, negative=negative, latent=given, **options)

    return run


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_seed_gives_the_same_picture_again(sample, name: str):
    first, second, other = (sample(seed=seed, sampler_name=name)["samples"] for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.allclose(first, other)
    assert first.isfinite().all()


@pytest.mark.parametrize("name", SCHEDULERS)
def test_every_scheduler_runs(sample, name: str):
    assert sample(scheduler=name)["samples"].shape == EMPTY.shape


def test_a_batch_is_its_pictures_one_by_one(sample):
    """The first picture of a batch has the noise of a batch of one; the second can be had through its place."""
    both = sample({"samples": EMPTY.repeat(2, 1, 1, 1)})["samples"]
    torch.testing.assert_close(both[:1], sample()["samples"], rtol=1e-3, atol=1e-3)
    second = sample({"samples": EMPTY, "batch_index": [1]})["samples"]
    torch.testing.assert_close(both[1:], second, rtol=1e-3, atol=1e-3)


def test_no_denoising_leaves_the_latent_as_it_is(sample):
    latent = torch.randn(1, 4, 8, 8)
    assert torch.equal(sample({"samples": latent}, denoise=0.0)["samples"], latent)


def test_a_little_denoising_changes_a_latent_a_little(sample):
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(9)) * 5
    changes = [
        (sample({"samples": latent}, denoise=denoise)["samples"] - latent).abs().mean() for denoise in (0.1, 0.5, 1.0)
    ]
    assert changes[0] < changes[1] < changes[2]


@pytest.mark.parametrize("name", ["euler", "heun"])
def test_two_stretches_of_a_run_are_the_whole_run(sample, name: str):
    """What KSamplerAdvanced is for: the first keeps its leftover noise, the second adds none."""
    whole = sample(sampler_name=name, steps=6)["samples"]
    first = sample(sampler_name=name, steps=6, last_step=3)
    second = sample(first, sampler_name=name, steps=6, start_step=3, disable_noise=True, force_full_denoise=True)
    torch.testing.assert_close(second["samples"], whole, rtol=1e-4, atol=1e-4)


def test_a_stretch_that_ends_early_can_be_made_to_end_without_noise(sample):
    noisy = sample(steps=6, last_step=3)["samples"]
    clean = sample(steps=6, last_step=3, force_full_denoise=True)["samples"]
    assert not torch.allclose(noisy, clean)


def test_a_stretch_behind_the_end_does_nothing(sample):
    latent = torch.randn(1, 4, 8, 8)
    assert torch.equal(sample({"samples": latent}, start_step=99)["samples"], latent)


@pytest.mark.parametrize("name", SAMPLERS)
def test_what_a_mask_leaves_out_stays(sample, name: str):
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(9))
    mask = torch.zeros(1, 64, 64)
    mask[:, :, 32:] = 1
    out = sample({"samples": latent, "noise_mask": mask}, sampler_name=name)
    left = 0.5 if name in ENDS_ABOVE_ZERO else 1e-3
    torch.testing.assert_close(out["samples"][..., :3], latent[..., :3], rtol=1e-3, atol=left)
    assert not torch.allclose(out["samples"][..., 5:], latent[..., 5:], atol=0.5)
    assert out["noise_mask"] is mask


def test_a_mask_function_changes_the_mask_at_every_step(sample, checkpoint: Checkpoint):
    model = checkpoint.model.clone()
    model.set_model_denoise_mask_function(lambda sigma, mask, extra_options: torch.zeros_like(mask))
    latent = torch.randn(1, 4, 8, 8)
    out = sample({"samples": latent, "noise_mask": torch.ones(1, 8, 8)}, model=model)
    torch.testing.assert_close(out["samples"], latent, rtol=1e-3, atol=1e-3)


def test_an_empty_latent_of_other_channels_is_adapted_and_a_full_one_refused(sample):
    assert sample({"samples": torch.zeros(1, 16, 8, 8)})["samples"].shape == (1, 4, 8, 8)
    with pytest.raises(ValueError, match="16 channels and the model takes 4"):
        sample({"samples": torch.ones(1, 16, 8, 8)})


class Listener:
    def __init__(self, stop_at: int = 1000) -> None:
        self.heard: list[tuple[float, float, Any]] = []
        self.stop_at = stop_at

    def report(self, value: float, total: float, preview: Any) -> None:
        self.heard.append((value, total, preview))

    def interrupted(self) -> bool:
        return len(self.heard) >= self.stop_at


def test_every_step_is_reported_with_a_preview(sample):
    listener = Listener()
    with progress.listen(listener):
        sample(steps=4)
    assert [(value, total) for value, total, _ in listener.heard] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    kind, data = listener.heard[-1][2]()
    assert kind == "image/jpeg"
    assert data.startswith(b"\xff\xd8")


def test_a_run_can_be_stopped(sample):
    with progress.listen(Listener(stop_at=2)), pytest.raises(progress.Interrupted):
        sample(steps=10)
    assert all(resident.users == 0 for resident in residency.current().residents)
    assert sample(steps=2)["samples"].isfinite().all()


def test_the_network_is_asked_once_a_step_and_with_half_the_batch_at_scale_1(sample, checkpoint: Checkpoint):
    for cfg, rows in ((7.0, 2), (1.0, 1)):
        seen: list[int] = []

        def count(apply_model: Any, args: dict[str, Any], seen: list[int] = seen) -> Any:
            seen.append(len(args["input"]))
            return apply_model(args["input"], args["timestep"], **args["c"])

        model = checkpoint.model.clone()
        model.set_model_unet_function_wrapper(count)
        sample(model=model, cfg=cfg, steps=5)
        assert seen == [rows] * 5
