"""Devices, flags, and the VAE as nodes call it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from comfy_core.checkpoint import Checkpoint
from comfy_core.memory import devices


@pytest.fixture(autouse=True)
def flags() -> Iterator[None]:
    yield
    devices.configure()


def test_the_cpu_can_be_asked_for():
    devices.configure(cpu=True)
    assert devices.compute_device() == torch.device("cpu")
    assert devices.network_dtype(devices.compute_device()) == torch.float32
    assert devices.vae_dtype(devices.compute_device()) == torch.float32


def test_stats_have_the_shape_of_system_stats():
    devices.configure(cpu=True)
    (one,) = devices.stats()
    assert list(one) == ["name", "type", "index", "vram_total", "vram_free", "torch_vram_total", "torch_vram_free"]
    assert one["name"] == one["type"] == "cpu"
    assert one["index"] is None
    assert 0 < one["vram_free"] <= one["vram_total"]
    assert all(isinstance(one[key], int) for key in list(one)[3:])


def test_memory_can_be_reserved_for_others():
    devices.configure(cpu=True, reserve_vram=1.5)
    assert devices.reserved_bytes(torch.device("cpu")) == int(1.5 * 2**30)


def test_types_can_be_asked_for():
    devices.configure(cpu=True, unet_type="bf16", vae_type="fp16", text_type="fp32")
    cpu = devices.compute_device()
    types = devices.network_dtype(cpu), devices.vae_dtype(cpu), devices.text_dtype(cpu)
    assert types == (torch.bfloat16, torch.float16, torch.float32)


def test_a_type_the_processor_does_not_compute_in_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(devices, "computes_bf16", lambda device: False)
    devices.configure(cpu=True, unet_type="bf16")
    assert "no bfloat16 arithmetic" in caplog.text


def test_flags_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="choose one of --lowvram, --highvram and --novram"):
        devices.configure(lowvram=True, highvram=True)


def test_a_picture_is_cropped_to_whole_latents_from_its_middle(checkpoint: Checkpoint):
    image = torch.rand(1, 37, 50, 3, generator=torch.Generator().manual_seed(0))
    latent = checkpoint.vae.encode(image)
    assert latent.shape == (1, 4, 4, 6)
    torch.testing.assert_close(latent, checkpoint.vae.encode(image[:, 2:34, 1:49]))


def test_grey_and_transparent_pictures_encode_too(checkpoint: Checkpoint):
    grey = torch.rand(1, 32, 32, 1)
    torch.testing.assert_close(checkpoint.vae.encode(grey), checkpoint.vae.encode(grey.expand(-1, -1, -1, 3)))
    see_through = torch.rand(1, 32, 32, 4)
    torch.testing.assert_close(checkpoint.vae.encode(see_through), checkpoint.vae.encode(see_through[..., :3]))


def test_decoded_pictures_are_in_0_to_1(checkpoint: Checkpoint):
    image = checkpoint.vae.decode(torch.randn(2, 4, 3, 5) * 50)
    assert image.shape == (2, 24, 40, 3)
    assert image.min() == 0
    assert image.max() == 1


def test_what_does_not_fit_the_vae_is_said(checkpoint: Checkpoint):
    with pytest.raises(ValueError, match=r"shape \[1, 16, 8, 8\] and this VAE decodes \[B, 4, h, w\]"):
        checkpoint.vae.decode(torch.zeros(1, 16, 8, 8))
    with pytest.raises(ValueError, match="smaller than 8 pixels"):
        checkpoint.vae.encode(torch.zeros(1, 4, 40, 3))
