"""Nodes that choose a sampler, some with options of its own."""

from __future__ import annotations

from typing import Annotated

from comfy_core.sampling.samplers import sampler_object
from comfy_core.sampling.samplers.stochastic import tau_between
from nodes.schema import Boolean, Combo, Float, Int, node
from nodes.types import Model, SamplerName, SamplerObject

CATEGORY = "model/sampling/samplers"
MODULE = "comfy_extras.nodes_custom_sampler"
ETA = "How much of the noise is made anew at every step; 0 is none."
S_NOISE = "How strong the new noise is."


def amount(
    default: float, tooltip: str, max: float = 100.0, step: float = 0.01, min: float = 0.0, advanced: bool = True
) -> Float:
    """A number that is not rounded to its steps."""
    return Float(default=default, min=min, max=max, step=step, round=False, tooltip=tooltip, advanced=advanced)


Eta = Annotated[float, amount(1.0, ETA)]
SNoise = Annotated[float, amount(1.0, S_NOISE)]
OpenEta = Annotated[float, amount(1.0, ETA, advanced=False)]
OpenSNoise = Annotated[float, amount(1.0, S_NOISE, advanced=False)]
NoiseDevice = Annotated[
    str,
    Combo(("gpu", "cpu"), advanced=True, tooltip="Drawn on the CPU, noise is the same on every machine."),
]


@node("KSamplerSelect", category=CATEGORY, python_module=MODULE)
def k_sampler_select(sampler_name: SamplerName) -> SamplerObject:
    """A sampler by its name."""
    return sampler_object(sampler_name)


@node("SamplerDDIM", title="Sampler DDIM", category=CATEGORY, search_aliases=("ddim eta", "ddpm"))
def sampler_ddim(
    eta: Annotated[float, amount(0.0, "0 adds no noise, 1 as much as DDPM.", max=1.0, advanced=False)],
    s_noise: OpenSNoise,
) -> SamplerObject:
    """DDIM with its eta (Song et al. 2020, equation 16). With eta 0 it can be turned round: give it flipped sigmas."""
    if eta == 0:
        return sampler_object("ddim")
    return sampler_object("euler_ancestral").having(eta=eta, s_noise=s_noise)


@node("SamplerEulerAncestral", category=CATEGORY, python_module=MODULE)
def sampler_euler_ancestral(eta: Eta, s_noise: SNoise) -> SamplerObject:
    """Euler's method with fresh noise at every step."""
    return sampler_object("euler_ancestral").having(eta=eta, s_noise=s_noise)


@node("SamplerEulerAncestralCFGPP", title="SamplerEulerAncestralCFG++", category=CATEGORY, python_module=MODULE)
def sampler_euler_ancestral_cfg_pp(
    eta: Annotated[float, amount(1.0, ETA, max=1.0, advanced=False)],
    s_noise: Annotated[float, amount(1.0, S_NOISE, max=10.0, advanced=False)],
) -> SamplerObject:
    """Euler ancestral with the guidance of CFG++, made for scales of 1 to 2."""
    return sampler_object("euler_ancestral_cfg_pp").having(eta=eta, s_noise=s_noise)


@node("SamplerLMS", category=CATEGORY, python_module=MODULE)
def sampler_lms(
    order: Annotated[int, Int(default=4, min=1, max=100, advanced=True, tooltip="How many steps it looks back.")],
) -> SamplerObject:
    """The linear multistep method."""
    return sampler_object("lms").having(order=order)


@node("SamplerDPMPP_2M_SDE", category=CATEGORY, python_module=MODULE)
def sampler_dpmpp_2m_sde(
    solver_type: Annotated[str, Combo(("midpoint", "heun"), tooltip="How a step uses the one before.")],
    eta: Eta,
    s_noise: SNoise,
    noise_device: NoiseDevice,
) -> SamplerObject:
    """DPM-Solver++(2M) with noise."""
    sampler = sampler_object("dpmpp_2m_sde" if noise_device == "cpu" else "dpmpp_2m_sde_gpu")
    return sampler.having(eta=eta, s_noise=s_noise, solver_type=solver_type)


@node("SamplerDPMPP_3M_SDE", category=CATEGORY, python_module=MODULE)
def sampler_dpmpp_3m_sde(eta: Eta, s_noise: SNoise, noise_device: NoiseDevice) -> SamplerObject:
    """DPM-Solver++(3M) with noise."""
    sampler = sampler_object("dpmpp_3m_sde" if noise_device == "cpu" else "dpmpp_3m_sde_gpu")
    return sampler.having(eta=eta, s_noise=s_noise)


@node("SamplerDPMPP_SDE", category=CATEGORY, python_module=MODULE)
def sampler_dpmpp_sde(
    eta: Eta,
    s_noise: SNoise,
    r: Annotated[float, amount(0.5, "Where in a step the model is asked a second time.")],
    noise_device: NoiseDevice,
) -> SamplerObject:
    """DPM-Solver++(2S) with noise."""
    if r <= 0:
        raise ValueError(f"r is {r}; the second question of a step lies above 0, usually at 0.5")
    sampler = sampler_object("dpmpp_sde" if noise_device == "cpu" else "dpmpp_sde_gpu")
    return sampler.having(eta=eta, s_noise=s_noise, r=r)


@node("SamplerDPMPP_2S_Ancestral", category=CATEGORY, python_module=MODULE)
def sampler_dpmpp_2s_ancestral(eta: OpenEta, s_noise: OpenSNoise) -> SamplerObject:
    """DPM-Solver++(2S) with fresh noise at every step."""
    return sampler_object("dpmpp_2s_ancestral").having(eta=eta, s_noise=s_noise)


