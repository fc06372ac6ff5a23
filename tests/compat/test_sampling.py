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


def test_a_sampler_of_a_packs_own_is_called_as_the_built_in_ones_are(scene, expected):
    import comfy.sample
    import comfy.samplers
    from comfy.k_diffusion import sampling

    model, positive, negative, samples = scene
    steps = []

    def own(model, x, sigmas, extra_args=None, callback=None, disable=None, factor=0):
        steps.append(factor)
        return sampling.sample_euler(model, x, sigmas, extra_args, callback, disable)

    sampler = comfy.samplers.KSAMPLER(own, {"factor": 3})
    sigmas = comfy.samplers.KSampler(model, 3, None, "euler", "normal").sigmas
    noise = comfy.sample.prepare_noise(samples, 5)
    sampled = comfy.samplers.sample(
        model, noise, positive, negative, 4.0, "cpu", sampler, sigmas, {}, latent_image=samples, seed=5
    )
    assert torch.equal(sampled, expected)
    assert steps == [3]


def test_schedules_of_k_diffusion_follow_their_formulas():
    from comfy.k_diffusion import sampling

    steps = torch.linspace(0, 1, 5, dtype=torch.float64)
    karras = (10 ** (1 / 7) + steps * (0.1 ** (1 / 7) - 10 ** (1 / 7))) ** 7
    exponential = 10 * (0.1 / 10) ** steps
    for made, formula in [
        (sampling.get_sigmas_karras(5, 0.1, 10.0), karras),
        (sampling.get_sigmas_exponential(5, 0.1, 10.0), exponential),
        (sampling.get_sigmas_polyexponential(5, 0.1, 10.0, rho=1.0), exponential),
    ]:
        torch.testing.assert_close(made.double(), torch.cat([formula, torch.zeros(1)]), rtol=1e-5, atol=1e-6)
    with pytest.raises(AttributeError, match="sample_by_magic"):
        _ = sampling.sample_by_magic


def test_guidance_goes_from_one_guess_past_the_other():
    import comfy.samplers

    cond, uncond, x = torch.rand(3, 1, 4, 2, 2)
    guided = comfy.samplers.cfg_function(None, cond, uncond, 7.0, x, torch.ones(1))
    torch.testing.assert_close(guided, uncond + 7.0 * (cond - uncond))
