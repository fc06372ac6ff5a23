"""Nodes that change encoded prompts, by their formulas, and in a picture."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.folders import Folders
from nodes.conditioning import (
    conditioning_average,
    conditioning_combine,
    conditioning_concat,
    conditioning_multiply,
    conditioning_set_area,
    conditioning_set_area_percentage,
    conditioning_set_area_strength,
    conditioning_set_mask,
    conditioning_set_timestep_range,
    conditioning_zero_out,
)
from nodes.latents import empty_latent_image
from nodes.loaders import checkpoint_loader_simple
from nodes.sampling import k_sampler
from nodes.text import clip_text_encode


def prompt(tokens: int = 77, width: int = 8, seed: int = 0, pooled: bool = True, **extra: Any) -> list[Any]:
    generator = torch.Generator().manual_seed(seed)
    text = torch.randn(1, tokens, width, generator=generator)
    if pooled:
        extra["pooled_output"] = torch.randn(1, 4, generator=generator)
    return [text, extra]


def test_concatenated_prompts_follow_each_other_and_keep_what_the_first_one_says():
    a, b, c = prompt(77, seed=0, strength=2.0), prompt(154, seed=1), prompt(77, seed=2)
    (one, two) = conditioning_concat([a, c], [b])
    assert torch.equal(one[0], torch.cat([a[0], b[0]], dim=1))
    assert torch.equal(two[0], torch.cat([c[0], b[0]], dim=1))
    assert one[1] == a[1]
    assert a[0].shape[1] == 77


@pytest.mark.parametrize(("tokens", "seen"), [(77, 77), (154, 77), (40, 40)])
def test_an_average_goes_word_by_word_over_the_first_prompts_length(tokens: int, seen: int):
    a, b = prompt(77, seed=0), prompt(tokens, seed=1)
    ((text, extra),) = conditioning_average([a], [b], 0.25)
    expected = a[0] * 0.25
    expected[:, :seen] += 0.75 * b[0][:, :seen]
    torch.testing.assert_close(text, expected)
    pooled = 0.25 * a[1]["pooled_output"] + 0.75 * b[1]["pooled_output"]
    torch.testing.assert_close(extra["pooled_output"], pooled)


def test_an_average_takes_a_pooled_vector_from_where_there_is_one():
    with_one, without = prompt(seed=0), prompt(seed=1, pooled=False)
    assert torch.equal(
        conditioning_average([without], [with_one], 0.5)[0][1]["pooled_output"], with_one[1]["pooled_output"]
    )
    assert torch.equal(
        conditioning_average([with_one], [without], 0.5)[0][1]["pooled_output"], with_one[1]["pooled_output"]
    )
    assert conditioning_average([without], [without], 0.5)[0][1] == {}


@pytest.mark.parametrize("node", [conditioning_concat, lambda a, b: conditioning_average(a, b, 0.5)])
def test_prompts_of_two_families_cannot_be_joined(node):
    with pytest.raises(ValueError, match="one are 8 wide, those of the other 16; encode both with the same CLIP"):
        node([prompt(width=8)], [prompt(width=16)])
    with pytest.raises(ValueError, match="link one that was encoded"):
        node([prompt()], [])


def test_a_prompt_is_scaled_and_zeroed_with_its_pooled_vector():
    one = prompt(strength=0.5)
    ((text, extra),) = conditioning_multiply([one], -2.0)
    assert torch.equal(text, one[0] * -2)
    assert torch.equal(extra["pooled_output"], one[1]["pooled_output"] * -2)
    one[0][0, 0, 0] = float("inf")
    ((text, extra),) = conditioning_zero_out([one])
    assert not text.any()
    assert not extra["pooled_output"].any()
    assert extra["strength"] == 0.5


def test_what_the_sampler_reads_is_written_into_every_entry_of_a_copy():
    prompts = [prompt(seed=0), prompt(seed=1)]

    def written(conditioning: list[Any]) -> dict[str, Any]:
        first, second = (
            {key: value for key, value in one[1].items() if key != "pooled_output"} for one in conditioning
        )
        assert first == second
        return first

    assert written(conditioning_set_area(prompts, 64, 128, 8, 16, 0.5)) == {
        "area": (16, 8, 2, 1),
        "strength": 0.5,
        "set_area_to_bounds": False,
    }
    assert written(conditioning_set_area_percentage(prompts, 0.5, 1.0, 0.25, 0.0, 2.0)) == {
        "area": ("percentage", 1.0, 0.5, 0.0, 0.25),
        "strength": 2.0,
        "set_area_to_bounds": False,
    }
    assert written(conditioning_set_area_strength(prompts, 3.0)) == {"strength": 3.0}
    assert written(conditioning_set_timestep_range(prompts, 0.2, 0.7)) == {"start_percent": 0.2, "end_percent": 0.7}
    assert all(one[1].keys() == {"pooled_output"} for one in prompts)


@pytest.mark.parametrize(("choice", "to_bounds"), [("default", False), ("mask bounds", True)])
def test_a_mask_has_a_batch_and_a_strength_of_its_own(choice: str, to_bounds: bool):
    ((_, extra),) = conditioning_set_mask([prompt(strength=2.0)], torch.ones(8, 8), 0.5, choice)
    assert extra["mask"].shape == (1, 8, 8)
    assert (extra["mask_strength"], extra["strength"], extra["set_area_to_bounds"]) == (0.5, 2.0, to_bounds)


def test_a_regional_prompt_changes_its_half_of_the_picture_alone(base: Folders):
    model, clip, _ = checkpoint_loader_simple("tiny.safetensors")
    plain, negative = clip_text_encode("a cat", clip), clip_text_encode("", clip)
    left = torch.zeros(1, 64, 128)
    left[:, :, :64] = 1
    dog = conditioning_set_mask(clip_text_encode("(a dog:8)", clip), left, 1.0, "default")

    def sampled(positive: list[Any]) -> Tensor:
        return k_sampler(model, 7, 1, 3.0, "euler", "normal", positive, negative, empty_latent_image(128, 64, 1))[
            "samples"
        ]

    difference = (sampled(conditioning_combine(plain, dog)) - sampled(plain)).abs()
    assert difference[..., :8].max() > 1000 * difference[..., 8:].max()
