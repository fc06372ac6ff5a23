"""Nodes that say what a model predicts, at which noise levels it was trained, and how its guidance is tamed."""

from __future__ import annotations

import math
from typing import Annotated, Any

from comfy_core.families.playground import LATENTS as PLAYGROUND_LATENTS
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling import noise_levels as levels
from comfy_core.sampling import prediction as predict
from comfy_core.sampling.inpaint import gradual_mask
from comfy_core.sampling.rescale import rescaled_guidance
from nodes.schema import Boolean, Combo, Float, Int, node
from nodes.types import MAX_RESOLUTION, Model

MODULE = "comfy_extras.nodes_model_advanced"
DISCRETE: dict[str, type[predict.Epsilon] | type[predict.Flow]] = {
    "eps": predict.Epsilon,
    "v_prediction": predict.Velocity,
    "lcm": predict.Consistency,
    "x0": predict.Sample,
    "img_to_img": predict.ImageToImage,
    "img_to_img_flow": predict.ImageToImageFlow,
}
PLAYGROUND = "edm_playground_v2.5"
CONTINUOUS: dict[str, type[predict.Epsilon]] = {
    "v_prediction": predict.Velocity,
    "edm": predict.EDM,
    PLAYGROUND: predict.EDM,
    "eps": predict.Epsilon,
    "cosmos_rflow": predict.ExplodingFlow,
}
FEWEST, MOST = 256, 4096
"""Patches of Flux's smallest and largest pictures."""


def level(default: float, tooltip: str) -> Float:
    return Float(default=default, min=0.0, max=1000.0, step=0.001, round=False, advanced=True, tooltip=tooltip)


def shift(default: float) -> Float:
    return Float(
        default=default, min=0.0, max=100.0, step=0.01, tooltip="Above 1 more steps are spent on high noise: on layout."
    )


@node("ModelSamplingDiscrete", title="ModelSamplingDiscrete", category="model/patch", python_module=MODULE)
def model_sampling_discrete(
    model: Model,
    sampling: Annotated[str, Combo(tuple(DISCRETE), tooltip="What the model predicts; `lcm` for consistency models.")],
    zsnr: Annotated[
        bool, Boolean(default=False, advanced=True, tooltip="Its noise levels were stretched to end in pure noise.")
    ],
) -> Model:
    """Say what a model with whole timesteps predicts, where its file does not."""
    kind = DISCRETE[sampling]
    if issubclass(kind, predict.Flow):
        return with_sampling(model, predict.model_sampling(kind, levels.FlowSchedule))
    schedule = levels.DistilledSchedule if sampling == "lcm" else levels.DiscreteSchedule
    betas = getattr(model.model.model_sampling, "betas", None)
    return with_sampling(model, predict.model_sampling(kind, schedule, betas, zsnr=zsnr))


@node("ModelSamplingContinuousEDM", title="ModelSamplingContinuousEDM", category="model/patch", python_module=MODULE)
def model_sampling_continuous_edm(
    model: Model,
    sampling: Annotated[str, Combo(tuple(CONTINUOUS), tooltip="What the model predicts.")],
    sigma_max: Annotated[float, level(120.0, "The highest noise level it was trained at.")],
    sigma_min: Annotated[float, level(0.002, "The lowest noise level it was trained at.")],
) -> Model:
    """Say what a model predicts that was trained at any noise level."""
    schedule = levels.FlowRatioSchedule if sampling == "cosmos_rflow" else levels.EDMSchedule
    made = predict.model_sampling(CONTINUOUS[sampling], schedule, *checked(sigma_min, sigma_max))
    patched = with_sampling(model, made)
    if sampling == PLAYGROUND:
        patched.add_object_patch("latent_format", PLAYGROUND_LATENTS)
    return patched


@node("ModelSamplingContinuousV", title="ModelSamplingContinuousV", category="model/patch", python_module=MODULE)
def model_sampling_continuous_v(
    model: Model,
    sampling: Annotated[str, Combo(("v_prediction",), tooltip="What the model predicts.")],
    sigma_max: Annotated[float, level(500.0, "The highest noise level it was trained at.")],
    sigma_min: Annotated[float, level(0.03, "The lowest noise level it was trained at.")],
) -> Model:
    """Say that a model predicts velocity, its time being an angle."""
    made = predict.model_sampling(predict.Velocity, levels.TangentSchedule, *checked(sigma_min, sigma_max))
    return with_sampling(model, made)


