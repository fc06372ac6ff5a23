"""Guidance: one guess of the clean latent from what the model says with and without the prompt.

Ho & Salimans 2022, "Classifier-Free Diffusion Guidance", https://arxiv.org/abs/2207.12598.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from comfy_core.model import DiffusionModel
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.resume import recalled

Conditioning = list[list[Any]]
"""CONDITIONING as nodes hand it on: a list of `[tensor [1, N, width], dict]`."""
LONGEST_REPEAT = 4


@dataclass(frozen=True)
class Condition:
    """One entry of a conditioning, ready for a model: its tensors [1, ...], and between which sigmas it counts."""

    inputs: dict[str, Tensor]
    strength: float = 1.0
    sigma_start: float = math.inf
    sigma_end: float = 0.0

    def active(self, sigma: float) -> bool:
        return self.sigma_end <= sigma <= self.sigma_start


class CFGGuider:
    """Called by samplers as `guider(x, sigma)`; answers with the guided guess of the clean latent."""

    def __init__(self, model_patcher: ModelPatcher) -> None:
        self.model_patcher = model_patcher
        self.model_options = model_patcher.model_options
        self.cfg = 1.0
        self.conds: dict[str, list[Condition]] = {"positive": [], "negative": []}

    def set_conds(self, positive: Conditioning, negative: Conditioning) -> None:
        """The prompts to go towards and away from."""
        self.conds = {"positive": self.convert_cond(positive), "negative": self.convert_cond(negative)}

    def set_cfg(self, cfg: float) -> None:
        """How strongly: 1 is the model's own opinion, and then the negative prompt costs nothing."""
        self.cfg = cfg

    @property
    def inner_model(self) -> DiffusionModel:
        return self.model_patcher.model  # type: ignore[return-value]

    def __call__(self, x: Tensor, sigma: Tensor, **kwargs: Any) -> Tensor:
        return self.predict_noise(x, sigma, **kwargs)

    def predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: dict[str, Any] | None = None, seed: int | None = None
    ) -> Tensor:
        """The guided guess of the clean latent for `x` [B, C, ...] at the sigmas `timestep` [B]."""
        options = self.model_options if model_options is None else model_options
        return sampling_function(
            self.inner_model, x, timestep, self.conds["negative"], self.conds["positive"], self.cfg, options
        )

    def convert_cond(self, conditioning: Conditioning) -> list[Condition]:
        """Nodes' conditioning entries as the model takes them, on its device."""
        sampling = self.model_patcher.get_model_object("model_sampling")
        device = self.model_patcher.load_device
        converted = []
        for tensor, extra in conditioning:
            inputs = self.inner_model.extra_conds(cross_attn=tensor, **extra)
            start, end = extra.get("start_percent", 0.0), extra.get("end_percent", 1.0)
            converted.append(
                Condition(
                    inputs={name: value.to(device) for name, value in inputs.items()},
                    strength=extra.get("strength", 1.0),
                    sigma_start=sampling.percent_to_sigma(start),
                    sigma_end=sampling.percent_to_sigma(end),
                )
            )
        return converted


def sampling_function(
    model: DiffusionModel,
    x: Tensor,
    timestep: Tensor,
    uncond: list[Condition],
    cond: list[Condition],
    cond_scale: float,
    model_options: dict[str, Any],
) -> Tensor:
    """One guided prediction. At scale 1 the negative side is not computed, unless an option asks for it."""
    if math.isclose(cond_scale, 1.0) and not model_options.get("disable_cfg1_optimization"):
        uncond = []
    predictions = predict_conditions(model, [cond, uncond], x, timestep, model_options)
    shared = {
        "cond_scale": cond_scale,
        "timestep": timestep,
        "sigma": timestep,
        "input": x,
        "model": model,
        "model_options": model_options,
    }
    for change in model_options.get("sampler_pre_cfg_function", ()):
        predictions = change({"conds": [cond, uncond], "conds_out": predictions, **shared})
    return cfg_function(predictions[0], predictions[1], shared)


