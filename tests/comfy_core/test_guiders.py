"""Guiders beyond plain guidance, rescaled guidance, and gradual masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.guiders import BasicGuider, DualCFGGuider
from comfy_core.sampling.inpaint import gradual_mask
from comfy_core.sampling.rescale import rescaled_guidance
from comfy_core.sampling.samplers import sampler_object
from tests.comfy_core.test_guidance import SIGMA, X, batches, model, says, text

__all__ = ["model"]


def dual(patcher: ModelPatcher, first: float, second: float, nested: bool = False) -> Tensor:
    guider = DualCFGGuider(patcher)
    guider.set_conds([text(0.5)], [text(0.2)], [text(-0.1)])
    guider.set_cfg(first, second, nested)
    guider.prepare(X)
    return guider(X, SIGMA)


def test_one_prompt_is_one_question(model: ModelPatcher):
    guider = BasicGuider(model)
    guider.set_conds([text(0.3)])
    guider.prepare(X)
    torch.testing.assert_close(guider(X, SIGMA), says(0.3))
    assert batches(model) == [(2, 77)]


def test_where_there_is_one_prompt_the_unguided_prediction_is_the_guided_one(model: ModelPatcher):
    """A CFG++ sampler asks for both."""
    guider = BasicGuider(model)
    guider.set_conds([text(0.3)])
    sigmas, noise = torch.tensor([3.0, 1.0, 0.0]), torch.randn(1, 4, 3, 3)
    runs = [guider.sample(noise, noise * 0, sampler_object(name), sigmas) for name in ("euler", "euler_cfg_pp")]
    torch.testing.assert_close(runs[0], runs[1])


def test_two_prompts_have_a_scale_each(model: ModelPatcher):
    torch.testing.assert_close(dual(model, 3.0, 5.0), says(-0.1 + 5 * 0.3 + 3 * 0.3))
    torch.testing.assert_close(dual(model, 3.0, 5.0, nested=True), says(-0.1 + 5 * (0.2 + 3 * 0.3 + 0.1)))
    assert batches(model) == [(6, 77), (6, 77)]


def test_patches_are_told_the_first_prompt_as_the_positive_side(model: ModelPatcher):
    told: dict[int, float] = {}

    def listen(apply_model: Callable[..., Tensor], given: dict[str, Any]) -> Tensor:
        texts = given["c"]["c_crossattn"].chunk(len(given["cond_or_uncond"]))
        told.update({side: float(one.mean()) for side, one in zip(given["cond_or_uncond"], texts, strict=True)})
        return apply_model(given["input"], given["timestep"], **given["c"])

    listening = model.clone()
    listening.set_model_unet_function_wrapper(listen)
    dual(listening, 3.0, 5.0)
    assert told == pytest.approx({0: 0.5, 1: 0.2, 2: -0.1})


@pytest.mark.parametrize(("scales", "rows"), [((3.0, 1.0), 4), ((1.0, 1.0), 2), ((1.0, 5.0), 6)])
def test_prompts_that_do_not_count_are_not_asked_for(model: ModelPatcher, scales: tuple[float, float], rows: int):
    first, second = scales
    torch.testing.assert_close(dual(model, first, second), says(-0.1 + second * 0.3 + first * 0.3))
    assert batches(model) == [(rows, 77)]


def test_rescaled_guidance_has_the_spread_of_the_guided_velocity():
    """Lin et al. 2023, in the paper's variables: x_t = alpha x, v = alpha noise - sigma x0."""
    generator = torch.Generator().manual_seed(3)
    x, cond, uncond = torch.randn(3, 2, 4, 8, 8, generator=generator, dtype=torch.float64)
    sigma = torch.tensor([0.7, 3.0], dtype=torch.float64)
    s = sigma[:, None, None, None]
    alpha, noise_share = 1 / (1 + s**2).sqrt(), s / (1 + s**2).sqrt()

    def velocity(x0: Tensor) -> Tensor:
        return (alpha * (alpha * x) - x0) / noise_share

    v_cond, v_uncond = velocity(cond), velocity(uncond)
    v = v_uncond + 6 * (v_cond - v_uncond)
    scaled = v * v_cond.std(dim=(1, 2, 3), keepdim=True) / v.std(dim=(1, 2, 3), keepdim=True)
    expected = alpha * (alpha * x) - noise_share * (0.7 * scaled + 0.3 * v)
    args = {"input": x, "sigma": sigma, "cond_scale": 6.0, "cond_denoised": cond, "uncond_denoised": uncond}
    torch.testing.assert_close(x - rescaled_guidance(0.7)(args), expected)
    torch.testing.assert_close(x - rescaled_guidance(0.0)(args), uncond + 6 * (cond - uncond))


def test_a_gradual_mask_opens_where_the_noise_left_is_as_low_as_it_is_grey(model: ModelPatcher):
    sampling = model.get_model_object("model_sampling")
    sigmas = sampling.sigma(torch.tensor([999.0, 749.0, 499.0, 249.0, 0.0]))
    mask = torch.tensor([[0.0, 0.2, 0.6, 1.0]])
    extra = {"model": BasicGuider(model), "sigmas": torch.cat([sigmas, torch.zeros(1)])}
    opened = [gradual_mask()(sigma[None], mask, extra)[0].tolist() for sigma in sigmas]
    assert opened == [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 1, 1]]
    half = gradual_mask(0.5)(sigmas[2:3], mask, extra)[0].tolist()
    assert half == pytest.approx([0, 0.1, 0.8, 1.0])
