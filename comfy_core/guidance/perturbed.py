"""Guidance away from what the model makes of the prompt when a part of it is put out of action.

    guided + scale * (cond - cond with that part out)

Perturbed attention: in the middle of the U-Net each place attends to itself alone (Ahn et al. 2024, "Self-Rectifying
Diffusion Sampling with Perturbed-Attention Guidance", https://arxiv.org/abs/2403.17377, equation 15). Skipped layers:
some blocks of a transformer pass on what they get (Stability AI 2024, with Stable Diffusion 3.5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import Tensor

from comfy_core.guidance.projections import Args, spread
from comfy_core.sampling.guidance import predict_conditions

Block = tuple[Any, ...]
Replacements = Mapping[tuple[str, Block], Callable[..., Any]]
"""What to put in which place: by kind (`attn1`, `dit`) and block."""

MIDDLE: Replacements = {("attn1", ("middle", 0)): lambda q, k, v, options: v}
"""Self-attention of the U-Net's middle whose map is the identity."""


def skipped(double_layers: Iterable[int], single_layers: Iterable[int]) -> Replacements:
    """Blocks of a diffusion transformer that do nothing: those for picture and text, and those for both joined."""
    double = {("dit", ("double_block", layer)): _passed for layer in double_layers}
    return double | {("dit", ("single_block", layer)): _passed for layer in single_layers}


def perturbed_guidance(
    replacements: Replacements,
    scale: float,
    first: float = float("inf"),
    last: float = 0.0,
    rescaling: float = 0.0,
) -> Callable[[Args], Tensor]:
    """A function for `set_model_sampler_post_cfg_function`, at noise levels from `first` down to `last`. With
    `rescaling` 0..1 the result gets back that much of the conditional prediction's spread."""

    def change(args: Args) -> Tensor:
        guided, cond = args["denoised"], args["cond_denoised"]
        if not scale or not last <= float(args["sigma"][0]) <= first:
            return guided
        options = with_replacements(args["model_options"], replacements)
        (without,) = predict_conditions(args["model"], [args["cond"]], args["input"], args["sigma"], options)
        guided = guided + scale * (cond - without)
        if not rescaling:
            return guided
        return guided * (rescaling * spread(cond) / spread(guided) + 1 - rescaling)

    return change


def perturbed_negative(replacements: Replacements, first: float, last: float) -> Callable[[Args], list[Tensor]]:
    """A function for `set_model_sampler_calc_cond_batch_function`: the negative side is asked of the model with the
    replacements, at noise levels from `first` down to `last`, which costs nothing more."""

    def ask(args: Args) -> list[Tensor]:
        options = {
            name: one for name, one in args["model_options"].items() if name != "sampler_calc_cond_batch_function"
        }
        sides, about = args["conds"], (args["input"], args["sigma"])
        if len(sides) == 1 or not last <= float(args["sigma"][0]) <= first:
            return predict_conditions(args["model"], sides, *about, options)
        changed = with_replacements(options, replacements)
        (positive,) = predict_conditions(args["model"], sides[:1], *about, options)
        return [positive, *predict_conditions(args["model"], sides[1:], *about, changed)]

    return ask


def with_replacements(model_options: dict[str, Any], replacements: Replacements) -> dict[str, Any]:
    """A model's options with further functions in place of blocks."""
    transformer = dict(model_options.get("transformer_options", {}))
    replaced = {kind: dict(given) for kind, given in transformer.get("patches_replace", {}).items()}
    for (kind, block), function in replacements.items():
        replaced.setdefault(kind, {})[block] = function
    return {**model_options, "transformer_options": {**transformer, "patches_replace": replaced}}


def _passed(args: Any, extra: Any) -> Any:
    return args
