"""Patches are data: clones, strengths, recipes, object patches."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from comfy_core import patcher
from comfy_core.memory.residency import Residency
from comfy_core.patcher import ModelPatcher

CPU = torch.device("cpu")


@pytest.fixture
def model() -> ModelPatcher:
    network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    return ModelPatcher(network, CPU, CPU, name="net")


def test_a_clone_shares_weights_and_has_lists_of_its_own(model: ModelPatcher):
    model.model_options["transformer_options"]["a"] = [1]
    twin = model.clone()
    twin.add_patches({"0.weight": (torch.ones(2, 3),)})
    twin.model_options["transformer_options"]["a"].append(2)
    twin.add_object_patch("x", 1)
    assert twin.model is model.model
    assert twin.is_clone(model)
    assert model.patches == {}
    assert model.object_patches == {}
    assert model.model_options["transformer_options"]["a"] == [1]
    assert twin.patches_uuid != model.patches_uuid
    assert model.clone().patches_uuid == model.patches_uuid


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ((torch.ones(2, 3),), lambda w: w + 0.5),
        (("diff", (torch.ones(2, 3),)), lambda w: w + 0.5),
        (("set", (torch.ones(2, 3),)), lambda w: torch.ones(2, 3)),
    ],
)
def test_recipes(model: ModelPatcher, recipe, expected):
    before = model.source["0.weight"].clone()
    model.add_patches({"0.weight": recipe}, 0.5)
    torch.testing.assert_close(model.weight("0.weight"), expected(before))
    assert torch.equal(model.source["0.weight"], before)


def test_patches_add_up_in_order_and_may_scale_the_weight(model: ModelPatcher):
    before = model.source["0.weight"]
    model.add_patches({"0.weight": (torch.ones(2, 3),)}, 2.0, 0.5)
    model.add_patches({"0.weight": (torch.ones(2, 3),)}, -1.0)
    torch.testing.assert_close(model.weight("0.weight"), before * 0.5 + 2 - 1)


def test_a_patch_may_touch_some_rows_only(model: ModelPatcher):
    before = model.source["0.weight"].clone()
    model.add_patches({("0.weight", (0, 1, 1)): (torch.ones(1, 3),)}, 2.0)
    after = model.weight("0.weight")
    assert torch.equal(after[0], before[0])
    torch.testing.assert_close(after[1], before[1] + 2)


def test_a_function_shapes_the_difference(model: ModelPatcher):
    before = model.source["0.weight"]
    model.add_patches({("0.weight", None, lambda difference: -difference): (torch.ones(2, 3),)}, 2.0)
    torch.testing.assert_close(model.weight("0.weight"), before - 2)


def test_strength_0_is_the_weight_itself(model: ModelPatcher):
    model.add_patches({"0.weight": (torch.full((2, 3), 1e30),)}, 0.0)
    assert torch.equal(model.weight("0.weight"), model.source["0.weight"])


def test_names_that_are_no_weights_are_not_taken(model: ModelPatcher):
    assert model.add_patches({"nope": (torch.ones(1),), "1.bias": (torch.ones(2),)}) == ["1.bias"]


def test_a_recipe_that_does_not_fit_names_the_weight(model: ModelPatcher):
    model.add_patches({"0.weight": (torch.ones(5, 7),)})
    with pytest.raises(ValueError, match=r"does not fit 0\.weight of shape \(2, 3\)"):
        model.weight("0.weight")


def test_a_lack_of_memory_is_told_as_such_not_as_a_recipe_that_does_not_fit(
    model: ModelPatcher, monkeypatch: pytest.MonkeyPatch
):
    def short(*arguments: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 64 bytes.")

    model.add_patches({"0.weight": (torch.ones(2, 3),)})
    monkeypatch.setattr(patcher, "patched", short)
    with pytest.raises(RuntimeError, match="DefaultCPUAllocator"):
        model.weight("0.weight")


def test_an_object_patch_is_seen_by_its_clone_and_on_the_network_while_at_work(model: ModelPatcher):
    network = nn.Module()
    network.part = nn.Module()
    network.part.value = 1
    patcher = ModelPatcher(network, CPU, CPU)
    twin = patcher.clone()
    twin.add_object_patch("part.value", 2)
    assert twin.get_model_object("part.value") == 2
    assert patcher.get_model_object("part.value") == 1
    with Residency().use([twin]):
        assert network.part.value == 2
    assert network.part.value == 1


def test_key_patches_and_state_are_by_prefix(model: ModelPatcher):
    model.add_patches({"0.weight": (torch.ones(2, 3),)}, 2.0)
    found = model.get_key_patches("0.")
    assert set(found) == {"0.weight", "0.bias"}
    assert found["0.weight"][1].strength == 2.0
    assert set(model.model_state_dict("1.")) == {"1.weight", "1.bias"}
    assert model.model_size() == 4 * (6 + 2 + 4 + 2)
