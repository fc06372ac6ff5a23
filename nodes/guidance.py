"""Nodes that guide a model in other ways than by classifier-free guidance alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from torch import Tensor

from comfy_core.guidance import normalised
from comfy_core.guidance.frequency import frequency_guidance
from comfy_core.guidance.perpendicular import PerpNegGuider, perpendicular_guidance
from comfy_core.guidance.positive import positive_biased_guidance
from comfy_core.guidance.projected import projected_guidance
from comfy_core.guidance.rescaled_score import scaled_epsilon, temporal_rescaling
from comfy_core.guidance.tangential import tangential_damping
from comfy_core.guidance.zero_star import zero_star_guidance
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling import ramps
from comfy_core.wrappers import WrappersMP
from nodes.schema import Boolean, Float, Int, node
from nodes.types import Cfg, Conditioning, Guider, Model, Negative, Positive

PATCHED = ("patched_model",)


def share(default: float, tooltip: str, advanced: bool = True) -> Float:
    return Float(default=default, min=0.0, max=1.0, step=0.001, advanced=advanced, tooltip=tooltip)


NegScale = Annotated[
    float,
    Float(default=1.0, min=0.0, max=100.0, step=0.01, advanced=True, tooltip="How much of the negative prompt counts."),
]
START = "Where in the run it begins, as a share."
END = "Where in the run it ends, as a share."


@node(
    "PerpNeg",
    title="Perp-Neg (DEPRECATED by Perp-Neg Guider)",
    category="experimental",
    deprecated=True,
    experimental=True,
    python_module="comfy_extras.nodes_perpneg",
)
def perp_neg(model: Model, empty_conditioning: Conditioning, neg_scale: NegScale) -> Model:
    """Subtract of the negative prompt only what takes nothing from the positive one."""
    model = model.clone()
    model.set_model_sampler_cfg_function(perpendicular_guidance(model, empty_conditioning, neg_scale))
    return model


@node(
    "PerpNegGuider",
    title="Perp-Neg Guider",
    category="experimental",
    experimental=True,
    python_module="comfy_extras.nodes_perpneg",
)
def perp_neg_guider(
    model: Model,
    positive: Positive,
    negative: Negative,
    empty_conditioning: Conditioning,
    cfg: Cfg,
    neg_scale: NegScale,
) -> Guider:
    """Subtract of the negative prompt only what takes nothing from the positive one; three evaluations a step."""
    guider = PerpNegGuider(model)
    guider.set_conds(positive, negative, empty_conditioning)
    guider.set_cfg(cfg, neg_scale)
    return guider


@node(
    "CFGNorm", category="advanced/guidance", outputs=PATCHED, experimental=True, python_module="comfy_extras.nodes_cfg"
)
def cfg_norm(
    model: Model,
    strength: Annotated[float, Float(default=1.0, min=0.0, max=100.0, step=0.01, tooltip="The result is times this.")],
    pre_cfg: Annotated[bool, Boolean(default=False, tooltip="Before other changes of the guidance, not after.")]
    | None = False,
) -> Model:
    """Hold guidance, in each place, to the length of the conditional prediction."""
    if not pre_cfg:
        return after(model, normalised.normalised_guidance(strength))
    return before(model, normalised.normalised_before(strength))


@node("CFGZeroStar", category="advanced/guidance", outputs=PATCHED, python_module="comfy_extras.nodes_cfg")
def cfg_zero_star(model: Model) -> Model:
    """Scale the negative side's prediction to fit the positive one's (CFG-Zero*): for flow models above all."""
    return after(model, zero_star_guidance)


@node(
    "TCFG",
    title="Tangential Damping CFG",
    category="advanced/guidance",
    outputs=PATCHED,
    python_module="comfy_extras.nodes_tcfg",
)
def tcfg(model: Model) -> Model:
    """Keep of the negative side's prediction what agrees with the positive one's: finer pictures."""
    return before(model, tangential_damping)


@node(
    "APG",
    title="Adaptive Projected Guidance",
    category="model/sampling/custom",
    python_module="comfy_extras.nodes_apg",
)
def apg(
    model: Model,
    eta: Annotated[
        float,
        Float(default=1.0, min=-10.0, max=10.0, step=0.01, advanced=True, tooltip="Of the part along the prediction."),
    ],
    norm_threshold: Annotated[
        float, Float(default=5.0, min=0.0, max=50.0, step=0.1, advanced=True, tooltip="The greatest length; 0 is any.")
    ],
    momentum: Annotated[
        float, Float(default=0.0, min=-5.0, max=1.0, step=0.01, advanced=True, tooltip="Of earlier steps; below 0.")
    ],
) -> Model:
    """Guide strongly without burning: what guidance adds along the prediction counts less (eta below 1)."""
    return before(model, projected_guidance(eta, norm_threshold, momentum))


@node(
    "Mahiro",
    title="Positive-Biased Guidance",
    category="experimental",
    outputs=PATCHED,
    experimental=True,
    python_module="comfy_extras.nodes_mahiro",
    search_aliases=("mahiro", "mahiro cfg", "similarity-adaptive guidance", "positive-biased cfg"),
)
def mahiro(model: Model) -> Model:
    """Let the positive prompt count more than what the negative one takes away."""
    return after(model, positive_biased_guidance)


@node("RenormCFG", category="model/patch", python_module="comfy_extras.nodes_lumina2")
def renorm_cfg(
    model: Model,
    cfg_trunc: Annotated[
        float, Float(default=100, min=0.0, max=100.0, step=0.01, advanced=True, tooltip="Guide below this noise level.")
    ],
    renorm_cfg: Annotated[
        float,
        Float(default=1.0, min=0.0, max=100.0, step=0.01, advanced=True, tooltip="The greatest length; 0 is any."),
    ],
) -> Model:
    """Hold guidance to the length of the conditional prediction, and leave it out at high noise."""
    model = model.clone()
    model.set_model_sampler_cfg_function(normalised.renormalised_guidance(cfg_trunc, renorm_cfg))
    return model


@node(
    "FreSca",
    category="experimental",
    experimental=True,
    python_module="comfy_extras.nodes_fresca",
    search_aliases=("frequency guidance",),
)
def fre_sca(
    model: Model,
    scale_low: Annotated[
        float, Float(default=1.0, min=0, max=10, step=0.01, advanced=True, tooltip="Of guidance on coarse structure.")
    ],
    scale_high: Annotated[
        float, Float(default=1.25, min=0, max=10, step=0.01, advanced=True, tooltip="Of guidance on detail.")
    ],
    freq_cutoff: Annotated[
        int, Int(default=20, min=1, max=10000, step=1, advanced=True, tooltip="Waves over the latent that are coarse.")
    ],
) -> Model:
    """Scale guidance on detail and on coarse structure apart."""
    return before(model, frequency_guidance(scale_low, scale_high, freq_cutoff))


@node("Epsilon Scaling", category="model/patch/unet", python_module="comfy_extras.nodes_eps")
def epsilon_scaling(
    model: Model,
    scaling_factor: Annotated[
        float,
        Float(
            default=1.005, min=0.5, max=1.5, step=0.001, advanced=True, display="number", tooltip="1 changes nothing."
        ),
    ],
) -> Model:
    """Divide the predicted noise by a little more than 1, against the bias that builds up while sampling."""
    return after(model, scaled_epsilon(scaling_factor))


def temperature(default: float, tooltip: str) -> Float:
    return Float(default=default, min=0.01, max=100.0, step=0.001, advanced=True, display="number", tooltip=tooltip)


@node(
    "TemporalScoreRescaling",
    title="TSR - Temporal Score Rescaling",
    category="model/patch/unet",
    outputs=PATCHED,
    python_module="comfy_extras.nodes_eps",
)
def temporal_score_rescaling(
    model: Model,
    tsr_k: Annotated[float, temperature(0.95, "Below 1 more detail.")],
    tsr_sigma: Annotated[float, temperature(1.0, "How early in the run.")],
) -> Model:
    """Make results more diverse or more alike, as a temperature does."""
    return after(model, temporal_rescaling(tsr_k, tsr_sigma))


@node(
    "CFGOverride",
    title="CFG Override",
    category="model/sampling/guiders",
    python_module="comfy_extras.nodes_custom_sampler",
)
def cfg_override(
    model: Model,
    cfg: Annotated[
        float, Float(default=1.0, min=0.0, max=100.0, step=0.1, round=0.01, tooltip="The scale in this stretch.")
    ],
    start_percent: Annotated[float, share(0.0, START, advanced=False)],
    end_percent: Annotated[float, share(1.0, END, advanced=False)],
) -> Model:
    """Guide with another scale for a stretch of the run, whatever the sampler's node says."""
    model = model.clone()
    override = ramps.overridden_scale(cfg, *levels_of(model, start_percent, end_percent))
    model.add_wrapper(WrappersMP.PREDICT_NOISE, override)
    return model


