"""Guidance whose result is held to the length of the conditional prediction."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from comfy_core.guidance.projections import Args, norm

SMALLEST = 1e-8


def normalised(guided: Tensor, cond: Tensor) -> Tensor:
    """`guided` [B, C, ...], in each place no longer than `cond` is there."""
    length, most = guided.norm(dim=1, keepdim=True), cond.norm(dim=1, keepdim=True)
    return guided * (most / (length + SMALLEST)).clamp(max=1)


def normalised_guidance(strength: float) -> Callable[[Args], Tensor]:
    """A function for `set_model_sampler_post_cfg_function`: the result, normalised in each place, times `strength`."""
    return lambda args: normalised(args["denoised"], args["cond_denoised"]) * strength


def normalised_before(strength: float) -> Callable[[Args], list[Tensor]]:
    """A function for `set_model_sampler_pre_cfg_function` that normalises what the CFG formula will give, so that
    functions after it still find two predictions to mix."""

    def change(args: Args) -> list[Tensor]:
        cond, uncond, *others = args["conds_out"]
        scale = args["cond_scale"]
        if not scale:
            return args["conds_out"]
        guided = normalised(uncond + scale * (cond - uncond), cond) * strength
        return [uncond + (guided - uncond) / scale, uncond, *others]

    return change


def renormalised_guidance(cfg_trunc: float, renorm_cfg: float) -> Callable[[Args], Tensor]:
    """A function for `set_model_sampler_cfg_function`: guidance at noise levels below `cfg_trunc` alone, its result no
    longer than `renorm_cfg` times the conditional prediction; 0 sets no bound. Lumina-Image 2.0's (Qin et al. 2025,
    https://arxiv.org/abs/2503.21758), with the length taken over the picture."""

    def guided(args: Args) -> Tensor:
        x, cond, uncond = args["input"], args["cond_denoised"], args["uncond_denoised"]
        if float(args["sigma"][0]) >= cfg_trunc:
            return x - cond
        result = uncond + args["cond_scale"] * (cond - uncond)
        if renorm_cfg > 0:
            result = result * (norm(cond) * renorm_cfg / norm(result)).clamp(max=1)
        return x - result

    return guided
