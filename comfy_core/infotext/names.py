"""What other programs call the samplers and schedules that are known here by the names of k-diffusion."""

from __future__ import annotations

from typing import NamedTuple

KARRAS, EXPONENTIAL, NORMAL, DDIM = "karras", "exponential", "normal", "ddim_uniform"
SAMPLERS = {
    "DPM++ 2M": ("dpmpp_2m", KARRAS),
    "DPM++ SDE": ("dpmpp_sde", KARRAS),
    "DPM++ 2M SDE": ("dpmpp_2m_sde", EXPONENTIAL),
    "DPM++ 2M SDE Heun": ("dpmpp_2m_sde_heun", EXPONENTIAL),
    "DPM++ 2S a": ("dpmpp_2s_ancestral", KARRAS),
    "DPM++ 3M SDE": ("dpmpp_3m_sde", EXPONENTIAL),
    "Euler a": ("euler_ancestral", NORMAL),
    "Euler": ("euler", NORMAL),
    "LMS": ("lms", NORMAL),
    "Heun": ("heun", NORMAL),
    "DPM2": ("dpm_2", KARRAS),
    "DPM2 a": ("dpm_2_ancestral", KARRAS),
    "DPM fast": ("dpm_fast", NORMAL),
    "DPM adaptive": ("dpm_adaptive", NORMAL),
    "DDIM": ("ddim", DDIM),
    "UniPC": ("uni_pc", DDIM),
    "LCM": ("lcm", NORMAL),
    "DDPM": ("ddpm", NORMAL),
    "HeunPP2": ("heunpp2", NORMAL),
    "IPNDM": ("ipndm", NORMAL),
    "IPNDM_V": ("ipndm_v", NORMAL),
    "DEIS": ("deis", NORMAL),
    "Res Multistep": ("res_multistep", NORMAL),
    "SEEDS 2": ("seeds_2", NORMAL),
    "ER SDE": ("er_sde", NORMAL),
}
"""By A1111's label: the sampler, and the schedule that `Automatic` stands for with it."""
SCHEDULES = {
    "Uniform": NORMAL,
    "Karras": KARRAS,
    "Exponential": EXPONENTIAL,
    "Polyexponential": EXPONENTIAL,  # with its rho of 1 they are the same
    "SGM Uniform": "sgm_uniform",
    "KL Optimal": "kl_optimal",
    "Simple": "simple",
    "Normal": NORMAL,
    "DDIM": DDIM,
    "Beta": "beta",
    "Linear Quadratic": "linear_quadratic",
}
LABELS = {name: label for label, (name, _) in reversed(SAMPLERS.items())}
SCHEDULE_LABELS = {name: label for label, name in reversed(SCHEDULES.items()) if label != "Normal"}
OLD_SUFFIXES = {" Karras": KARRAS, " Exponential": EXPONENTIAL}
AUTOMATIC = "automatic"
DIFFUSERS = {
    "ddim": ("ddim", DDIM),
    "ddpm": ("ddpm", NORMAL),
    "deis": ("deis", NORMAL),
    "deis_k": ("deis", KARRAS),
    "dpmpp_2m": ("dpmpp_2m", NORMAL),
    "dpmpp_2m_k": ("dpmpp_2m", KARRAS),
    "dpmpp_2m_sde": ("dpmpp_2m_sde", NORMAL),
    "dpmpp_2m_sde_k": ("dpmpp_2m_sde", KARRAS),
    "dpmpp_2s": ("dpmpp_2s_ancestral", NORMAL),
    "dpmpp_2s_k": ("dpmpp_2s_ancestral", KARRAS),
    "dpmpp_3m": ("dpmpp_3m_sde", NORMAL),
    "dpmpp_3m_k": ("dpmpp_3m_sde", KARRAS),
    "dpmpp_sde": ("dpmpp_sde", NORMAL),
    "dpmpp_sde_k": ("dpmpp_sde", KARRAS),
    "dpm_2": ("dpm_2", NORMAL),
    "dpm_2_a": ("dpm_2_ancestral", NORMAL),
    "euler": ("euler", NORMAL),
    "euler_k": ("euler", KARRAS),
    "euler_a": ("euler_ancestral", NORMAL),
    "euler_ancestral": ("euler_ancestral", NORMAL),
    "heun": ("heun", NORMAL),
    "heun_k": ("heun", KARRAS),
    "kdpm_2": ("dpm_2", NORMAL),
    "kdpm_2_k": ("dpm_2", KARRAS),
    "kdpm_2_a": ("dpm_2_ancestral", NORMAL),
    "kdpm_2_a_k": ("dpm_2_ancestral", KARRAS),
    "lcm": ("lcm", NORMAL),
    "lms": ("lms", NORMAL),
    "lms_k": ("lms", KARRAS),
    "unipc": ("uni_pc", NORMAL),
    "unipc_k": ("uni_pc", KARRAS),
}
"""By InvokeAI's names, which it has for the schedulers of diffusers."""


class Sampling(NamedTuple):
    """A sampler and a schedule, and what could not be said with them."""

    sampler: str
    scheduler: str
    problems: tuple[str, ...] = ()


def sampling_of(label: str, schedule: str = "", known: frozenset[str] = frozenset()) -> Sampling:
    """What a label stands for, in A1111's new words (`DPM++ 2M` with a schedule `Karras`), in its old ones
    (`DPM++ 2M Karras`), in InvokeAI's, or in ours, of which `known` has the samplers' and schedules' names.

    What is not known becomes Euler or the normal schedule, and a problem.
    """
    problems = []
    name, of_suffix = _without_suffix(label)
    found = _sampler(name, known)
    if found is None:
        problems.append(f"there is no sampler {label!r} here; Euler stands in its place")
    sampler, automatic, unsaid = found or ("euler", NORMAL, NORMAL)
    if not schedule or schedule.casefold() == AUTOMATIC:
        return Sampling(sampler, of_suffix or (automatic if schedule else unsaid), tuple(problems))
    scheduler = {key.casefold(): value for key, value in SCHEDULES.items()}.get(schedule.casefold())
    if scheduler is None and schedule in known:
        scheduler = schedule
    if scheduler is None:
        problems.append(f"there is no schedule {schedule!r} here; the normal one stands in its place")
    return Sampling(sampler, scheduler or NORMAL, tuple(problems))


def _without_suffix(label: str) -> tuple[str, str]:
    for suffix, scheduler in OLD_SUFFIXES.items():
        if label.casefold().endswith(suffix.casefold()):
            return label[: -len(suffix)], scheduler
    return label, ""


def _sampler(name: str, known: frozenset[str]) -> tuple[str, str, str] | None:
    """The sampler, its automatic schedule, and the one it has where no schedule is named.

    Before A1111 had a field for the schedule, a name without a suffix meant the model's own noise levels.
    """
    labels = {key.casefold(): value for key, value in SAMPLERS.items()}
    if name.casefold() in labels:
        sampler, automatic = labels[name.casefold()]
        return sampler, automatic, DDIM if automatic == DDIM else NORMAL
    plain = name.removeprefix("k_")
    if plain in DIFFUSERS:
        sampler, scheduler = DIFFUSERS[plain]
        return sampler, scheduler, scheduler
    return (plain, NORMAL, NORMAL) if plain in known else None
