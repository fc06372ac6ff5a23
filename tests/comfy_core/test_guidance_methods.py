"""Each method of guidance against its paper's formula or diffusers, and against nothing at its neutral strength."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers.guiders import adaptive_projected_guidance as apg
from diffusers.guiders import classifier_free_zero_star_guidance as zero_star
from diffusers.guiders import tangential_classifier_free_guidance as tangential
from torch import Tensor

from comfy_core.guidance import normalised, normalised_attention, self_attention
from comfy_core.guidance.frequency import frequency_guidance, scaled_bands
from comfy_core.guidance.perpendicular import perpendicular
from comfy_core.guidance.positive import positive_biased_guidance
from comfy_core.guidance.projected import projected_guidance
from comfy_core.guidance.rescaled_score import scaled_epsilon, temporal_rescaling
from comfy_core.guidance.tangential import tangential_damping
from comfy_core.guidance.zero_star import zero_star_guidance
from comfy_core.sampling import ramps
from comfy_core.sampling.noise_levels import DiscreteSchedule, FlowSchedule
from comfy_core.sampling.prediction import Epsilon, Flow, model_sampling

SCALE, SIGMA = 6.0, 1.7


def drawn(seed: int, *shape: int) -> Tensor:
    return torch.randn(*(shape or (2, 4, 6, 8)), generator=torch.Generator().manual_seed(seed))


X, COND, UNCOND = (drawn(seed) for seed in range(3))


class Model:
    def __init__(self, sampling: Any) -> None:
        self.model_sampling = sampling


def args(sigma: float = SIGMA, scale: float = SCALE, **more: Any) -> dict[str, Any]:
    return {
        "input": X,
        "sigma": torch.full((2,), sigma),
        "cond_scale": scale,
        "conds_out": [COND, UNCOND],
        "cond_denoised": COND,
        "uncond_denoised": UNCOND,
        "denoised": mixed(COND, UNCOND, scale),
        "cond": X - COND,
        "uncond": X - UNCOND,
        "model": Model(model_sampling(Epsilon, DiscreteSchedule)),
        **more,
    }


def mixed(cond: Tensor, uncond: Tensor, scale: float = SCALE) -> Tensor:
    return uncond + scale * (cond - uncond)


@pytest.mark.parametrize(("eta", "threshold", "momentum"), [(0.0, 0.0, 0.0), (0.3, 5.0, 0.0), (1.0, 2.0, -0.5)])
def test_projected_guidance_is_that_of_diffusers(eta: float, threshold: float, momentum: float):
    """Diffusers starts from the conditional prediction with a scale one less, as the paper has it."""
    change, buffer = projected_guidance(eta, threshold, momentum), apg.MomentumBuffer(momentum)
    for step in range(3):
        cond, uncond = drawn(10 + step), drawn(20 + step)
        ours = mixed(*change(args(sigma=3.0 - step, conds_out=[cond, uncond])))
        theirs = apg.normalized_guidance(cond, uncond, SCALE - 1, buffer, eta, threshold, True)
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_projected_guidance_forgets_when_a_new_run_begins():
    change = projected_guidance(0.5, 0.0, -0.5)
    first = change(args(sigma=5.0))[0]
    change(args(sigma=1.0, conds_out=[drawn(5), drawn(6)]))
    assert torch.equal(change(args(sigma=5.0))[0], first)


def test_zero_star_is_that_of_diffusers():
    cond, uncond = X - COND, X - UNCOND
    share = zero_star.cfg_zero_star_scale(cond.flatten(1), uncond.flatten(1)).view(-1, 1, 1, 1)
    expected = X - mixed(cond, share * uncond)
    torch.testing.assert_close(zero_star_guidance(args()), expected, rtol=1e-4, atol=1e-4)


def test_tangential_damping_is_that_of_diffusers():
    """Diffusers leaves the difference undamped; the damped prediction is what scale 0 gives there."""
    ours = X - tangential_damping(args())[1]
    theirs = tangential.normalized_guidance(X - COND, X - UNCOND, 0.0)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_the_negative_part_is_perpendicular_to_the_positive_one():
    empty = drawn(7)
    away = mixed(COND, empty) - perpendicular(COND, UNCOND, empty, SCALE, 1.0)
    for picture in range(2):
        towards, taken, negative = ((one[picture]).flatten() for one in (COND - empty, away, UNCOND - empty))
        assert abs(float(towards @ taken)) < 1e-3 * float(towards.norm() * taken.norm())
        parallel = (negative @ towards) / (towards @ towards) * towards
        torch.testing.assert_close(taken / SCALE, negative - parallel, rtol=1e-4, atol=1e-4)


def test_an_equal_negative_takes_nothing_away():
    empty = drawn(7)
    torch.testing.assert_close(perpendicular(COND, COND, empty, SCALE, 1.0), mixed(COND, empty))
    assert torch.equal(perpendicular(COND, UNCOND, empty, SCALE, 0.0), empty + SCALE * (COND - empty))
    assert perpendicular(empty, UNCOND, empty, SCALE, 1.0).isfinite().all()


def test_normalised_guidance_is_nowhere_longer_than_the_conditional_prediction():
    guided = normalised.normalised_guidance(1.0)(args())
    lengths, most, free = (one.norm(dim=1) for one in (guided, COND, args()["denoised"]))
    torch.testing.assert_close(lengths, torch.minimum(most, free))
    before = mixed(*normalised.normalised_before(1.0)(args()))
    torch.testing.assert_close(before, guided, rtol=1e-4, atol=1e-4)


def test_renormalised_guidance_is_no_longer_than_allowed_and_none_at_high_noise():
    def guided(trunc: float, most: float) -> Tensor:
        return X - normalised.renormalised_guidance(trunc, most)(args())

    free = args()["denoised"]
    torch.testing.assert_close(guided(1.0, 1.0), COND)
    torch.testing.assert_close(guided(100.0, 0.0), free)
    for most in (0.5, 1.0, 50.0):
        length, bound, own = (one.flatten(1).norm(dim=1) for one in (guided(100.0, most), COND * most, free))
        torch.testing.assert_close(length, torch.minimum(bound, own))


def test_positive_bias_by_its_formula():
    leap, guided = (COND * SCALE).numpy(), args()["denoised"].numpy()
    a, b = ((np.sqrt(np.abs(one)) * np.sign(one)) for one in (UNCOND.numpy() * SCALE, (leap + guided) / 2))
    cosine = (a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1))
    likeness = cosine.mean((1, 2))[:, None, None, None]
    similarity = 2 * (likeness + 1)
    expected = (similarity * guided + (4 - similarity) * leap) / 4
    np.testing.assert_allclose(positive_biased_guidance(args()).numpy(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [(6, 8), (7, 5)])
def test_frequencies_of_guidance_are_scaled_apart(size: tuple[int, int]):
    """The low ones are those that lie in the square around the middle of the shifted spectrum."""
    x = drawn(3, 2, 4, *size)
    spectrum = np.fft.fftshift(np.fft.fft2(x.numpy()), axes=(-2, -1))
    weights = np.full(size, 1.5)
    y, z = size[0] // 2, size[1] // 2
    weights[y - 2 : y + 2, z - 2 : z + 2] = 0.5
    expected = np.fft.ifft2(np.fft.ifftshift(spectrum * weights, axes=(-2, -1))).real
    np.testing.assert_allclose(scaled_bands(x, 0.5, 1.5, 2).numpy(), expected, atol=1e-5)
    torch.testing.assert_close(scaled_bands(x, 0.5, 9.0, 100), x * 0.5)


def test_epsilon_is_divided():
    out = scaled_epsilon(1.25)(args())
    torch.testing.assert_close(X - out, (X - args()["denoised"]) / 1.25)


@pytest.mark.parametrize("kind", [(Epsilon, DiscreteSchedule), (Flow, FlowSchedule)])
def test_the_score_is_rescaled_as_the_signal_grows(kind: tuple[Any, Any]):
    sigma, k, spread = 0.3, 0.8, 1.5
    out = temporal_rescaling(k, spread)(args(sigma=sigma, model=Model(model_sampling(*kind))))
    alpha = 1 - sigma if kind[0] is Flow else 1.0
    snr = alpha**2 / sigma**2
    ratio = (snr * spread**2 + 1) / (snr * spread**2 / k + 1)
    noise, scaled = X - alpha * args()["denoised"], X - alpha * out
    torch.testing.assert_close(scaled, noise * ratio, rtol=1e-4, atol=1e-4)


def test_a_flow_of_pure_noise_is_left_as_it_is():
    flow = Model(model_sampling(Flow, FlowSchedule))
    assert torch.equal(temporal_rescaling(0.8, 1.0)(args(sigma=1.0, model=flow)), args()["denoised"])


def test_neutral_strengths_change_nothing_to_the_bit():
    given, pair = args(), [COND, UNCOND]
    assert all(a is b for a, b in zip(projected_guidance(1.0, 0.0, 0.0)(given), pair, strict=True))
    assert all(a is b for a, b in zip(frequency_guidance(1.0, 1.0, 20)(given), pair, strict=True))
    assert scaled_epsilon(1.0)(given) is given["denoised"]
    assert temporal_rescaling(1.0, 3.0)(given) is given["denoised"]
    out, options = drawn(4, 4, 5, 8), {"cond_or_uncond": [1, 0]}
    assert normalised_attention.normalised_attention(1.0, 0.5, 1.5)(out, options) is out
    assert normalised_attention.normalised_attention(5.0, 0.0, 1.5)(out, options) is out


def test_a_side_alone_is_not_guided_by_attention():
    out = drawn(4, 4, 5, 8)
    assert normalised_attention.normalised_attention(5.0, 0.5, 1.5)(out, {"cond_or_uncond": [0]}) is out


def test_attention_is_led_away_and_its_length_bounded():
    """Equations 7 to 10 of the paper, token by token."""
    out = drawn(4, 4, 5, 8)
    scale, alpha, tau = 5.0, 0.5, 1.5
    changed = normalised_attention.normalised_attention(scale, alpha, tau)(out, {"cond_or_uncond": [1, 0]})
    assert torch.equal(changed[:2], out[:2])
    for row in range(2):
        for token in range(5):
            negative, positive = out[row, token].numpy(), out[2 + row, token].numpy()
            z = positive + (scale - 1) * (positive - negative)
            ratio = np.abs(z).sum() / np.abs(positive).sum()
            z = z * min(ratio, tau) / ratio
            expected = alpha * z + (1 - alpha) * positive
            np.testing.assert_allclose(changed[2 + row, token].numpy(), expected, rtol=1e-4, atol=1e-5)


def test_what_is_looked_at_sums_attention_over_those_that_look():
    q, k = drawn(1, 2, 12, 8), drawn(2, 2, 12, 8)
    seen = self_attention.looked_at(q, k, 2)
    expected = np.zeros((2, 12))
    for picture in range(2):
        for head in (slice(0, 4), slice(4, 8)):
            scores = q[picture, :, head].numpy() @ k[picture, :, head].numpy().T / 2
            weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
            expected[picture] += weights.sum(0) / 2
    np.testing.assert_allclose(seen.numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(seen.sum(1).numpy(), 12, rtol=1e-5)


@pytest.mark.parametrize("size", [(12, 16), (16, 12), (8, 24)])
def test_salient_places_are_where_they_are_in_the_picture(size: tuple[int, int]):
    rows, columns = size[0] // 4, size[1] // 4
    seen = torch.zeros(1, rows * columns)
    seen[0, columns + 1] = 2.0
    mask = self_attention.salient(seen, torch.zeros(1, 4, *size))
    assert mask.shape == (1, 1, *size)
    assert mask[0, 0, 4:8, 4:8].all()
    assert mask.sum() == 16


def test_the_blur_is_a_gaussian():
    x = drawn(3, 1, 2, 12, 14)
    line = np.exp(-0.5 * ((np.arange(9) - 4) / 2.0) ** 2)
    kernel = np.outer(line, line) / line.sum() ** 2
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (4, 4), (4, 4)), mode="reflect")
    expected = np.array(
        [[(padded[0, :, y : y + 9, z : z + 9] * kernel).sum((1, 2)) for z in range(14)] for y in range(12)]
    )
    np.testing.assert_allclose(self_attention.blurred(x, 2.0)[0].numpy(), expected.transpose(2, 0, 1), atol=1e-5)
    assert self_attention.blurred(x, 0.0) is x


@pytest.mark.parametrize(("ramp", "shares"), [(ramps.linear_ramp, [0, 0.5, 1]), (ramps.triangle_ramp, [0, 1, 0])])
def test_the_scale_goes_over_the_pictures_of_a_batch(ramp: Any, shares: list[float]):
    cond, uncond = drawn(1, 3, 4, 2, 2), drawn(2, 3, 4, 2, 2)
    out = ramp(1.5)({"cond": cond, "uncond": uncond, "cond_scale": 4.0})
    for picture, share in enumerate(shares):
        scale = 1.5 + share * 2.5
        torch.testing.assert_close(out[picture], mixed(cond[picture], uncond[picture], scale))


def test_every_picture_of_a_batch_is_guided_by_itself():
    first = {name: value[:1] for name, value in args().items() if isinstance(value, Tensor) and name != "sigma"}
    alone = args(**first, conds_out=[COND[:1], UNCOND[:1]])
    for method in (zero_star_guidance, positive_biased_guidance, normalised.normalised_guidance(1.0)):
        torch.testing.assert_close(method(alone), method(args())[:1])
    for change in (projected_guidance(0.0, 1.0, 0.0), tangential_damping, normalised.normalised_before(1.0)):
        for one, other in zip(change(alone), change(args()), strict=True):
            torch.testing.assert_close(one, other[:1])
    empty = drawn(7)
    both = perpendicular(COND, UNCOND, empty, SCALE, 1.0)
    torch.testing.assert_close(perpendicular(COND[:1], UNCOND[:1], empty[:1], SCALE, 1.0), both[:1])
