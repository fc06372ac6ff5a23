"""Which evaluations a step cache leaves out, by the paper's rule."""

from __future__ import annotations

import torch

from comfy_core.step_cache import StepCache


def walked(cache: StepCache, change: float, steps: int = 6) -> list[torch.Tensor]:
    """Answers v = 2 x + 1 to an x that grows by `change` a step."""
    xs = [torch.full((1, 4, 2, 2), 1 + step * change) for step in range(steps)]
    return [cache.answer("q", 5.0, x, lambda x=x: 2 * x + 1) for x in xs]


def test_a_threshold_of_0_leaves_out_nothing():
    cache = StepCache(0.0, 10.0, 0.0)
    walked(cache, 0.0)
    assert (cache.asked, cache.reused) == (6, 0)


def test_answers_are_used_again_until_the_expected_change_adds_up():
    """v changes by 2 a unit of x; the last v asked for is 3.2, so that each step of 0.1 counts 0.2 / 3.2."""
    cache = StepCache(0.15, 10.0, 0.0)
    out = walked(cache, 0.1)
    assert (cache.asked, cache.reused) == (3, 3)
    torch.testing.assert_close(out[2], torch.full((1, 4, 2, 2), 1.2 + (3.2 - 1.1)))
    torch.testing.assert_close(out[4], torch.full((1, 4, 2, 2), 2 * 1.4 + 1))


def test_steps_outside_of_the_stretch_are_asked_for():
    cache = StepCache(3.0, 4.0, 0.0)
    walked(cache, 0.1)
    assert cache.reused == 0


def test_questions_and_shapes_are_kept_apart():
    cache = StepCache(3.0, 10.0, 0.0)
    walked(cache, 0.1, 3)
    other = cache.answer("other", 5.0, torch.ones(1, 4, 2, 2), lambda: torch.zeros(1, 4, 2, 2))
    assert not other.any()
    wide = cache.answer("q", 5.0, torch.ones(1, 4, 2, 4), lambda: torch.zeros(1, 4, 2, 4))
    assert not wide.any()
