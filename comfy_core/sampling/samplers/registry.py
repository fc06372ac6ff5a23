"""The samplers by name, in the order in which editors offer them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any

import torch
from torch import Tensor

from comfy_core.sampling.samplers.denoiser import Callback, Denoiser

SamplerFunction = Callable[..., Tensor]

ORDER = (
    "euler",
    "euler_cfg_pp",
    "euler_ancestral",
    "euler_ancestral_cfg_pp",
    "heun",
    "heunpp2",
    "exp_heun_2_x0",
    "exp_heun_2_x0_sde",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpm_fast",
    "dpm_adaptive",
    "dpmpp_2s_ancestral",
    "dpmpp_2s_ancestral_cfg_pp",
    "dpmpp_sde",
    "dpmpp_sde_gpu",
    "dpmpp_2m",
    "dpmpp_2m_cfg_pp",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_gpu",
    "dpmpp_2m_sde_heun",
    "dpmpp_2m_sde_heun_gpu",
    "dpmpp_3m_sde",
    "dpmpp_3m_sde_gpu",
    "ddpm",
    "lcm",
    "ipndm",
    "ipndm_v",
    "deis",
    "res_multistep",
    "res_multistep_cfg_pp",
    "res_multistep_ancestral",
    "res_multistep_ancestral_cfg_pp",
    "gradient_estimation",
    "gradient_estimation_cfg_pp",
    "er_sde",
    "seeds_2",
    "seeds_3",
    "sa_solver",
    "sa_solver_pece",
    "ddim",
    "uni_pc",
    "uni_pc_bh2",
)


@dataclass(frozen=True)
class Sampler:
    """What a SAMPLER is: a function, and the options it is called with.

    With `random_inpaint_noise` the untouched part of an inpainted latent gets noise of its own instead of the run's
    starting noise. With `drop_penultimate` KSampler leaves the last level before 0 out of its schedule.
    """

    function: SamplerFunction
    random_inpaint_noise: bool = False
    drop_penultimate: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(self, model: Callable[..., Tensor], x: Tensor, sigmas: Tensor, **call: Any) -> Tensor:
        return self.function(model, x, sigmas, **call, **self.options)

    def having(self, **options: Any) -> Sampler:
        """The same sampler with some of its options set."""
        return replace(self, options={**self.options, **options})


SAMPLERS: dict[str, Sampler] = {}


def sampler(
    name: str, random_inpaint_noise: bool = False, drop_penultimate: bool = False, **options: Any
) -> Callable[[SamplerFunction], SamplerFunction]:
    """Register `walk(denoise, x, sigmas, **options)` as a sampler; a function may serve several names, each with its
    own `options`. What is left in the function's place has the signature that callers of samplers know."""

    def register(walk: SamplerFunction) -> SamplerFunction:
        walk = getattr(walk, "__wrapped__", walk)

        @wraps(walk)
        @torch.no_grad()
        def sample(
            model: Callable[..., Tensor],
            x: Tensor,
            sigmas: Tensor,
            extra_args: dict[str, Any] | None = None,
            callback: Callback | None = None,
            disable: bool | None = None,
            **options: Any,
        ) -> Tensor:
            return walk(Denoiser(model, extra_args, callback, disable), x, sigmas, **options)

        SAMPLERS[name] = Sampler(sample, random_inpaint_noise, drop_penultimate, options)
        return sample

    return register


def sampler_object(name: str) -> Sampler:
    """The sampler of a name. Raises ValueError for an unknown one."""
    if name not in SAMPLERS:
        raise ValueError(f"there is no sampler {name!r}; pick one of: {', '.join(SAMPLERS)}")
    return SAMPLERS[name]


def in_order() -> None:
    """Bring `SAMPLERS` into the order of `ORDER`; names it does not know come last."""
    places = {name: place for place, name in enumerate(ORDER)}
    entries = sorted(SAMPLERS.items(), key=lambda entry: places.get(entry[0], len(places)))
    SAMPLERS.clear()
    SAMPLERS.update(entries)
