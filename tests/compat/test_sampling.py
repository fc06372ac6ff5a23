"""Packs that drive the sampler themselves get what the built-in node gives."""

import pytest
import torch

from comfy_core.families import load_checkpoint
from execution.load_nodes import load_nodes
from execution.packs import expose_compat
from tests.tiny_sd1 import write_checkpoint

expose_compat()


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A model, two prompts, and a latent."""
    checkpoint = load_checkpoint(write_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny.safetensors"))
    clip = checkpoint.clip
    positive, negative = (clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in ("an apple", ""))
    return checkpoint.model, positive, negative, torch.zeros(1, 4, 8, 8)


@pytest.fixture(scope="module")
def expected(scene):
    model, positive, negative, samples = scene
    sampler = load_nodes()["KSampler"]
    return sampler(model, 5, 3, 4.0, "euler", "normal", positive, negative, {"samples": samples}, 1.0)["samples"]


def test_common_ksampler_gives_its_latent_in_a_tuple(scene, expected):
    import nodes

    model, positive, negative, samples = scene
    (latent,) = nodes.common_ksampler(
        model, 5, 3, 4.0, "euler", "normal", positive, negative, {"samples": samples}, denoise=1.0
    )
    assert torch.equal(latent["samples"], expected)


def test_sampling_from_noise_of_ones_own(scene, expected):
    import comfy.sample

    model, positive, negative, samples = scene
    noise = comfy.sample.prepare_noise(samples, 5)
    latent = comfy.sample.fix_empty_latent_channels(model, samples)
    sampled = comfy.sample.sample(
        model, noise, 3, 4.0, "euler", "normal", positive, negative, latent, denoise=1.0, seed=5
    )
    assert torch.equal(sampled, expected)


def test_a_stretch_of_the_schedule_and_then_the_rest_is_the_whole(scene, expected):
    import comfy.sample
    import comfy.samplers

    model, positive, negative, samples = scene
    sampler = comfy.samplers.KSampler(model, 3, model.load_device, "euler", "normal", 1.0, {})
    noise = comfy.sample.prepare_noise(samples, 5)
    half = sampler.sample(noise, positive, negative, 4.0, samples, last_step=2, seed=5)
    whole = sampler.sample(torch.zeros_like(noise), positive, negative, 4.0, half, start_step=2, seed=5)
    torch.testing.assert_close(whole, expected, rtol=1e-4, atol=1e-4)


def test_names_are_lists_to_choose_from():
    import comfy.samplers

    assert {"euler", "dpmpp_2m"} <= set(comfy.samplers.KSampler.SAMPLERS)
    assert {"normal", "karras"} <= set(comfy.samplers.KSampler.SCHEDULERS)
    assert comfy.samplers.SAMPLER_NAMES is comfy.samplers.KSampler.SAMPLERS
