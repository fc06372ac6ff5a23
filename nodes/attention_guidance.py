"""Nodes that guide a model by changing what it attends to, or which of its blocks take part."""

from __future__ import annotations

import re
from typing import Annotated

from comfy_core import progress
from comfy_core.guidance import perturbed
from comfy_core.guidance.normalised_attention import normalised_attention
from comfy_core.guidance.self_attention import MIDDLE, SelfAttentionGuidance
from comfy_core.networks.unet import UNet
from comfy_core.patcher import ModelPatcher
from comfy_core.unet_patches.network import unet_of
from nodes.guidance import END, START, after, levels_of, share
from nodes.schema import Float, String, node
from nodes.types import Model

Layers = Annotated[str, String(default="7, 8, 9", advanced=True, tooltip="Numbers of blocks that are left out.")]


def amount(default: float, most: float, step: float = 0.01, round: float | None = None) -> Float:
    return Float(
        default=default, min=0.0, max=most, step=step, round=round, tooltip="How strong the guidance is; 0 is none."
    )


@node("PerturbedAttentionGuidance", category="model/patch/unet", python_module="comfy_extras.nodes_pag")
def perturbed_attention_guidance(model: Model, scale: Annotated[float, amount(3.0, 100.0, round=0.01)]) -> Model:
    """Lead away from what the model makes of the prompt when the U-Net's middle does not look around (PAG): better
    structure, for a third evaluation a step. For U-Nets."""
    unet_of(model, "PerturbedAttentionGuidance")
    return after(model, perturbed.perturbed_guidance(perturbed.MIDDLE, scale))


@node(
    "SelfAttentionGuidance",
    title="Self-Attention Guidance",
    category="experimental",
    experimental=True,
    python_module="comfy_extras.nodes_sag",
)
def self_attention_guidance(
    model: Model,
    scale: Annotated[
        float, Float(default=0.5, min=-2.0, max=5.0, step=0.01, tooltip="How strong the guidance is; 0 is none.")
    ],
    blur_sigma: Annotated[
        float, Float(default=2.0, min=0.0, max=10.0, step=0.1, advanced=True, tooltip="How much is blurred.")
    ],
) -> Model:
    """Lead away from what the model makes of a picture whose salient places are blurred (SAG): more detail, for a third
    evaluation a step. For U-Nets."""
    unet_of(model, "SelfAttentionGuidance")
    if scale == 0:
        return model
    guidance = SelfAttentionGuidance(scale, blur_sigma)
    model = model.clone()
    kind, block = MIDDLE
    model.set_model_patch_replace(guidance.attend, kind, *block)
    model.set_model_sampler_post_cfg_function(guidance.guide, disable_cfg1_optimization=True)
    return model


@node(
    "NAGuidance",
    title="Normalized Attention Guidance",
    category="advanced/guidance",
    experimental=True,
    python_module="comfy_extras.nodes_nag",
)
def na_guidance(
    model: Model,
    nag_scale: Annotated[
        float,
        Float(default=5.0, min=0.0, max=50.0, step=0.1, tooltip="How far away from the negative prompt; 1 is not."),
    ],
    nag_alpha: Annotated[
        float, Float(default=0.5, min=0.0, max=1.0, step=0.01, tooltip="How much of the result counts; 0 is none.")
    ],
    nag_tau: Annotated[
        float, Float(default=1.5, min=1.0, max=10.0, step=0.01, tooltip="How much longer attention's output may grow.")
    ],
) -> Model:
    """Negative prompts for models that work without guidance, at a scale of 1: inside the attention to the prompt."""
    model = model.clone()
    patch = normalised_attention(nag_scale, nag_alpha, nag_tau)
    if isinstance(model.model.diffusion_model, UNet):
        model.set_model_attn2_output_patch(patch)
    else:
        model.set_model_attn1_output_patch(patch)
    model.disable_model_cfg1_optimization()
    return model


@node(
    "SkipLayerGuidanceSD3",
    category="advanced/guidance",
    experimental=True,
    python_module="comfy_extras.nodes_sd3",
)
def skip_layer_guidance_sd3(
    model: Model,
    layers: Layers,
    scale: Annotated[float, amount(3.0, 10.0, 0.1)],
    start_percent: Annotated[float, share(0.01, START)],
    end_percent: Annotated[float, share(0.15, END)],
) -> Model:
    """Lead away from what a diffusion transformer makes of the prompt without some of its blocks: better anatomy."""
    return _skipping(model, layers, "", scale, start_percent, end_percent)


@node(
    "SkipLayerGuidanceDiT",
    category="advanced/guidance",
    experimental=True,
    python_module="comfy_extras.nodes_slg",
)
def skip_layer_guidance_dit(
    model: Model,
    double_layers: Layers,
    single_layers: Layers,
    scale: Annotated[float, amount(3.0, 10.0, 0.1)],
    start_percent: Annotated[float, share(0.01, START)],
    end_percent: Annotated[float, share(0.15, END)],
    rescaling_scale: Annotated[
        float, Float(default=0.0, min=0.0, max=10.0, step=0.01, tooltip="How much of the spread is given back.")
    ],
) -> Model:
    """Lead away from what a diffusion transformer makes of the prompt without some of its blocks: more structure."""
    return _skipping(model, double_layers, single_layers, scale, start_percent, end_percent, rescaling_scale)


@node(
    "SkipLayerGuidanceDiTSimple",
    category="advanced/guidance",
    experimental=True,
    python_module="comfy_extras.nodes_slg",
)
def skip_layer_guidance_dit_simple(
    model: Model,
    double_layers: Layers,
    single_layers: Layers,
    start_percent: Annotated[float, share(0.0, START)],
    end_percent: Annotated[float, share(1.0, END)],
) -> Model:
    """Leave out some blocks of a diffusion transformer on the negative side alone, which costs nothing."""
    blocks = _blocks(model, double_layers, single_layers)
    if blocks:
        model = model.clone()
        levels = levels_of(model, start_percent, end_percent)
        model.set_model_sampler_calc_cond_batch_function(perturbed.perturbed_negative(blocks, *levels))
    return model


def _skipping(
    model: ModelPatcher, double: str, single: str, scale: float, start: float, end: float, rescaling: float = 0.0
) -> ModelPatcher:
    blocks = _blocks(model, double, single)
    if not blocks:
        return model
    return after(model, perturbed.perturbed_guidance(blocks, scale, *levels_of(model, start, end), rescaling))


def _blocks(model: ModelPatcher, double: str, single: str) -> perturbed.Replacements:
    """The blocks to leave out; none, with a warning, where the model has no such blocks."""
    if isinstance(model.model.diffusion_model, UNet):
        progress.warn(
            "skip-layer guidance is for diffusion transformers (Stable Diffusion 3, Flux …) and this model is a U-Net: "
            "nothing is left out. PerturbedAttentionGuidance does the like for U-Nets."
        )
        return {}
    return perturbed.skipped(*([int(one) for one in re.findall(r"\d+", layers)] for layers in (double, single)))