def cfg_function(cond_pred: Tensor, uncond_pred: Tensor, shared: dict[str, Any]) -> Tensor:
    """`uncond + scale * (cond - uncond)`, or what the model's options put in its place."""
    x, scale, options = shared["input"], shared["cond_scale"], shared["model_options"]
    both = {"cond_denoised": cond_pred, "uncond_denoised": uncond_pred}
    if "sampler_cfg_function" in options:
        noise = {"cond": x - cond_pred, "uncond": x - uncond_pred}
        guided = x - options["sampler_cfg_function"](shared | both | noise)
    else:
        guided = uncond_pred + (cond_pred - uncond_pred) * scale
    for change in options.get("sampler_post_cfg_function", ()):
        guided = change(shared | both | {"denoised": guided, "cond": cond_pred, "uncond": uncond_pred})
    return guided


@recalled
def predict_conditions(
    model: DiffusionModel, sides: list[list[Condition]], x: Tensor, timestep: Tensor, model_options: dict[str, Any]
) -> list[Tensor]:
    """The clean latent each side's conditions lead to, several conditions of a side averaged by their strength.

    All conditions that fit together go through the network as one batch. A side where none is active is all zeros.
    """
    sigma = float(timestep[0])
    work = [(side, one) for side, conds in enumerate(sides) for one in conds if one.active(sigma)]
    totals = [torch.zeros_like(x) for _ in sides]
    weights = [0.0 for _ in sides]
    for batch in _batches(work):
        outputs = _run(model, batch, x, timestep, model_options).chunk(len(batch))
        for (side, one), output in zip(batch, outputs, strict=True):
            totals[side] += output * one.strength
            weights[side] += one.strength
    return [total / weight if weight else total for total, weight in zip(totals, weights, strict=True)]


Work = list[tuple[int, Condition]]


def _batches(work: Work) -> list[Work]:
    """Conditions grouped so that each group's tensors can be one batch."""
    batches: list[Work] = []
    for item in work:
        fitting = next((batch for batch in batches if all(_fits(one, item[1]) for _, one in batch)), None)
        if fitting is None:
            batches.append([item])
        else:
            fitting.append(item)
    return batches


def _fits(a: Condition, b: Condition) -> bool:
    if a.inputs.keys() != b.inputs.keys():
        return False
    return all(_joinable(name, a.inputs[name], b.inputs[name]) for name in a.inputs)


def _joinable(name: str, a: Tensor, b: Tensor) -> bool:
    if name != "c_crossattn":
        return a.shape[1:] == b.shape[1:]
    lengths = a.shape[1], b.shape[1]
    return a.shape[2:] == b.shape[2:] and math.lcm(*lengths) <= LONGEST_REPEAT * min(lengths)


def _run(model: DiffusionModel, batch: Work, x: Tensor, timestep: Tensor, model_options: dict[str, Any]) -> Tensor:
    conditions = [one for _, one in batch]
    inputs = {
        name: torch.cat(_even([_repeated(one.inputs[name], len(x)) for one in conditions], name))
        for name in conditions[0].inputs
    }
    sides = [side for side, _ in batch]
    options = dict(model_options.get("transformer_options", {}))
    options |= {"cond_or_uncond": sides, "sigmas": timestep}
    many_x = x.repeat(len(batch), *(1,) * (x.ndim - 1))
    many_t = timestep.repeat(len(batch))
    inputs_and_options: dict[str, Any] = {**inputs, "transformer_options": options}
    wrapper = model_options.get("model_function_wrapper")
    if wrapper is None:
        return model.apply_model(many_x, many_t, **inputs_and_options)
    return wrapper(
        model.apply_model, {"input": many_x, "timestep": many_t, "c": inputs_and_options, "cond_or_uncond": sides}
    )


def _repeated(tensor: Tensor, count: int) -> Tensor:
    """A condition's tensor [b, ...] repeated to a batch of `count`."""
    times = math.ceil(count / tensor.shape[0])
    return tensor.repeat(times, *(1,) * (tensor.ndim - 1))[:count]


def _even(tensors: list[Tensor], name: str) -> list[Tensor]:
    """Texts of different lengths repeated to one length: attention over repeated tokens is attention over them once."""
    if name != "c_crossattn":
        return tensors
    length = math.lcm(*(one.shape[1] for one in tensors))
    return [one.repeat(1, length // one.shape[1], 1) for one in tensors]
