"""Perp-Neg: of the negative prompt only what is perpendicular to the positive one is subtracted, so that it takes
nothing away from what was asked for.

Armandpour et al. 2023, "Re-imagine the Negative Prompt Algorithm", https://arxiv.org/abs/2304.04968, equation 9.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from comfy_core.conditioning import Conditioning
from comfy_core.guidance.projections import Args, along
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.conditions import process_conds
from comfy_core.sampling.guidance import CFGGuider, after_guidance, predict_conditions, shared_arguments


def perpendicular(positive: Tensor, negative: Tensor, empty: Tensor, scale: float, negative_scale: float) -> Tensor:
    """The guided guess from those that the prompts and the empty prompt lead to."""
    towards, away = positive - empty, negative - empty
    return empty + scale * (towards - negative_scale * (away - along(away, towards)))


class PerpNegGuider(CFGGuider):
    """A positive, a negative and an empty prompt: three evaluations a step."""

    def __init__(self, model_patcher: ModelPatcher) -> None:
        super().__init__(model_patcher)
        self.negative_scale = 1.0

    def set_conds(self, positive: Conditioning, negative: Conditioning, empty: Conditioning) -> None:  # type: ignore[override]
        empty = [[tensor, {**extra, "prompt_type": "negative"}] for tensor, extra in empty]
        self.original_conds = {"positive": positive, "empty_negative_prompt": empty, "negative": negative}

    def set_cfg(self, cfg: float, neg_scale: float = 1.0) -> None:
        """The scale of the guidance, and how much of it the negative prompt's part counts."""
        self.cfg, self.negative_scale = cfg, neg_scale

    def predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: dict[str, Any] | None = None, seed: int | None = None
    ) -> Tensor:
        options = self.model_options if model_options is None else model_options
        sides = [self.conds[side] for side in ("positive", "negative", "empty_negative_prompt")]
        positive, negative, empty = predict_conditions(self.inner_model, sides, x, timestep, options)
        guided = perpendicular(positive, negative, empty, self.cfg, self.negative_scale)
        shared = shared_arguments(self.inner_model, x, timestep, self.cfg, options, *sides[:2])
        return after_guidance(guided, positive, negative, shared)


def perpendicular_guidance(model: ModelPatcher, empty: Conditioning, negative_scale: float) -> Any:
    """A function for `set_model_sampler_cfg_function`; the empty prompt is asked about in a run of its own."""

    def guided(args: Args) -> Tensor:
        x = args["input"]
        (conditions,) = process_conds(model, {"negative": empty}, x).values()
        (nothing,) = predict_conditions(args["model"], [conditions], x, args["sigma"], args["model_options"])
        sides = args["cond_denoised"], args["uncond_denoised"]
        return x - perpendicular(*sides, nothing, args["cond_scale"], negative_scale)

    return guided
