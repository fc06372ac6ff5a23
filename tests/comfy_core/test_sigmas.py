"""Lists of noise levels: curves, tables, and what one can do with them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from comfy_core.sampling import curves
from comfy_core.sampling import sigmas as edit
from comfy_core.sampling.beta import beta_places
from comfy_core.sampling.gits import gits_sigmas
from comfy_core.sampling.noise_levels import DiscreteSchedule
from comfy_core.sampling.schedulers import turbo

RUN = torch.tensor([14.0, 7.0, 3.0, 1.0, 0.0])


def test_a_run_is_split_at_a_step_and_both_parts_have_the_level_between():
    high, low = edit.split(RUN, 2)
    assert (high.tolist(), low.tolist()) == ([14, 7, 3], [3, 1, 0])
    high, low = edit.split(RUN, 9)
    assert (high.tolist(), low.tolist()) == (RUN.tolist(), [])


@pytest.mark.parametrize(("denoise", "steps"), [(1.0, 4), (0.5, 2), (0.3, 1), (0.0, 0)])
def test_a_run_is_split_so_that_the_second_part_has_a_share_of_its_steps(denoise: float, steps: int):
    high, low = edit.split_by_denoise(RUN, denoise)
    assert len(low) == steps + 1
    assert torch.equal(torch.cat([high, low[1:]]), RUN)
    assert [len(one) for one in edit.split_by_denoise(RUN[:0], denoise)] == [0, 0]


def test_the_way_back_begins_just_above_zero():
    assert edit.flipped(RUN).tolist() == pytest.approx([1e-4, 1, 3, 7, 14])
    assert edit.flipped(RUN[:2]).tolist() == [7, 14]
    assert len(edit.flipped(RUN[:0])) == 0
    assert RUN[-1] == 0


def test_the_first_level_can_be_another():
    assert edit.with_first(RUN, 20.0).tolist() == [20, 7, 3, 1, 0]
    assert RUN[0] == 14
    with pytest.raises(ValueError, match="empty: there is no first one"):
        edit.with_first(RUN[:0], 1.0)


def test_steps_in_a_stretch_become_finer():
    assert edit.extended(RUN, 2, -1.0, 7.0, "linear").tolist() == [14, 10.5, 7, 5, 3, 1, 0]
    assert edit.extended(RUN, 2, 7.0, 3.0, "linear").tolist() == [14, 7, 5, 3, 2, 1, 0]
    assert edit.extended(RUN, 1, -1.0, 0.0, "linear").tolist() == RUN.tolist()
    cosine, sine = (edit.extended(RUN, 2, -1.0, 12.0, one).tolist()[1] for one in ("cosine", "sine"))
    assert cosine == pytest.approx(14 - 7 * math.sqrt(0.5))
    assert sine == pytest.approx(14 - 7 * (1 - math.sqrt(0.5)))
    assert len(edit.extended(RUN[:0], 2, -1.0, 0.0, "linear")) == 0


@pytest.mark.parametrize("text", ["14.6, 6.5, 0", "14.6 6.5\n0", "[14.6; 6.5, 0.0]", "1.46e1,6.5,0"])
def test_levels_can_be_written_down(text: str):
    assert edit.written(text).tolist() == pytest.approx([14.6, 6.5, 0])


def test_a_word_among_the_levels_is_refused():
    with pytest.raises(ValueError, match=r"'14\.6, six' is not a list of noise levels"):
        edit.written("14.6, six")


def test_curves_against_their_formulas():
    """k-diffusion 0.1.1's get_sigmas_karras, _exponential and _polyexponential (rho 2) with five steps from 14.6 to
    0.03, and its formula of get_sigmas_vp in double precision."""
    times = np.linspace(1, 1e-3, 5)
    known = {
        "karras": [14.600001, 4.8086414, 1.2837036, 0.25172731, 0.03],
        "exponential": [14.599998, 3.1084576, 0.66181558, 0.14090587, 0.03],
        "polyexponential": [14.600002, 0.97429186, 0.14090589, 0.04416449, 0.03],
        "vp": np.sqrt(np.expm1(19.9 * times**2 / 2 + 0.1 * times)).tolist(),
    }
    ours = {
        "karras": curves.karras_sigmas(5, 0.03, 14.6),
        "exponential": curves.exponential_sigmas(5, 0.03, 14.6),
        "polyexponential": curves.polyexponential_sigmas(5, 0.03, 14.6, rho=2.0),
        "vp": curves.vp_sigmas(5),
    }
    for name, levels in known.items():
        torch.testing.assert_close(ours[name], torch.tensor([*levels, 0.0]), rtol=2e-5, atol=1e-6)


def test_laplace_levels_are_quantiles():
    """With F(log sigma) of a Laplace distribution: the level a quarter of the way has three quarters of it below."""
    levels = curves.laplace_sigmas(5, 1e-3, 1e3, mu=0.5, beta=0.7)
    assert levels[2].log().item() == pytest.approx(0.5, abs=1e-4)
    assert levels[1].log().item() == pytest.approx(0.5 + 0.7 * math.log(2), abs=1e-4)
    assert levels[3].log().item() == pytest.approx(0.5 - 0.7 * math.log(2), abs=1e-4)
    assert curves.laplace_sigmas(5, 0.3, 2.0).tolist() == pytest.approx(
        [2, math.sqrt(2), 1, math.sqrt(0.5), 0.3, 0], abs=1e-3
    )


@pytest.mark.parametrize("table", [*curves.ALIGN_YOUR_STEPS.values(), *curves.OPTIMAL_STEPS.values()])
def test_published_levels_are_as_published_at_their_own_length_and_log_linear_between(table: tuple[float, ...]):
    steps = len(table) - 1
    assert curves.tabled_sigmas(table, steps).tolist() == pytest.approx([*table[:-1], 0])
    double = curves.tabled_sigmas(table, 2 * steps)
    assert double[::2][:-1].tolist() == pytest.approx(list(table[:-1]))
    assert double[1].item() == pytest.approx(math.sqrt(table[0] * table[1]), rel=1e-5)
    assert curves.tabled_sigmas(table, steps, 0.5).tolist() == pytest.approx([*table[steps - round(steps / 2) : -1], 0])
    assert len(curves.tabled_sigmas(table, steps, 0.0)) == 0


def test_gits_levels_are_as_published():
    """Lines of the authors' tables: coefficient 1.2 with 10 steps, 0.8 with 4, 1.5 with 6."""
    published = {
        (1.2, 10): [14.61464119, 5.85520077, 2.84484982, 1.67050016, 1.08895338, 0.74807048, 0.50118381, 0.32104823],
        (0.8, 4): [14.61464119, 11.54541874, 7.49001646, 3.07277966],
        (1.5, 6): [14.61464119, 1.56271636, 0.72133851, 0.36617002, 0.19894916, 0.09824532],
    }
    for (coeff, steps), levels in published.items():
        sigmas = gits_sigmas(coeff, steps)
        assert len(sigmas) == steps + 1
        assert sigmas[: len(levels)].tolist() == pytest.approx(levels, rel=5e-5)
        assert sigmas[-1] == 0


