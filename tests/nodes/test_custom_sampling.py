"""Sampling from parts gives what KSampler gives, and its parts do what they say."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.folders import Folders
from comfy_core.sampling.noise import EmptyNoise, RandomNoise
from comfy_core.sampling.philox import CudaStream
from comfy_core.sampling.samplers import Sampler, sampler_object
from nodes import samplers, schedulers, sigmas
from nodes.custom_sampling import (
    add_noise,
    basic_guider,
    cfg_guider,
    disable_noise,
    dual_cfg_guider,
    noise_source,
    random_noise,
    sampler_custom,
    sampler_custom_advanced,
    variation_seed,
)
from nodes.node import Node
from nodes.sampling import k_sampler, k_sampler_advanced
from tests.comfy_core.mixture import Mixture

EMPTY = {"samples": torch.zeros(1, 4, 8, 8)}
STEPS = 5


@pytest.fixture
def checkpoint(base: Folders) -> Checkpoint:
    return load_checkpoint(base.find_model("checkpoints", "tiny.safetensors"))


@pytest.fixture
def prompts(checkpoint: Checkpoint) -> tuple[Any, Any]:
    clip = checkpoint.clip
    cat, nothing = (clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in ("a cat", ""))
    return cat, nothing


def levels(model: Any, steps: int = STEPS, denoise: float = 1.0) -> torch.Tensor:
    return schedulers.basic_scheduler(model, "normal", steps, denoise)


def custom(model: Any, prompts: Any, latent: Any, run: torch.Tensor, name: str = "euler", **options: Any) -> Any:
    options = {"add_noise": True, "noise_seed": 3, "cfg": 4.0} | options
    sampler = samplers.k_sampler_select(name) if isinstance(name, str) else name
    return sampler_custom(
        model, positive=prompts[0], negative=prompts[1], sampler=sampler, sigmas=run, latent_image=latent, **options
    )


@pytest.mark.parametrize("name", ["euler", "euler_ancestral", "dpmpp_2m_sde"])
def test_parts_put_together_are_ksampler(checkpoint: Checkpoint, prompts, name: str):
    model = checkpoint.model
    whole = k_sampler(model, 3, STEPS, 4.0, name, "normal", *prompts, EMPTY)["samples"]
    out, _ = custom(model, prompts, EMPTY, levels(model), name)
    guider = cfg_guider(model, *prompts, 4.0)
    advanced, _ = sampler_custom_advanced(
        random_noise(3), guider, samplers.k_sampler_select(name), levels(model), EMPTY
    )
    assert torch.equal(out["samples"], whole)
    assert torch.equal(advanced["samples"], whole)


def test_two_samplers_in_a_row_share_one_run(checkpoint: Checkpoint, prompts):
    model, run = checkpoint.model, levels(checkpoint.model)
    whole, _ = custom(model, prompts, EMPTY, run)
    for step in range(STEPS + 1):
        high, low = sigmas.split_sigmas(run, step)
        first, _ = custom(model, prompts, EMPTY, high)
        second, _ = custom(model, prompts, first, low, add_noise=False)
        torch.testing.assert_close(second["samples"], whole["samples"], rtol=1e-4, atol=1e-4)


def test_the_second_output_is_the_clean_latent_that_the_model_last_saw(checkpoint: Checkpoint, prompts):
    seen: list[torch.Tensor] = []
    model = checkpoint.model.clone()
    model.set_model_sampler_post_cfg_function(lambda args: seen.append(args["denoised"]) or args["denoised"])
    noisy, clean = custom(model, prompts, EMPTY, levels(model)[:3])
    torch.testing.assert_close(clean["samples"], seen[-1] / 0.18215)
    assert not torch.allclose(noisy["samples"], clean["samples"], atol=1.0)
    done, clean = custom(model, prompts, EMPTY, levels(model))
    torch.testing.assert_close(done["samples"], clean["samples"], rtol=1e-3, atol=1e-3)


def test_no_sigmas_leave_the_latent_and_one_adds_its_noise(checkpoint: Checkpoint, prompts):
    latent = {"samples": torch.randn(1, 4, 8, 8), "noise_mask": torch.ones(1, 8, 8)}
    out, clean = custom(checkpoint.model, prompts, latent, torch.zeros(0))
    assert torch.equal(out["samples"], latent["samples"])
    assert torch.equal(clean["samples"], latent["samples"])
    out, _ = custom(checkpoint.model, prompts, latent, torch.tensor([2.0]))
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(out["samples"], latent["samples"] + 2 * noise / 0.18215)


@pytest.mark.parametrize("run", [torch.tensor([3.0, float("nan")]), torch.tensor([1.0, -2.0]), torch.ones(2, 2)])
def test_sigmas_that_are_none_are_refused(checkpoint: Checkpoint, prompts, run: torch.Tensor):
    with pytest.raises(ValueError, match="sigmas are"):
        custom(checkpoint.model, prompts, EMPTY, run)


def test_a_latent_of_another_model_is_refused(checkpoint: Checkpoint, prompts):
    with pytest.raises(ValueError, match="16 channels and the model takes 4"):
        custom(checkpoint.model, prompts, {"samples": torch.ones(1, 16, 8, 8)}, levels(checkpoint.model))


@pytest.mark.parametrize("mask", [torch.ones(3), torch.ones(1, 0, 8)])
def test_a_mask_that_is_none_is_refused(checkpoint: Checkpoint, prompts, mask: torch.Tensor):
    with pytest.raises(ValueError, match=r"a mask is \[height, width\] or a batch"):
        custom(checkpoint.model, prompts, EMPTY | {"noise_mask": mask}, levels(checkpoint.model))


def test_noise_of_another_size_is_refused(checkpoint: Checkpoint, prompts):
    class Other(EmptyNoise):
        def generate_noise(self, input_latent: Any) -> torch.Tensor:
            return torch.zeros(1, 4, 2, 2)

    guider = basic_guider(checkpoint.model, prompts[0])
    with pytest.raises(ValueError, match=r"the noise has shape \[1, 4, 2, 2\] and the latent \[1, 4, 8, 8\]"):
        sampler_custom_advanced(Other(), guider, samplers.k_sampler_select("euler"), levels(checkpoint.model), EMPTY)


RUN = torch.tensor([9.0, 4.0, 1.0, 0.3], dtype=torch.float64)
START = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 9


def walk(sampler: Sampler, run: torch.Tensor = RUN, x: torch.Tensor = START) -> torch.Tensor:
    """On data that are known exactly."""
    return sampler(Mixture(), x, run, disable=True, extra_args={"seed": 1})


@pytest.mark.parametrize("name", ["euler", "ddim"])
def test_a_picture_goes_to_noise_and_comes_back(name: str):
    """DDIM inversion: flipped sigmas lead to the noise, from which the picture is made again; half the step leaves
    about half the error."""
    x = torch.tensor([[2.1, -1.2], [-1.6, 0.8], [1.7, -0.7]], dtype=torch.float64)
    sampler, errors = samplers.k_sampler_select(name), []
    for steps in (50, 100, 200):
        run = schedulers.exponential_scheduler(steps, 14.6, 0.03).double()
        noise = walk(sampler, sigmas.flip_sigmas(run), x)
        assert noise.abs().max() > 8
        errors.append((walk(sampler, run, noise) - x).abs().max().item())
    assert errors[2] < 0.05
    assert errors[1] < 0.6 * errors[0]
    assert errors[2] < 0.6 * errors[1]


def test_ddim_without_eta_is_euler_and_with_eta_1_ddpm():
    assert torch.equal(walk(samplers.sampler_ddim(0.0, 1.0)), walk(sampler_object("euler")))
    torch.testing.assert_close(walk(samplers.sampler_ddim(1.0, 1.0)), walk(sampler_object("ddpm")))


def test_ddims_eta_is_what_the_paper_says():
    """Song et al. 2020, equations 12 and 16, in terms of alpha."""
    drawn, x = torch.Generator().manual_seed(2), START
    for sigma, sigma_next in pairwise(RUN):
        a, a_next = 1 / (1 + sigma**2), 1 / (1 + sigma_next**2)
        x0 = Mixture()(x, sigma.repeat(3))
        eps = (x - x0) / sigma
        spread = 0.5 * ((1 - a_next) / (1 - a)).sqrt() * (1 - a / a_next).sqrt()
        noise = torch.randn(3, 2, generator=drawn, dtype=torch.float64)
        x = (a_next.sqrt() * x0 + (1 - a_next - spread**2).sqrt() * eps + spread * noise) / a_next.sqrt()
    torch.testing.assert_close(walk(samplers.sampler_ddim(0.5, 1.0)), x)


def test_added_noise_is_what_a_run_takes_away(checkpoint: Checkpoint):
    latent = {"samples": torch.randn(1, 4, 8, 8)}
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5)) / 0.18215
    for run, scale in (([3.0, 1.0], 2.0), ([3.0], 3.0)):
        out = add_noise(checkpoint.model, RandomNoise(5), torch.tensor(run), latent)["samples"]
        torch.testing.assert_close(out, latent["samples"] + scale * noise)
    assert add_noise(checkpoint.model, RandomNoise(5), torch.zeros(0), latent) is latent


def test_no_noise_is_zeros():
    assert (
        disable_noise().generate_noise({"samples": torch.ones(2, 4, 8, 8)}).tolist() == torch.zeros(2, 4, 8, 8).tolist()
    )


def test_the_guiders_ask_what_they_need(checkpoint: Checkpoint, prompts):
    rows: list[int] = []

    def count(apply_model: Any, args: dict[str, Any]) -> torch.Tensor:
        rows.append(len(args["input"]))
        return apply_model(args["input"], args["timestep"], **args["c"])

    model = checkpoint.model.clone()
    model.set_model_unet_function_wrapper(count)
    made = (
        basic_guider(model, prompts[0]),
        cfg_guider(model, *prompts, 4.0),
        cfg_guider(model, *prompts, 1.0),
        dual_cfg_guider(model, prompts[0], prompts[0], prompts[1], 4.0, 2.0, "regular"),
    )
    for guider, expected in zip(made, (1, 2, 1, 3), strict=True):
        rows.clear()
        sampler_custom_advanced(random_noise(1), guider, samplers.k_sampler_select("euler"), levels(model), EMPTY)
        assert rows == [expected] * STEPS


SAMPLER_NODES: dict[str, Node] = {
    name: one
    for name, one in vars(samplers).items()
    if isinstance(one, Node) and one.schema.outputs[0].type == "SAMPLER"
}


@pytest.mark.parametrize("name", SAMPLER_NODES)
def test_every_sampler_node_makes_a_sampler_of_its_defaults(checkpoint: Checkpoint, prompts, name: str):
    node = SAMPLER_NODES[name]
    values: dict[str, Any] = {}
    for one in node.schema.inputs:
        first = one.choices[0] if one.choices else False
        values[one.name] = checkpoint.model if one.type == "MODEL" else one.options.get("default", first)
    out, _ = custom(checkpoint.model, prompts, EMPTY, levels(checkpoint.model), node(**values))
    assert out["samples"].isfinite().all()


@pytest.mark.parametrize(
    ("node", "name", "options"),
    [
        (samplers.sampler_euler_ancestral(0.0, 1.0), "euler", {}),
        (samplers.sampler_dpmpp_2m_sde("midpoint", 0.0, 1.0, "cpu"), "dpmpp_2m", {}),
        (samplers.sampler_er_sde("ODE", 1, 1.0, 1.0), "euler", {}),
        (samplers.sampler_seeds_2("phi_2", 0.0, 1.0, 1.0), "exp_heun_2_x0", {}),
        (samplers.sampler_lms(1), "euler", {}),
        (samplers.sampler_dpmpp_3m_sde(1.0, 1.0, "gpu"), "dpmpp_3m_sde", {}),
    ],
)
def test_options_of_sampler_nodes_reach_the_sampler(checkpoint: Checkpoint, prompts, node, name: str, options):
    model, run = checkpoint.model, levels(checkpoint.model)
    ours, theirs = (custom(model, prompts, EMPTY, run, one)[0]["samples"] for one in (node, name))
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: samplers.sampler_dpmpp_sde(1.0, 1.0, 0.0, "cpu"), "r is 0.0"),
        (lambda: samplers.sampler_dpm_adaptative(3, 0.0, 0.0, 0.05, 0.0, 1.0, 0.0, 0.81, 0.0, 1.0), "above 0"),
        (lambda: sigmas.manual_sigmas("one"), "'one' is not a list of noise levels"),
        (lambda: sigmas.set_first_sigma(torch.zeros(0), 1.0), "empty"),
        (lambda: schedulers.karras_scheduler(5, 14.6, 0.0, 7.0), "sigma_min is 0.0"),
    ],
)
def test_inputs_that_make_no_sense_are_refused_by_name(make, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_percent_is_a_noise_level(checkpoint: Checkpoint):
    model, ask = checkpoint.model, sigmas.sampling_percent_to_sigma
    assert ask(model, 0.0, False) > 1e6
    assert ask(model, 0.0, True) == pytest.approx(14.6146, abs=1e-3)
    assert ask(model, 1.0, True) == pytest.approx(0.029167, abs=1e-5)
    assert ask(model, 0.5, True) == ask(model, 0.5, False)


def test_a_models_noise_can_be_that_of_a1111(checkpoint: Checkpoint, prompts):
    """Its picture 1 of seed 3 is picture 0 of seed 4, also with noise at every step."""
    model = noise_source(checkpoint.model, "A1111")
    run = levels(model)[:1]
    out, _ = custom(model, prompts, EMPTY, run)
    expected = CudaStream(3).randn((4, 8, 8)) * (1 + run[0] ** 2) ** 0.5 / 0.18215
    torch.testing.assert_close(out["samples"][0], expected)
    for name in ("euler_ancestral", "dpmpp_2m_sde"):
        arguments = (STEPS, 1.0, name, "normal", *prompts)
        both = k_sampler(model, 3, *arguments, {"samples": torch.zeros(2, 4, 8, 8)})["samples"]
        second = k_sampler(model, 4, *arguments, EMPTY)["samples"]
        torch.testing.assert_close(both[1:], second, rtol=1e-3, atol=1e-3)
        plain = k_sampler(noise_source(model, "ComfyUI"), 3, *arguments, EMPTY)["samples"]
        assert torch.equal(plain, k_sampler(checkpoint.model, 3, *arguments, EMPTY)["samples"])
        assert not torch.allclose(plain, both[:1], atol=0.1)


def test_a_seed_delta_changes_the_noise_of_steps_only(checkpoint: Checkpoint, prompts):
    plain, delta = (noise_source(checkpoint.model, "A1111", one) for one in (0, 31337))
    for name, same in (("euler", True), ("euler_ancestral", False)):
        runs = [custom(model, prompts, EMPTY, levels(model), name)[0]["samples"] for model in (plain, delta)]
        assert torch.equal(*runs) == same


@pytest.mark.parametrize("source", ["A1111", "ComfyUI"])
def test_a_variation_goes_from_the_picture_of_one_seed_to_that_of_the_other(
    checkpoint: Checkpoint, prompts, source: str
):
    plain = noise_source(checkpoint.model, source)

    def sampled(model: Any, seed: int) -> torch.Tensor:
        return k_sampler(model, seed, STEPS, 3.0, "euler", "normal", *prompts, EMPTY)["samples"]

    ends = sampled(plain, 3), sampled(plain, 4)
    assert torch.equal(sampled(variation_seed(plain, 4, 0.0), 3), ends[0])
    torch.testing.assert_close(sampled(variation_seed(plain, 4, 1.0), 3), ends[1], rtol=1e-3, atol=1e-3)
    middle = sampled(variation_seed(plain, 4, 0.5), 3)
    assert min((middle - end).abs().max() for end in ends) > 0.1


def test_a_stretch_of_ksampler_advanced_is_that_stretch_of_the_sigmas(checkpoint: Checkpoint, prompts):
    model, run = checkpoint.model, levels(checkpoint.model, 6)
    arguments = (3, 6, 4.0, "euler", "normal", *prompts)
    kept = k_sampler_advanced(model, "enable", *arguments, EMPTY, 0, 4, "enable")
    assert torch.equal(kept["samples"], custom(model, prompts, EMPTY, run[:5])[0]["samples"])
    ended = k_sampler_advanced(model, "enable", *arguments, EMPTY, 0, 4, "disable")
    cut = torch.cat([run[:4], torch.zeros(1)])
    assert torch.equal(ended["samples"], custom(model, prompts, EMPTY, cut)[0]["samples"])
    rest = k_sampler_advanced(model, "disable", *arguments, kept, 4, 10_000, "disable")
    assert torch.equal(rest["samples"], custom(model, prompts, kept, run[4:], add_noise=False)[0]["samples"])
