"""Methods inside the U-Net's blocks, against their formulas and diffusers'."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from diffusers.utils.torch_utils import fourier_filter
from torch import Tensor, nn

from comfy_core.memory.attention import attention
from comfy_core.patcher import ModelPatcher
from comfy_core.unet_patches.deep_shrink import DeepShrink
from comfy_core.unet_patches.free_u import free_u
from comfy_core.unet_patches.hyper_tile import hyper_tile, parts
from comfy_core.unet_patches.network import unet_of
from comfy_core.unet_patches.token_merging import drawn, matched, token_merging


def random(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def here(height: int = 32, width: int = 32, level: int = 0, sigma: float = 5.0, index: int = 0) -> dict[str, Any]:
    return {
        "block": ("input", 1),
        "block_index": index,
        "original_shape": [2, 4, height, width],
        "activations_shape": [2, 8, height >> level, width >> level],
        "sigmas": torch.tensor([sigma]),
    }


# --- FreeU ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(8, 8), (6, 5), (1, 8)])
def test_free_u_is_diffusers_formula(size: tuple[int, int]):
    h, skip = random(1, 2, 16, *size), random(2, 2, 12, *size)
    ours = free_u({16: (1.2, 0.9), 8: (1.4, 0.2)})(h, skip, {})
    expected = torch.cat([h[:, :8] * 1.2, h[:, 8:]], dim=1)
    torch.testing.assert_close(ours[0], expected)
    torch.testing.assert_close(ours[1], fourier_filter(skip, threshold=1, scale=0.9), rtol=1e-4, atol=1e-5)


def test_free_u_2_strengthens_where_there_is_most():
    h, skip = random(1, 2, 16, 4, 4), random(2, 2, 12, 4, 4)
    out, _ = free_u({16: (1.5, 1.0)}, structured=True)(h, skip, {})
    for picture in range(2):
        mean = h[picture].mean(0)
        share = (mean - mean.min()) / (mean.max() - mean.min())
        torch.testing.assert_close(out[picture, :8], h[picture, :8] * (1 + 0.5 * share))
        assert torch.equal(out[picture, 8:], h[picture, 8:])


def test_free_u_leaves_other_widths_and_strengths_of_1_alone():
    h, skip = random(1, 2, 16, 4, 4), random(2, 2, 12, 4, 4)
    for strengths in ({16: (1.0, 1.0)}, {8: (2.0, 2.0)}):
        assert all(a is b for a, b in zip(free_u(strengths)(h, skip, {}), (h, skip), strict=True))


# --- HyperTile --------------------------------------------------------------------------------------------------------


def attend(patches: tuple[Any, Any], x: Tensor, options: dict[str, Any]) -> Tensor:
    before, after = patches
    return after(attention(*before(x, x, x, options), heads=2), options)


def test_hyper_tile_is_attention_within_each_tile():
    x = random(1, 2, 16 * 24, 8)
    out = attend(hyper_tile(64, 1, 0, False), x, here(16, 24)).view(2, 16, 24, 8)
    picture = x.view(2, 16, 24, 8)
    for top in (0, 8):
        for left in (0, 8, 16):
            tile = picture[:, top : top + 8, left : left + 8].reshape(2, 64, 8)
            expected = attention(tile, tile, tile, 2).view(2, 8, 8, 8)
            torch.testing.assert_close(out[:, top : top + 8, left : left + 8], expected)


@pytest.mark.parametrize(("level", "max_depth", "tiled"), [(0, 0, True), (1, 0, False), (1, 1, True)])
def test_hyper_tile_is_for_the_largest_maps(level: int, max_depth: int, tiled: bool):
    options = here(32, 32, level)
    x = random(1, 2, (32 >> level) ** 2, 8)
    whole = attention(x, x, x, 2)
    assert torch.equal(attend(hyper_tile(32, 1, max_depth, False), x, options), whole) != tiled


def test_hyper_tile_of_a_picture_no_larger_than_a_tile_is_no_patch():
    x = random(1, 2, 16 * 16, 8)
    assert torch.equal(attend(hyper_tile(2048, 2, 0, False), x, here(16, 16)), attention(x, x, x, 2))


def test_numbers_of_tiles_take_turns_and_leave_none_too_small():
    assert {parts(96, 16, 3, Random(seed)) for seed in range(50)} == {6, 4, 3}
    assert {parts(97, 16, 3, Random(seed)) for seed in range(50)} == {1}
    assert parts(8, 32, 2, Random(0)) == 1


def test_chance_is_the_same_in_every_run():
    x = random(1, 2, 64 * 64, 8)
    runs = [attend(hyper_tile(64, 4, 0, False), x, here(64, 64)) for _ in range(2)]
    assert torch.equal(*runs)
    others = [attend(hyper_tile(64, 4, 0, False), x, here(64, 64, index=index)) for index in range(1, 8)]
    assert not all(torch.equal(runs[0], other) for other in others)


# --- ToMe -------------------------------------------------------------------------------------------------------------


def test_of_every_square_one_place_stays():
    sources, destinations = drawn((4, 6), Random(1))
    squares = {(int(place) // 6 // 2, int(place) % 6 // 2) for place in destinations}
    assert squares == {(y, x) for y in range(2) for x in range(3)}
    assert sorted([*sources.tolist(), *destinations.tolist()]) == list(range(24))


def test_the_likest_places_join_what_they_are_like():
    """The matching of the paper, place by place."""
    x, count = random(3, 1, 24, 8), 9
    plan = matched(x, (4, 6), count, Random(1))
    sources, destinations = plan.sources.tolist(), plan.destinations.tolist()
    best = {}
    for source in sources:
        cosines = [float(F.cosine_similarity(x[0, source], x[0, target], dim=0)) for target in destinations]
        best[source] = max(zip(cosines, destinations, strict=True))
    joining = sorted(sources, key=lambda one: -best[one][0])[:count]
    groups = {target: [target, *(one for one in joining if best[one][1] == target)] for target in destinations}
    merged = plan.merged(x)
    assert merged.shape == (1, 24 - count, 8)
    restored = plan.restored(merged)
    for place in range(24):
        target = place if place in destinations else best[place][1]
        members = groups[target] if place in destinations or place in joining else [place]
        torch.testing.assert_close(restored[0, place], x[0, members].mean(0))


def test_token_merging_attends_over_what_is_left():
    x, options = random(1, 2, 16 * 16, 8), here(16, 16)
    before, after = token_merging(0.5)
    n, context, value = before(x, x, x, options)
    assert n.shape == context.shape == value.shape == (2, 128, 8)
    assert after(attention(n, context, value, 2), options).shape == x.shape
    assert before(*[x] * 3, here(32, 32, level=1))[0] is x
    assert token_merging(0.0)[0](x, x, x, options)[0] is x
    assert before(*[x[:, :7]] * 3, options)[0].shape == (2, 7, 8)


def test_at_most_three_quarters_of_the_places_join():
    x = random(1, 2, 16 * 16, 8)
    assert token_merging(1.0)[0](x, x, x, here(16, 16))[0].shape[1] == 64


# --- deep shrink ------------------------------------------------------------------------------------------------------


def test_deep_shrink_is_for_one_block_and_the_beginning():
    shrink = DeepShrink(block=3, factor=2.0, first=10.0, last=2.0, down="area", up="nearest-exact")
    h = random(1, 1, 4, 8, 12)
    told = {"block": ("input", 3), "sigmas": torch.tensor([5.0])}
    torch.testing.assert_close(shrink.shrink(h, told), F.avg_pool2d(h, 2))
    for other in ({"block": ("input", 4)}, {"sigmas": torch.tensor([1.0])}, {"sigmas": torch.tensor([11.0])}):
        assert shrink.shrink(h, told | other) is h


def test_deep_shrink_grows_to_the_skip_it_meets():
    shrink = DeepShrink(block=3, factor=2.0, first=10.0, last=2.0, down="area", up="nearest-exact")
    h, skip = random(1, 1, 4, 4, 6), random(2, 1, 4, 8, 12)
    grown, same = shrink.grow(h, skip, {})
    torch.testing.assert_close(grown, h.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert same is skip
    assert shrink.grow(skip, skip, {})[0] is skip


def test_another_network_than_a_u_net_is_refused_by_the_methods_name():
    network = nn.Module()
    network.diffusion_model = nn.Linear(2, 2)
    with pytest.raises(ValueError, match=r"FreeU is for U-Nets .* and this model is a Linear"):
        unet_of(ModelPatcher(network, torch.device("cpu"), torch.device("cpu")), "FreeU")