@pytest.mark.parametrize("coeff", [0.8, 0.97, 1.2, 1.5])
@pytest.mark.parametrize("steps", [2, 3, 20, 21, 50])
def test_gits_has_levels_for_any_number_of_steps(coeff: float, steps: int):
    sigmas = gits_sigmas(coeff, steps)
    assert len(sigmas) == steps + 1
    assert (sigmas.diff() < 0).all()
    assert torch.equal(gits_sigmas(coeff, steps, 0.5), sigmas[-(round(steps / 2) + 1) :])
    assert len(gits_sigmas(coeff, steps, 0.0)) == 0


def test_turbo_visits_the_levels_it_was_trained_at():
    model = DiscreteSchedule()
    torch.testing.assert_close(turbo(model, 1), torch.stack([model.sigmas[999], torch.zeros(())]))
    torch.testing.assert_close(turbo(model, 4)[:-1], model.sigmas[[999, 899, 799, 699]])
    torch.testing.assert_close(turbo(model, 2, denoise=0.5)[:-1], model.sigmas[[499, 399]])


def test_beta_places_are_the_quantiles_of_scipy():
    """rint(999 scipy.stats.beta.ppf(share, a, b)) of scipy 1.17.1."""
    share = np.array([0.1, 0.3, 0.5, 0.9])
    assert beta_places(share, 1000, 0.6, 0.6).tolist() == [40, 234, 500, 959]
    assert beta_places(share, 1000, 0.2, 3.0).tolist() == [0, 1, 8, 206]
    assert beta_places(share, 1000, 30.0, 2.0).tolist() == [879, 922, 946, 982]
    assert beta_places(np.array([0.0, 1.0]), 1000, 0.6, 0.6).tolist() == [0, 999]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: curves.karras_sigmas(5, 0.0, 14.6), "sigma_min is 0.0; it has to be above 0"),
        (lambda: curves.karras_sigmas(5, 0.03, 14.6, rho=0.0), "rho is 0.0"),
        (lambda: curves.exponential_sigmas(5, 0.03, 0.0), "sigma_max is 0.0"),
        (lambda: curves.polyexponential_sigmas(5, -1.0, 1.0), "sigma_min is -1.0"),
        (lambda: curves.laplace_sigmas(5, 0.0, 1.0), "sigma_min is 0.0"),
        (lambda: curves.vp_sigmas(5, beta_d=5000.0), "noise levels of 0 or without bounds"),
        (lambda: curves.vp_sigmas(5, eps_s=0.0), "noise levels of 0 or without bounds"),
        (lambda: beta_places(np.array([0.5]), 1000, 0.0, 0.6), "above 0, not 0.0 and 0.6"),
    ],
)
def test_numbers_that_make_no_schedule_are_refused_by_name(make, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        make()
