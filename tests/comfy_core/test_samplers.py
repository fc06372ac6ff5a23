"""Samplers on a denoiser that is known exactly, against what theory says and against each other."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.sampling.noise_levels import FlowSchedule
from comfy_core.sampling.prediction import EpsilonSampling, Flow, model_sampling
from comfy_core.sampling.samplers import SAMPLERS, ancestral_step, sampler_object
from comfy_core.sampling.schedulers import calculate_sigmas, karras
from tests.comfy_core.mixture import MEANS, Mixture

SIGMAS = karras(EpsilonSampling(), 10)
OWN_STEPS = {"dpm_fast", "dpm_adaptive"}
"""Samplers that take from a schedule only its ends."""
CFG_PP = [name for name in SAMPLERS if name.endswith("cfg_pp")]


def start(count: int = 3, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(0)).to(dtype) * SIGMAS[0]


def run(name: str, sigmas: Tensor = SIGMAS, x: Tensor | None = None, **options) -> Tensor:
    x = start() if x is None else x
    call = {key: options.pop(key) for key in ("extra_args", "callback") if key in options}
    sampler = sampler_object(name)
    return sampler.having(**options)(Mixture(), x, sigmas, disable=True, **call)


def seeded_noise(shape: tuple[int, ...] = (3, 2)) -> Callable[[Tensor, Tensor], Tensor]:
    generator = torch.Generator().manual_seed(5)
    return lambda sigma, sigma_next: torch.randn(shape, generator=generator)


def test_by_default_an_sde_takes_its_noise_from_the_tree_of_its_seed():
    """What k-diffusion 0.1.1 makes of the same start with torchsde 0.2.6 and seed 77."""
    theirs = torch.tensor([[1.994697, -1.154135], [-1.41778, -0.017783], [-2.152263, 0.118759]])
    torch.testing.assert_close(run("dpmpp_2m_sde", extra_args={"seed": 77}), theirs, rtol=0, atol=1e-5)


def test_ddim_is_euler():
    assert torch.equal(run("ddim"), run("euler"))


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("euler_ancestral", "euler"),
        ("euler_ancestral_cfg_pp", "euler_cfg_pp"),
        ("dpm_2_ancestral", "dpm_2"),
        ("dpmpp_2m_sde", "dpmpp_2m"),
        ("dpmpp_2m_sde_heun", "res_multistep"),
        ("dpmpp_sde", "dpmpp_2s_ancestral"),
        ("dpmpp_2s_ancestral", "seeds_2"),
        ("res_multistep_ancestral", "res_multistep"),
        ("res_multistep_ancestral_cfg_pp", "res_multistep_cfg_pp"),
        ("exp_heun_2_x0_sde", "exp_heun_2_x0"),
    ],
)
def test_without_noise_a_stochastic_sampler_is_its_deterministic_twin(name: str, twin: str):
    options = {"eta": 0.0} if "eta" in sampler_object(twin).options or twin in ETA else {}
    torch.testing.assert_close(run(name, eta=0.0), run(twin, **options), rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", CFG_PP)
def test_where_the_prompt_changes_nothing_cfg_pp_changes_nothing(name: str):
    options = {"noise_sampler": seeded_noise()} if "ancestral" in name else {}
    twin = {"noise_sampler": seeded_noise()} if "ancestral" in name else {}
    torch.testing.assert_close(run(name, **options), run(name.removesuffix("_cfg_pp"), **twin), rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", [one for one in SAMPLERS if one.endswith("_gpu")])
def test_on_the_cpu_noise_from_the_device_is_noise_from_the_cpu(name: str):
    extra = {"seed": 5}
    assert torch.equal(run(name, extra_args=extra), run(name.removesuffix("_gpu"), extra_args=extra))


def smooth(steps: int) -> Tensor:
    """Levels down to 0.5 only, where the curve is smooth."""
    return torch.linspace(10**0.5, 0.5**0.5, steps + 1, dtype=torch.float64) ** 2


@pytest.fixture(scope="module")
def truth() -> Tensor:
    return run("heun", smooth(1500), start(100, torch.float64))


ETA = {"dpmpp_2s_ancestral", "dpmpp_sde", "dpmpp_3m_sde", "seeds_2", "seeds_3"}
ODE = {
    **{name: {"eta": 0.0} for name in ETA},
    "er_sde": {"s_noise": 0.0, "noise_scaler": lambda x: x},
    "sa_solver": {"tau_func": lambda sigma: 0.0},
    "sa_solver_pece": {"tau_func": lambda sigma: 0.0},
}
"""The options that make a stochastic sampler an ODE solver."""


@pytest.mark.parametrize(
    ("name", "order", "slack"),
    [
        ("euler", 1, 0.3),
        ("heun", 2, 0.3),
        ("heunpp2", 1, 0.3),
        ("exp_heun_2_x0", 2, 0.3),
        ("dpm_2", 2, 0.3),
        ("lms", 4, 0.5),
        ("dpmpp_2s_ancestral", 2, 0.3),
        ("dpmpp_sde", 2, 0.3),
        ("dpmpp_2m", 2, 0.3),
        ("dpmpp_3m_sde", 3, 0.4),
        ("ipndm", 3, 0.4),
        ("ipndm_v", 2, 0.4),
        ("deis", 3, 0.4),
        ("res_multistep", 2, 0.3),
        ("gradient_estimation", 1, 0.3),
        ("er_sde", 2, 0.4),
        ("seeds_2", 2, 0.3),
        ("seeds_3", 3, 0.4),
        ("sa_solver", 4.5, 0.5),
        ("sa_solver_pece", 4.5, 0.5),
        ("uni_pc", 2, 0.3),
        ("uni_pc_bh2", 2, 0.3),
    ],
)
def test_half_the_step_leaves_a_two_to_the_orderth_of_the_error(truth: Tensor, name: str, order: float, slack: float):
    """UniPC's last step is one of first order by design, which over levels above 0 shows as an order of 2."""
    errors = [
        (run(name, smooth(steps), start(100, torch.float64), **ODE.get(name, {})) - truth).abs().mean()
        for steps in (40, 80)
    ]
    assert (errors[0] / errors[1]).log2().item() == pytest.approx(order, abs=slack)