@node("ModelSamplingSD3", title="ModelSamplingSD3", category="model/patch/stable diffusion", python_module=MODULE)
def model_sampling_sd3(model: Model, shift: Annotated[float, shift(3.0)]) -> Model:
    """Shift a flow model's noise levels, its time running to 1000."""
    return with_sampling(model, flow(shift))


@node("ModelSamplingAuraFlow", title="ModelSamplingAuraFlow", category="model/patch", python_module=MODULE)
def model_sampling_aura_flow(model: Model, shift: Annotated[float, shift(1.73)]) -> Model:
    """Shift a flow model's noise levels, its time running to 1."""
    return with_sampling(model, flow(shift, multiplier=1.0))


@node("ModelSamplingFlux", title="ModelSamplingFlux", category="model/patch/flux", python_module=MODULE)
def model_sampling_flux(
    model: Model,
    max_shift: Annotated[
        float, Float(default=1.15, min=0.0, max=100.0, step=0.01, advanced=True, tooltip="For 1024 x 1024 pixels.")
    ],
    base_shift: Annotated[
        float, Float(default=0.5, min=0.0, max=100.0, step=0.01, advanced=True, tooltip="For 256 x 256 pixels.")
    ],
    width: Annotated[int, Int(default=1024, min=16, max=MAX_RESOLUTION, step=8, tooltip="Of the picture, in pixels.")],
    height: Annotated[int, Int(default=1024, min=16, max=MAX_RESOLUTION, step=8, tooltip="Of the picture, in pixels.")],
) -> Model:
    """Shift a flow model's noise levels as far as the picture's size asks for, as Flux does it."""
    patches = width * height / 256
    mu = base_shift + (patches - FEWEST) * (max_shift - base_shift) / (MOST - FEWEST)
    return with_sampling(model, flow(math.exp(mu), multiplier=1.0, levels=10_000))


@node("RescaleCFG", title="RescaleCFG", category="model/patch", python_module=MODULE)
def rescale_cfg(
    model: Model,
    multiplier: Annotated[
        float, Float(default=0.7, min=0.0, max=1.0, step=0.01, tooltip="How much of the rescaling counts.")
    ],
) -> Model:
    """Keep strong guidance from burning the picture: its result gets the spread of the guided prediction."""
    model = model.clone()
    model.set_model_sampler_cfg_function(rescaled_guidance(multiplier))
    return model


@node(
    "DifferentialDiffusion",
    title="Differential Diffusion",
    category="experimental",
    experimental=True,
    python_module="comfy_extras.nodes_differential_diffusion",
    search_aliases=("inpaint gradient", "variable denoise strength"),
)
def differential_diffusion(
    model: Model,
    strength: Annotated[
        float, Float(default=1.0, min=0.0, max=1.0, step=0.01, tooltip="Between the mask as it is and its thresholds.")
    ]
    | None = 1.0,
) -> Model:
    """Let a grey mask say how much changes: a place with half of it is denoised in the second half of the steps."""
    model = model.clone()
    model.set_model_denoise_mask_function(gradual_mask(1.0 if strength is None else strength))
    return model


def with_sampling(model: ModelPatcher, sampling: Any) -> ModelPatcher:
    model = model.clone()
    model.add_object_patch("model_sampling", sampling)
    return model


def flow(shift: float, **options: Any) -> Any:
    """A flow with shifted levels. Raises ValueError for a shift of 0, which leaves no noise."""
    if shift <= 0:
        raise ValueError(f"the shift is {shift}; it has to be above 0")
    return predict.model_sampling(predict.Flow, levels.FlowSchedule, shift, **options)


def checked(sigma_min: float, sigma_max: float) -> tuple[float, float]:
    """Raises ValueError for levels that span nothing."""
    if not 0 < sigma_min < sigma_max:
        raise ValueError(f"sigma_min {sigma_min} has to be above 0 and below sigma_max {sigma_max}")
    return sigma_min, sigma_max