@node("SamplerDPMAdaptative", category=CATEGORY, python_module=MODULE)
def sampler_dpm_adaptative(
    order: Annotated[int, Int(default=3, min=2, max=3, advanced=True, tooltip="Of the better of its two solvers.")],
    rtol: Annotated[float, amount(0.05, "The error that a step may make, as a share of the latent.")],
    atol: Annotated[float, amount(0.0078, "The error that a step may always make.")],
    h_init: Annotated[float, amount(0.05, "The first step, in the logarithm of the noise level.")],
    pcoeff: Annotated[float, amount(0.0, "The step length's control: proportional part.")],
    icoeff: Annotated[float, amount(1.0, "The step length's control: integral part.")],
    dcoeff: Annotated[float, amount(0.0, "The step length's control: derivative part.")],
    accept_safety: Annotated[float, amount(0.81, "Steps that would have to shrink to less than this are redone.")],
    eta: Annotated[float, amount(0.0, ETA)],
    s_noise: SNoise,
) -> SamplerObject:
    """DPM-Solver with steps as long as an error allows; of the sigmas only the ends count."""
    if h_init <= 0 or rtol + atol <= 0:
        raise ValueError("h_init and one of rtol and atol have to be above 0, or the sampler takes no step")
    return sampler_object("dpm_adaptive").having(
        order=order,
        rtol=rtol,
        atol=atol,
        h_init=h_init,
        pcoeff=pcoeff,
        icoeff=icoeff,
        dcoeff=dcoeff,
        accept_safety=accept_safety,
        eta=eta,
        s_noise=s_noise,
    )


@node("SamplerER_SDE", category=CATEGORY, python_module=MODULE)
def sampler_er_sde(
    solver_type: Annotated[
        str, Combo(("ER-SDE", "Reverse-time SDE", "ODE"), tooltip="ER-SDE has a noise scale of its own; ODE no noise.")
    ],
    max_stage: Annotated[int, Int(default=3, min=1, max=3, advanced=True, tooltip="The highest order.")],
    eta: Annotated[float, amount(1.0, "How much noise the reverse-time SDE has.", max=10.0)],
    s_noise: SNoise,
) -> SamplerObject:
    """Extended reverse-time SDE solvers, after Cui et al. 2023."""
    sampler = sampler_object("er_sde").having(max_stage=max_stage)
    if solver_type == "ER-SDE":
        return sampler.having(s_noise=s_noise)
    power = 1.0 if solver_type == "ODE" else eta + 1.0
    return sampler.having(s_noise=s_noise if power > 1.0 else 0.0, noise_scaler=lambda x: x**power)


@node("SamplerSASolver", category=CATEGORY, python_module=MODULE, search_aliases=("sde",))
def sampler_sa_solver(
    model: Model,
    eta: Annotated[float, amount(1.0, "How stochastic steps between the two shares are; 0 is an ODE.", max=10.0)],
    sde_start_percent: Annotated[
        float, Float(default=0.2, min=0.0, max=1.0, step=0.001, advanced=True, tooltip="Before it steps are an ODE's.")
    ],
    sde_end_percent: Annotated[
        float, Float(default=0.8, min=0.0, max=1.0, step=0.001, advanced=True, tooltip="After it steps are an ODE's.")
    ],
    s_noise: SNoise,
    predictor_order: Annotated[int, Int(default=3, min=1, max=6, advanced=True, tooltip="Steps it looks back.")],
    corrector_order: Annotated[
        int, Int(default=4, min=0, max=6, advanced=True, tooltip="Steps the correction looks back; 0 corrects nothing.")
    ],
    use_pece: Annotated[bool, Boolean(default=None, advanced=True, tooltip="Ask the model again after a correction.")],
    simple_order_2: Annotated[
        bool, Boolean(default=None, advanced=True, tooltip="Use the paper's rounder coefficients at order 2.")
    ],
) -> SamplerObject:
    """The stochastic Adams solver, after Xue et al. 2023."""
    sampling = model.get_model_object("model_sampling")
    return sampler_object("sa_solver").having(
        tau_func=tau_between(sampling, sde_start_percent, sde_end_percent, eta),
        s_noise=s_noise,
        predictor_order=predictor_order,
        corrector_order=corrector_order,
        use_pece=use_pece,
        simple_order_2=simple_order_2,
    )


@node("SamplerSEEDS2", category=CATEGORY, python_module=MODULE, search_aliases=("sde", "exp heun"))
def sampler_seeds_2(
    solver_type: Annotated[str, Combo(("phi_1", "phi_2"), tooltip="Average the two guesses, or draw a line through.")],
    eta: Eta,
    s_noise: SNoise,
    r: Annotated[float, amount(0.5, "Where in a step the model is asked a second time.", max=1.0, min=0.01)],
) -> SamplerObject:
    """SEEDS-2, after Gonzalez et al. 2023; with `phi_2` and r 1 it is exponential Heun."""
    return sampler_object("seeds_2").having(solver_type=solver_type, eta=eta, s_noise=s_noise, r=r)


@node("SamplerLCM", category=CATEGORY, python_module="comfy_extras.nodes_advanced_samplers")
def sampler_lcm(
    s_noise: Annotated[float, Float(default=1.0, min=0.0, max=64.0, step=0.01, tooltip="The first noise's strength.")],
    s_noise_end: Annotated[
        float, Float(default=1.0, min=0.0, max=64.0, step=0.01, tooltip="The last noise's strength.")
    ],
    noise_clip_std: Annotated[
        float,
        Float(default=0.0, min=0.0, max=10.0, step=0.01, tooltip="Cut noise off at so many deviations; 0 does not."),
    ],
) -> SamplerObject:
    """The sampler of consistency models, with the strength of its noise."""
    return sampler_object("lcm").having(s_noise=s_noise, s_noise_end=s_noise_end, noise_clip_std=noise_clip_std)