CALLS = {
    **dict.fromkeys(SAMPLERS, 10),
    **dict.fromkeys(["heun", "dpm_2", "dpm_2_ancestral", "dpmpp_2s_ancestral", "dpmpp_2s_ancestral_cfg_pp"], 19),
    **dict.fromkeys(["dpmpp_sde", "dpmpp_sde_gpu", "exp_heun_2_x0", "exp_heun_2_x0_sde", "seeds_2"], 19),
    "heunpp2": 27,
    "seeds_3": 28,
    "dpm_adaptive": 33,
    "sa_solver_pece": 19,
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_how_often_the_model_is_asked(name: str):
    model = Mixture()
    sampler_object(name)(model, start(), SIGMAS, disable=True, extra_args={"seed": 1})
    assert model.calls == CALLS[name]


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_ends_among_the_data(name: str):
    """The two Gaussians get their half each, and their spread; lcm takes a mean for a sample, which narrows it."""
    x = run(name, karras(EpsilonSampling(), 40), start(4000), extra_args={"seed": 3})
    left = x[x[:, 0] < 0]
    assert len(left) / len(x) == pytest.approx(0.5, abs=0.05)
    assert left.mean(0).tolist() == pytest.approx([-1.5, 0.5], abs=0.05)
    spread = pytest.approx([0.2, 0.2] if name == "lcm" else [0.3, 0.3], abs=0.06)
    assert left.std(0).tolist() == spread


class FlowMixture:
    """The mixture as a rectified flow with shift 3, x = (1 - sigma) x0 + sigma noise; samplers ask its patcher."""

    sampling = model_sampling(Flow, FlowSchedule, 3.0)

    def __init__(self) -> None:
        self.inner_model = SimpleNamespace(model_patcher=SimpleNamespace(get_model_object=lambda name: self.sampling))

    def __call__(self, x: Tensor, sigma: Tensor, **_: Any) -> Tensor:
        if float(sigma[0]) >= 1:
            return MEANS.mean(0).expand_as(x)
        return Mixture()(x / (1 - sigma)[:, None], sigma / (1 - sigma))


NO_FLOW = {"ddpm", "dpmpp_2s_ancestral_cfg_pp", "res_multistep_ancestral", "res_multistep_ancestral_cfg_pp"}
"""Samplers whose noise is that of variance exploding models, here as in the rest of the ecosystem."""


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name not in OWN_STEPS | NO_FLOW])
def test_in_a_flow_too_samplers_end_among_the_data(name: str):
    model = FlowMixture()
    x = torch.randn(4000, 2, generator=torch.Generator().manual_seed(0))
    sigmas = calculate_sigmas(model.sampling, "simple", 40)
    x = sampler_object(name)(model, x, sigmas, disable=True, extra_args={"seed": 3})
    left = x[x[:, 0] < 0]
    assert len(left) / len(x) == pytest.approx(0.5, abs=0.05)
    assert left.mean(0).tolist() == pytest.approx([-1.5, 0.5], abs=0.05)
    spread = pytest.approx([0.2, 0.2] if name == "lcm" else [0.3, 0.3], abs=0.07)
    assert left.std(0).tolist() == spread


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name not in OWN_STEPS])
def test_every_step_is_told_in_order(name: str):
    told: list[dict] = []
    run(name, callback=told.append, extra_args={"seed": 3})
    assert [one["i"] for one in told] == list(range(10))
    assert [float(one["sigma"]) for one in told] == pytest.approx(SIGMAS[:-1].tolist())
    assert all(one["denoised"].shape == one["x"].shape for one in told)


@pytest.mark.parametrize("name", SAMPLERS)
def test_extra_arguments_reach_the_model(name: str):
    heard = []

    def model(x: Tensor, sigma: Tensor, seed: int, model_options: dict) -> Tensor:
        heard.append((seed, model_options))
        return x * 0

    extra = {"seed": 3, "model_options": {"a": 1}}
    sampler_object(name)(model, start(), SIGMAS, extra_args=extra, disable=True)
    assert {(seed, options["a"]) for seed, options in heard} == {(3, 1)}
    assert extra == {"seed": 3, "model_options": {"a": 1}}


def test_a_solver_type_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="'midpoint' or 'heun', not 'euler'"):
        run("dpmpp_2m_sde", solver_type="euler")


def test_an_ancestral_step_keeps_the_variance():
    sigma, sigma_next = torch.tensor(2.0), torch.tensor(1.0)
    down, up = ancestral_step(sigma, sigma_next)
    assert float(down**2 + up**2) == pytest.approx(1.0)
    assert float(up**2) == pytest.approx(1.0 * (4 - 1) / 4)
    assert [float(one) for one in ancestral_step(sigma, sigma_next, eta=0)] == [1.0, 0.0]


def test_an_unknown_sampler_names_the_known_ones():
    with pytest.raises(ValueError, match=r"no sampler 'eulre'; pick one of: euler, "):
        sampler_object("eulre")
