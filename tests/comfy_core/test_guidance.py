"""Guidance: what is asked of the model, how often, and how the answers are mixed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from comfy_core.latent_format import LatentFormat
from comfy_core.model import DiffusionModel
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.guidance import CFGGuider
from comfy_core.sampling.prediction import EpsilonSampling

CPU = torch.device("cpu")
X = torch.randn(2, 4, 3, 3, generator=torch.Generator().manual_seed(0))
SIGMA = torch.tensor([2.0, 2.0])


class Echo(nn.Module):
    """Predicts, as noise, the mean of its text; remembers the batches it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))
        self.batches: list[tuple[int, int]] = []

    def forward(self, x: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        self.batches.append((context.shape[0], context.shape[1]))
        return context.mean((1, 2))[:, None, None, None].expand_as(x)


@pytest.fixture
def model() -> ModelPatcher:
    return ModelPatcher(DiffusionModel(Echo(), EpsilonSampling(), LatentFormat()), CPU, CPU)


def text(value: float, length: int = 77, **extra: Any) -> list[Any]:
    return [torch.full((1, length, 8), value), extra]


def says(value: float) -> Tensor:
    """The clean latent when the predicted noise is `value` everywhere."""
    return X - 2.0 * value


def guide(model: ModelPatcher, positive: list, negative: list, cfg: float, sigma: Tensor = SIGMA) -> Tensor:
    guider = CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(cfg)
    guider.prepare(X)
    return guider(X, sigma)


def batches(model: ModelPatcher) -> list[tuple[int, int]]:
    return model.model.diffusion_model.batches  # type: ignore[union-attr,return-value]


def test_the_formula(model: ModelPatcher):
    torch.testing.assert_close(guide(model, [text(0.3)], [text(-0.1)], 7.0), says(-0.1 + 7 * 0.4))


def test_both_prompts_go_through_the_network_as_one_batch(model: ModelPatcher):
    guide(model, [text(0.3)], [text(-0.1)], 7.0)
    assert batches(model) == [(4, 77)]


def test_at_scale_1_the_negative_prompt_costs_nothing(model: ModelPatcher):
    out = guide(model, [text(0.3)], [text(-0.1)], 1.0)
    assert batches(model) == [(2, 77)]
    torch.testing.assert_close(out, says(0.3))


def test_at_scale_1_it_is_computed_when_an_option_needs_it(model: ModelPatcher):
    model.set_model_sampler_post_cfg_function(lambda args: args["uncond_denoised"], disable_cfg1_optimization=True)
    torch.testing.assert_close(guide(model, [text(0.3)], [text(-0.1)], 1.0), says(-0.1))
    assert batches(model) == [(4, 77)]


def test_combined_prompts_are_averaged_by_their_strength(model: ModelPatcher):
    torch.testing.assert_close(guide(model, [text(0.2), text(0.6)], [], 1.0), says(0.4))
    torch.testing.assert_close(guide(model, [text(0.2, strength=3.0), text(0.6)], [], 1.0), says(0.3))


def test_texts_of_different_lengths_share_a_batch(model: ModelPatcher):
    out = guide(model, [text(0.3, length=231)], [text(-0.1, length=154)], 2.0)
    assert batches(model) == [(4, 462)]
    torch.testing.assert_close(out, says(-0.1 + 2 * 0.4))


def test_texts_too_different_in_length_get_batches_of_their_own(model: ModelPatcher):
    guide(model, [text(0.3, length=77 * 5)], [text(-0.1)], 2.0)
    assert sorted(batches(model)) == [(2, 77), (2, 385)]


def test_a_prompt_counts_between_its_percents_only(model: ModelPatcher):
    sampling = model.get_model_object("model_sampling")
    late = [text(0.2, end_percent=0.5), text(0.6, start_percent=0.5)]
    before, after = (torch.full((2,), sampling.percent_to_sigma(percent)) for percent in (0.4, 0.6))
    torch.testing.assert_close(guide(model, late, [], 1.0, before), X - before[0] * 0.2)
    torch.testing.assert_close(guide(model, late, [], 1.0, after), X - after[0] * 0.6)


def test_a_cfg_function_takes_the_formulas_place(model: ModelPatcher):
    seen = {}

    def rescaled(args: dict[str, Any]) -> Tensor:
        seen.update(args)
        return args["uncond"] + 0.5 * args["cond_scale"] * (args["cond"] - args["uncond"])

    model.set_model_sampler_cfg_function(rescaled)
    torch.testing.assert_close(guide(model, [text(0.3)], [text(-0.1)], 4.0), says(-0.1 + 2 * 0.4))
    assert {"cond", "uncond", "cond_scale", "timestep", "input", "sigma", "cond_denoised", "model"} <= seen.keys()
    torch.testing.assert_close(seen["cond"], torch.full_like(X, 0.6))


def test_functions_before_and_after_run_in_order(model: ModelPatcher):
    model.set_model_sampler_pre_cfg_function(lambda args: [args["conds_out"][1], args["conds_out"][1]])
    model.set_model_sampler_post_cfg_function(lambda args: args["denoised"] + 1)
    model.set_model_sampler_post_cfg_function(lambda args: args["denoised"] * 2)
    torch.testing.assert_close(guide(model, [text(0.3)], [text(-0.1)], 5.0), (says(-0.1) + 1) * 2)


def test_a_wrapper_runs_in_the_networks_place(model: ModelPatcher):
    seen = {}

    def wrapper(apply_model: Any, args: dict[str, Any]) -> Tensor:
        seen.update(args)
        return apply_model(args["input"], args["timestep"], **args["c"]) + 1

    model.set_model_unet_function_wrapper(wrapper)
    torch.testing.assert_close(guide(model, [text(0.3)], [], 1.0), says(0.3) + 1)
    assert seen["cond_or_uncond"] == [0]
    assert seen["c"]["c_crossattn"].shape == (2, 77, 8)
