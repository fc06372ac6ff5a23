"""What networks predict, and the noise levels they know."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from comfy_core.sampling.noise_levels import (
    DiscreteSchedule,
    DistilledSchedule,
    EDMSchedule,
    FlowRatioSchedule,
    FlowSchedule,
    NoiseSchedule,
    TangentSchedule,
    scaled_linear_betas,
    sigmas_of,
    zero_terminal_snr,
)
from comfy_core.sampling.prediction import (
    EDM,
    Consistency,
    Epsilon,
    ExplodingFlow,
    Flow,
    ImageToImage,
    Sample,
    Velocity,
    model_sampling,
)

GENERATOR = torch.Generator().manual_seed(0)
X0, NOISE = torch.randn(2, 2, 4, 3, 3, generator=GENERATOR, dtype=torch.float64).unbind(0)
SIGMA = torch.tensor([0.5, 7.0], dtype=torch.float64)
S = SIGMA[:, None, None, None]
X = X0 + S * NOISE
T = S / (S + 1)

TARGETS: dict[type[Epsilon], tuple[Tensor, Tensor]] = {
    Epsilon: (NOISE, X / (1 + S**2).sqrt()),
    Velocity: ((NOISE - S * X0) / (1 + S**2).sqrt(), X / (1 + S**2).sqrt()),
    EDM: ((X0 * (S**2 + 0.25) - 0.25 * X) / (S * 0.5 * (S**2 + 0.25).sqrt()), X / (S**2 + 0.25).sqrt()),
    Sample: (X0, X / (1 + S**2).sqrt()),
    ImageToImage: (X0, X),
    ExplodingFlow: (NOISE - X0, (1 - T) * X0 + T * NOISE),
}
"""What a perfect network would say, and what it would see, in the papers' own terms (EDM: equation 7 and table 1)."""


@pytest.mark.parametrize("kind", TARGETS)
def test_a_perfect_network_sees_its_training_input_and_gives_the_clean_latent_back(kind: type[Epsilon]):
    target, network_input = TARGETS[kind]
    prediction = kind()
    torch.testing.assert_close(prediction.noise_scaling(SIGMA, NOISE, X0), X)
    torch.testing.assert_close(prediction.calculate_input(SIGMA, X), network_input)
    torch.testing.assert_close(prediction.calculate_denoised(SIGMA, target, X), X0)


def test_a_flow_is_a_straight_path():
    sigma, s = SIGMA / 10, S / 10
    x = Flow().noise_scaling(sigma, NOISE, X0)
    torch.testing.assert_close(x, (1 - s) * X0 + s * NOISE)
    torch.testing.assert_close(Flow().calculate_denoised(sigma, NOISE - X0, x), X0)
    torch.testing.assert_close(Flow().inverse_noise_scaling(sigma, (1 - s) * X0), X0)


def test_a_consistency_model_trusts_its_prediction_but_where_the_noise_ends():
    lcm = model_sampling(Consistency, DistilledSchedule)
    assert len(lcm.sigmas) == 50
    sigma = lcm.sigmas[[0, 49]].double()
    x = X0 + sigma[:, None, None, None] * NOISE
    for row, t in enumerate([19, 999]):
        time = 10 * t
        expected = time / math.hypot(time, 0.5) * X0[row] + 0.25 / (time**2 + 0.25) * x[row]
        out = lcm.calculate_denoised(sigma, NOISE, x)[row]
        torch.testing.assert_close(out, expected, rtol=1e-6, atol=1e-6)
    whole = model_sampling(Consistency, DiscreteSchedule)
    start = X0 + whole.sigma_min * NOISE
    torch.testing.assert_close(whole.calculate_denoised(whole.sigmas[:1].repeat(2), 0 * NOISE, start), start)


def test_a_distilled_schedule_knows_every_twentieth_level():
    lcm, whole = DistilledSchedule(), DiscreteSchedule()
    assert torch.equal(lcm.sigmas, whole.sigmas[19::20])
    assert lcm.timestep(lcm.sigmas[[0, 1, 49]]).tolist() == [19, 39, 999]
    torch.testing.assert_close(lcm.sigma(torch.tensor([19, 39, 999])), lcm.sigmas[[0, 1, 49]])


SCHEDULES: list[NoiseSchedule] = [
    DiscreteSchedule(),
    EDMSchedule(0.002, 80.0),
    TangentSchedule(),
    FlowRatioSchedule(),
    FlowSchedule(),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda one: type(one).__name__)
def test_times_and_levels_are_each_others_inverse(schedule: NoiseSchedule):
    sigmas = schedule.sigmas[[0, 10, 500, -2]]
    torch.testing.assert_close(schedule.sigma(schedule.timestep(sigmas)), sigmas, rtol=1e-4, atol=1e-6)
    assert (schedule.sigmas.diff() > 0).all()
    percents = [schedule.percent_to_sigma(one) for one in (0.0, 0.001, 0.3, 0.999, 1.0)]
    assert percents == sorted(percents, reverse=True)
    assert percents[0] >= float(schedule.sigma_max)
    assert percents[-1] == 0.0


def test_what_networks_call_time():
    sigma = torch.tensor([0.5])
    assert float(EDMSchedule().timestep(sigma)) == pytest.approx(math.log(0.5) / 4)
    assert float(TangentSchedule().timestep(torch.tensor([1.0]))) == pytest.approx(0.5)
    assert float(FlowRatioSchedule().timestep(torch.tensor([1.0]))) == pytest.approx(0.5)
    assert float(FlowSchedule(3.0).timestep(sigma)) == 500.0
    assert FlowSchedule(3.0).percent_to_sigma(0.5) == pytest.approx(0.75)


def test_zero_terminal_snr():
    """Lin et al. 2023, algorithm 1, in their variables: sqrt(alpha_bar) goes linearly to 0 at the end and stays at the
    start."""
    plain = sigmas_of(scaled_linear_betas())
    before, after = ((1 / (one.double() ** 2 + 1)).sqrt() for one in (plain, zero_terminal_snr(plain)))
    expected = (before - before[-1]) * before[0] / (before[0] - before[-1])
    torch.testing.assert_close(after[:-1], expected[:-1])
    assert float(after[0]) == pytest.approx(float(before[0]))
    schedule = DiscreteSchedule(zsnr=True)
    assert float(schedule.sigma_max) == pytest.approx(4518.76, abs=0.01)
    assert float(schedule.sigma_min) == pytest.approx(0.0291675, abs=1e-6)
    assert DiscreteSchedule(schedule.betas).sigma_max == DiscreteSchedule().sigma_max


def test_a_prediction_and_a_schedule_make_one_object():
    both = model_sampling(Velocity, EDMSchedule, sigma_min=0.002, sigma_max=700.0)
    assert isinstance(both, Velocity)
    assert isinstance(both, EDMSchedule)
    assert float(both.sigma_max) == pytest.approx(700, rel=1e-5)
