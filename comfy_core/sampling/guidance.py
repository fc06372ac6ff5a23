"""Guidance: one guess of the clean latent from what the model says with and without the prompt.

Ho & Salimans 2022, "Classifier-Free Diffusion Guidance", https://arxiv.org/abs/2207.12598.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor

from comfy_core.model import DiffusionModel
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.batches import Task, batches, predict_in_memory
from comfy_core.sampling.conditions import Condition, Conditioning, process_conds
from comfy_core.sampling.resume import recalled
from comfy_core.sampling.run import StepCallback, run_sampler
from comfy_core.sampling.samplers import Sampler
from comfy_core.wrappers import WrappersMP, wrapped

SMALLEST_WEIGHT = 1e-37


class CFGGuider:
    """Called by samplers as `guider(x, sigma)`; answers with the guided guess of the clean latent."""

    def __init__(self, model_patcher: ModelPatcher) -> None:
        self.model_patcher = model_patcher
        self.model_options = model_patcher.model_options
        self.cfg = 1.0
        self.original_conds: dict[str, Conditioning] = {}
        self.conds: dict[str, list[Condition]] = {}

    def set_conds(self, positive: Conditioning, negative: Conditioning) -> None:
        """The prompts to go towards and away from."""
        self.original_conds = {"positive": positive, "negative": negative}

    def set_cfg(self, cfg: float) -> None:
        """How strongly: 1 is the model's own opinion, and then the negative prompt costs nothing."""
        self.cfg = cfg

    @property
    def inner_model(self) -> DiffusionModel:
        return self.model_patcher.model  # type: ignore[return-value]

    def __call__(self, x: Tensor, sigma: Tensor, **kwargs: Any) -> Tensor:
        options = self.model_options["transformer_options"]
        return wrapped(WrappersMP.PREDICT_NOISE, self.predict_noise, options, self)(x, sigma, **kwargs)

    def predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: dict[str, Any] | None = None, seed: int | None = None
    ) -> Tensor:
        """The guided guess of the clean latent for `x` [B, C, ...] at the sigmas `timestep` [B]."""
        options = self.model_options if model_options is None else model_options
        return sampling_function(
            self.inner_model, x, timestep, self.conds["negative"], self.conds["positive"], self.cfg, options
        )

    def sample(
        self,
        noise: Tensor,
        latent_image: Tensor,
        sampler: Sampler,
        sigmas: Tensor,
        denoise_mask: Tensor | None = None,
        callback: StepCallback | None = None,
        disable_pbar: bool | None = None,
        seed: int | None = None,
    ) -> Tensor:
        """Sample with this guidance; see `run_sampler`."""
        run = wrapped(
            WrappersMP.OUTER_SAMPLE, partial(run_sampler, self), self.model_options["transformer_options"], self
        )
        return run(noise, latent_image, sampler, sigmas, denoise_mask, callback, disable_pbar, seed)

    def prepare(self, noise: Tensor, **run: Any) -> None:
        """Make the conditioning ready for latents shaped like `noise`; call it before the first prediction.

        `run` is what models may want to know of it: `latent_image`, `denoise_mask`, `seed`.
        """
        self.conds = process_conds(self.model_patcher, self.original_conds, noise, **run)


def sampling_function(
    model: DiffusionModel,
    x: Tensor,
    timestep: Tensor,
    uncond: list[Condition],
    cond: list[Condition],
    cond_scale: float,
    model_options: dict[str, Any],
) -> Tensor:
    """One guided prediction. At scale 1 the negative side is not computed, unless an option asks for it; without one
    it is taken to say what the positive side says."""
    cond_scale *= next((one.guidance_weight for one in cond), 1.0)
    if math.isclose(cond_scale, 1.0) and not model_options.get("disable_cfg1_optimization"):
        uncond = []
    predictions = predict_conditions(model, [cond, uncond] if uncond else [cond], x, timestep, model_options)
    predictions = [predictions[0], predictions[-1]]
    shared = shared_arguments(model, x, timestep, cond_scale, model_options, cond, uncond)
    for change in model_options.get("sampler_pre_cfg_function", ()):
        predictions = change({**shared, "conds": [cond, uncond], "conds_out": predictions})
    return cfg_function(predictions[0], predictions[1], shared)