MinCfg = Annotated[
    float,
    Float(default=1.0, min=0.0, max=100.0, step=0.5, round=0.01, advanced=True, tooltip="The scale where it is least."),
]
VIDEO = "comfy_extras.nodes_video_model"


@node(
    "VideoLinearCFGGuidance", title="Video Linear CFG Guidance", category="model/sampling/guiders", python_module=VIDEO
)
def video_linear_cfg_guidance(model: Model, min_cfg: MinCfg) -> Model:
    """Guide the first picture of a batch with a low scale, the last with the sampler's."""
    model = model.clone()
    model.set_model_sampler_cfg_function(ramps.linear_ramp(min_cfg))
    return model


@node(
    "VideoTriangleCFGGuidance",
    title="Video Triangle CFG Guidance",
    category="model/sampling/guiders",
    python_module=VIDEO,
)
def video_triangle_cfg_guidance(model: Model, min_cfg: MinCfg) -> Model:
    """Guide the first and last picture of a batch with a low scale, the one in the middle with the sampler's."""
    model = model.clone()
    model.set_model_sampler_cfg_function(ramps.triangle_ramp(min_cfg))
    return model


def after(model: ModelPatcher, change: Callable[..., Tensor]) -> ModelPatcher:
    """A clone whose guided predictions are changed."""
    model = model.clone()
    model.set_model_sampler_post_cfg_function(change)
    return model


def before(model: ModelPatcher, change: Callable[..., list[Tensor]]) -> ModelPatcher:
    """A clone whose predictions are changed before guidance mixes them."""
    model = model.clone()
    model.set_model_sampler_pre_cfg_function(change)
    return model


def levels_of(model: ModelPatcher, start_percent: float, end_percent: float) -> tuple[float, float]:
    """The noise levels at which a stretch of the run begins and ends."""
    sampling = model.get_model_object("model_sampling")
    return sampling.percent_to_sigma(start_percent), sampling.percent_to_sigma(end_percent)
