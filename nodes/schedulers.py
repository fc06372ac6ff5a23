"""Nodes that say which noise levels a run visits."""

from __future__ import annotations

from typing import Annotated

from comfy_core.sampling import curves
from comfy_core.sampling.gits import gits_sigmas
from comfy_core.sampling.schedulers import beta as beta_schedule
from comfy_core.sampling.schedulers import sigmas_for, turbo
from nodes.schema import Combo, Float, Int, node
from nodes.types import Denoise, Model, SchedulerName, Sigmas, Steps

CATEGORY = "model/sampling/schedulers"
MODULE = "comfy_extras.nodes_custom_sampler"


def level(default: float, tooltip: str, max: float = 5000.0, step: float = 0.01, min: float = 0.0) -> Float:
    """A number that is not rounded to its steps."""
    return Float(default=default, min=min, max=max, step=step, round=False, tooltip=tooltip, advanced=True)


SigmaMax = Annotated[float, level(14.614642, "The noise level it begins at.")]
SigmaMin = Annotated[float, level(0.0291675, "The last noise level before 0.")]
TableSteps = Annotated[int, Int(default=10, min=1, max=10_000, tooltip="More steps are slower and finer.")]


@node("BasicScheduler", category=CATEGORY, python_module=MODULE)
def basic_scheduler(model: Model, scheduler: SchedulerName, steps: Steps, denoise: Denoise) -> Sigmas:
    """The noise levels that KSampler would visit with this scheduler."""
    return sigmas_for(model.get_model_object("model_sampling"), scheduler, steps, denoise)


@node("KarrasScheduler", category=CATEGORY, python_module=MODULE)
def karras_scheduler(
    steps: Steps,
    sigma_max: SigmaMax,
    sigma_min: SigmaMin,
    rho: Annotated[float, level(7.0, "How much shorter steps get towards low noise; 1 is even.", max=100.0)],
) -> Sigmas:
    """Steps that get shorter towards low noise, after Karras et al. 2022."""
    return curves.karras_sigmas(steps, sigma_min, sigma_max, rho)


@node("ExponentialScheduler", category=CATEGORY, python_module=MODULE)
def exponential_scheduler(steps: Steps, sigma_max: SigmaMax, sigma_min: SigmaMin) -> Sigmas:
    """Every step takes the noise down by the same factor."""
    return curves.exponential_sigmas(steps, sigma_min, sigma_max)


@node("PolyexponentialScheduler", category=CATEGORY, python_module=MODULE)
def polyexponential_scheduler(
    steps: Steps,
    sigma_max: SigmaMax,
    sigma_min: SigmaMin,
    rho: Annotated[float, level(1.0, "1 is exponential; more goes down sooner.", max=100.0)],
) -> Sigmas:
    """As exponential, with more or fewer steps at low noise."""
    return curves.polyexponential_sigmas(steps, sigma_min, sigma_max, rho)


@node("LaplaceScheduler", category=CATEGORY, python_module=MODULE)
def laplace_scheduler(
    steps: Steps,
    sigma_max: SigmaMax,
    sigma_min: SigmaMin,
    mu: Annotated[float, level(0.0, "The logarithm of the level with most steps around it.", 10.0, 0.1, -10.0)],
    beta: Annotated[float, level(0.5, "How far from there steps are spread.", 10.0, 0.1)],
) -> Sigmas:
    """Most steps around one noise level, after Hang et al. 2024."""
    return curves.laplace_sigmas(steps, sigma_min, sigma_max, mu, beta)


@node("VPScheduler", category=CATEGORY, python_module=MODULE)
def vp_scheduler(
    steps: Steps,
    beta_d: Annotated[float, level(19.9, "How much faster noise is added at the end than at the start.")],
    beta_min: Annotated[float, level(0.1, "How fast noise is added at the start.")],
    eps_s: Annotated[float, level(0.001, "The last time before 0, on a scale from 0 to 1.", 1.0, 0.0001)],
) -> Sigmas:
    """Even steps in the time of a variance preserving process, after Song et al. 2020."""
    return curves.vp_sigmas(steps, beta_d, beta_min, eps_s)


@node("BetaSamplingScheduler", category=CATEGORY, python_module=MODULE)
def beta_sampling_scheduler(
    model: Model,
    steps: Steps,
    alpha: Annotated[float, level(0.6, "Below 1 there are many steps at high noise.", max=50.0)],
    beta: Annotated[float, level(0.6, "Below 1 there are many steps at low noise.", max=50.0)],
) -> Sigmas:
    """Steps at quantiles of a beta distribution, after Lee et al. 2024."""
    return beta_schedule(model.get_model_object("model_sampling"), steps, alpha, beta)


@node("SDTurboScheduler", category=CATEGORY, python_module=MODULE)
def sd_turbo_scheduler(
    model: Model,
    steps: Annotated[int, Int(default=1, min=1, max=10, tooltip="Turbo models need one to four.")],
    denoise: Annotated[
        float, Float(default=1.0, min=0, max=1.0, step=0.01, tooltip="How much is made anew: 1 everything.")
    ],
) -> Sigmas:
    """The few noise levels that SD Turbo and SDXL Turbo were trained at."""
    return turbo(model.get_model_object("model_sampling"), steps, denoise)


@node(
    "AlignYourStepsScheduler",
    category=CATEGORY,
    python_module="comfy_extras.nodes_align_your_steps",
    search_aliases=("AYS scheduler",),
)
def align_your_steps_scheduler(
    model_type: Annotated[str, Combo(tuple(curves.ALIGN_YOUR_STEPS), tooltip="What the levels were found for.")],
    steps: TableSteps,
    denoise: Denoise,
) -> Sigmas:
    """Levels found for ten steps of a kind of model, after Sabour et al. 2024."""
    return curves.tabled_sigmas(curves.ALIGN_YOUR_STEPS[model_type], steps, denoise)


@node("OptimalStepsScheduler", category=CATEGORY, python_module="comfy_extras.nodes_optimalsteps")
def optimal_steps_scheduler(
    model_type: Annotated[str, Combo(tuple(curves.OPTIMAL_STEPS), tooltip="What the levels were found for.")],
    steps: Annotated[int, Int(default=20, min=3, max=1000, tooltip="More steps are slower and finer.")],
    denoise: Denoise,
) -> Sigmas:
    """Levels found for a flow model, after Pei et al. 2025."""
    return curves.tabled_sigmas(curves.OPTIMAL_STEPS[model_type], steps, denoise)


@node("GITSScheduler", category=CATEGORY, python_module="comfy_extras.nodes_gits")
def gits_scheduler(
    coeff: Annotated[
        float,
        Float(default=1.2, min=0.8, max=1.5, step=0.05, advanced=True, tooltip="Less has more steps at high noise."),
    ],
    steps: Annotated[int, Int(default=10, min=2, max=1000, tooltip="More steps are slower and finer.")],
    denoise: Denoise,
) -> Sigmas:
    """Levels found for Stable Diffusion 1.5, for every number of steps, after Chen et al. 2024."""
    return gits_sigmas(coeff, steps, denoise)