def shared_arguments(
    model: DiffusionModel,
    x: Tensor,
    timestep: Tensor,
    cond_scale: float,
    model_options: dict[str, Any],
    cond: list[Condition],
    uncond: list[Condition],
) -> dict[str, Any]:
    """What functions that change the guidance are told besides the predictions; `cond` and `uncond` are what was asked
    for, in the form that `predict_conditions` takes."""
    return {
        "cond": cond,
        "uncond": uncond,
        "cond_scale": cond_scale,
        "timestep": timestep,
        "sigma": timestep,
        "input": x,
        "model": model,
        "model_options": model_options,
    }


def cfg_function(cond_pred: Tensor, uncond_pred: Tensor, shared: dict[str, Any]) -> Tensor:
    """`uncond + scale * (cond - uncond)`, or what the model's options put in its place."""
    x, scale, options = shared["input"], shared["cond_scale"], shared["model_options"]
    both = {"cond_denoised": cond_pred, "uncond_denoised": uncond_pred}
    if "sampler_cfg_function" in options:
        noise = {"cond": x - cond_pred, "uncond": x - uncond_pred}
        guided = x - options["sampler_cfg_function"](shared | both | noise)
    else:
        guided = uncond_pred + (cond_pred - uncond_pred) * scale
    return after_guidance(guided, cond_pred, uncond_pred, shared)


def after_guidance(guided: Tensor, cond_pred: Tensor, uncond_pred: Tensor, shared: dict[str, Any]) -> Tensor:
    """A guided prediction after the functions that change it."""
    for change in shared["model_options"].get("sampler_post_cfg_function", ()):
        guided = change({**shared, "denoised": guided, "cond_denoised": cond_pred, "uncond_denoised": uncond_pred})
    return guided


def predict_conditions(
    model: DiffusionModel, sides: list[list[Condition]], x: Tensor, timestep: Tensor, model_options: dict[str, Any]
) -> list[Tensor]:
    """The clean latent each side's conditions lead to: in each cell their mean, weighed by how much they count there.

    A cell where none does, and a side where none is active, is zero.
    """
    if "sampler_calc_cond_batch_function" in model_options:
        asked = {"conds": sides, "input": x, "sigma": timestep, "model": model, "model_options": model_options}
        return model_options["sampler_calc_cond_batch_function"](asked)
    ask = wrapped(WrappersMP.CALC_COND_BATCH, _predicted, model_options.get("transformer_options"))
    return ask(model, sides, x, timestep, model_options)


@recalled
def _predicted(
    model: DiffusionModel, sides: list[list[Condition]], x: Tensor, timestep: Tensor, model_options: dict[str, Any]
) -> list[Tensor]:
    sigma = float(timestep[0])
    totals = [torch.zeros_like(x) for _ in sides]
    weights = [torch.full_like(x, SMALLEST_WEIGHT) for _ in sides]
    for batch in batches(tasks_for(sides, x, sigma), x, model):
        for task, output in zip(batch, predict_in_memory(model, batch, x, timestep, model_options), strict=True):
            task.condition.crop(totals[task.side]).add_(output * task.weight)
            task.condition.crop(weights[task.side]).add_(task.weight)
    return [total / weight for total, weight in zip(totals, weights, strict=True)]


def tasks_for(sides: list[list[Condition]], x: Tensor, sigma: float) -> list[Task]:
    """What to ask at this noise level: every active condition, and a side's defaults for the cells these leave."""
    tasks = []
    for side, conditions in enumerate(sides):
        active = [one for one in conditions if one.active(sigma)]
        asked = [Task(side, one, one.strength * one.weight_for(x)) for one in active if not one.default]
        defaults = [one for one in active if one.default]
        left = _left_by(asked, x) if defaults else x
        tasks += asked + [Task(side, one, one.crop(left)) for one in defaults if one.crop(left).any()]
    return tasks


def _left_by(tasks: list[Task], x: Tensor) -> Tensor:
    """How much of each cell these tasks leave to others, 0..1, in the shape of `x`."""
    left = torch.ones_like(x)
    for task in tasks:
        task.condition.crop(left).sub_(task.weight)
    return left.clamp(min=0)
