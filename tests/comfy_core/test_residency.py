"""Where weights live: pristine in the file, patched on the device, gone when room is needed."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from comfy_core.memory import devices
from comfy_core.memory.residency import Residency
from comfy_core.networks.build import shapes_only
from comfy_core.patcher import ModelPatcher
from comfy_core.weights import open_weights

CPU = torch.device("cpu")
X = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))


class CountedDevice:
    """A device that only counts: so many bytes fit, and so many are taken by residents."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.residency = Residency(self.free)
        self.most = 0

    def free(self, device: torch.device) -> int:
        taken = self.residency.bytes_on(device)
        self.most = max(self.most, taken)
        return self.capacity - taken


@pytest.fixture
def models(tmp_path: Path) -> list[ModelPatcher]:
    """Four networks of 288 bytes each, in files."""
    found = []
    for number in range(4):
        generator = torch.Generator().manual_seed(number)
        path = tmp_path / f"{number}.safetensors"
        save_file({"weight": torch.randn(8, 8, generator=generator), "bias": torch.randn(8, generator=generator)}, path)
        with shapes_only():
            network = nn.Linear(8, 8)
        found.append(
            ModelPatcher(network, CPU, CPU, source=open_weights(path), dtype=torch.float32, name=f"net {number}")
        )
    return found


def answer(residency: Residency, model: ModelPatcher, working_bytes: int = 0) -> Tensor:
    with residency.use([model], working_bytes), torch.no_grad():
        return model.model(X)


def expected(model: ModelPatcher) -> Tensor:
    return X @ model.source["weight"].T + model.source["bias"]


@pytest.mark.parametrize("capacity", [288, 500, 600, 900, 10_000])
def test_for_every_budget_the_numbers_are_the_same_and_the_budget_holds(models: list[ModelPatcher], capacity: int):
    device = CountedDevice(capacity)
    for turn in (0, 1, 2, 3, 0, 2, 1, 3):
        torch.testing.assert_close(answer(device.residency, models[turn]), expected(models[turn]))
        assert device.residency.bytes_on(CPU) <= capacity


def test_the_least_recently_used_leaves_first(models: list[ModelPatcher]):
    device = CountedDevice(3 * 288)
    for turn in (0, 1, 2, 0, 3):
        answer(device.residency, models[turn])
    assert [one.name for one in device.residency.residents] == ["net 2", "net 0", "net 3"]


@pytest.mark.parametrize(("flag", "left"), [("lowvram", ["net 1"]), ("novram", []), ("highvram", ["net 0", "net 1"])])
def test_flags_say_how_long_a_model_stays(models: list[ModelPatcher], flag: str, left: list[str]):
    residency = Residency()
    devices.configure(cpu=True, **{flag: True})
    try:
        for turn in (0, 1):
            torch.testing.assert_close(answer(residency, models[turn]), expected(models[turn]))
    finally:
        devices.configure()
    assert [one.name for one in residency.residents] == left


def test_working_memory_counts(models: list[ModelPatcher]):
    device = CountedDevice(3 * 288)
    answer(device.residency, models[0])
    answer(device.residency, models[1])
    answer(device.residency, models[1], working_bytes=500)
    assert [one.name for one in device.residency.residents] == ["net 1"]


def test_what_is_at_work_never_leaves(models: list[ModelPatcher]):
    device = CountedDevice(288)
    with device.residency.use([models[0]]):
        answer(device.residency, models[1])
        device.residency.free_all()
        torch.testing.assert_close(models[0].model(X), expected(models[0]))
    device.residency.free_all()
    assert device.residency.residents == []


def test_freed_weights_are_gone_and_come_back_from_the_file(models: list[ModelPatcher]):
    residency = Residency()
    answer(residency, models[0])
    residency.free_all()
    assert all(one.is_meta for one in models[0].model.parameters())
    torch.testing.assert_close(answer(residency, models[0]), expected(models[0]))


def test_float32_weights_on_the_cpu_are_the_file_itself(models: list[ModelPatcher]):
    """Nothing is copied: the parameter is the memory map."""
    model = models[0]
    with Residency().use([model]):
        mapped = model.source["weight"].untyped_storage().data_ptr()
        assert model.model.weight.untyped_storage().data_ptr() == mapped


def test_patches_come_and_go_with_the_clone_that_has_them(models: list[ModelPatcher]):
    residency = Residency()
    plain = models[0]
    patched = plain.clone()
    patched.add_patches({"bias": (torch.ones(8),)}, 3.0)
    other = plain.clone()
    other.add_patches({"weight": (torch.ones(8, 8),)}, 1.0)
    before = answer(residency, plain)
    torch.testing.assert_close(answer(residency, patched), before + 3)
    torch.testing.assert_close(answer(residency, other), before + X.sum(1, keepdim=True))
    assert torch.equal(answer(residency, plain), before)
    assert len(residency.residents) == 1


def test_a_patch_that_does_not_fit_leaves_nothing_of_its_clone(
    models: list[ModelPatcher], monkeypatch: pytest.MonkeyPatch
):
    residency = Residency()
    before = answer(residency, models[0])
    wrong = models[0].clone()
    wrong.add_patches({"bias": (torch.ones(8),)}, 3.0)
    wrong.add_patches({"weight": (torch.ones(5, 7),)}, 1.0)
    with pytest.raises(ValueError, match="does not fit weight"):
        answer(residency, wrong)
    assert torch.equal(answer(residency, models[0]), before)


def test_two_clones_with_different_patches_cannot_be_at_work_at_once(models: list[ModelPatcher]):
    residency = Residency()
    twin = models[0].clone()
    twin.add_patches({"bias": (torch.ones(8),)})
    with residency.use([models[0]]):
        with residency.use([models[0].clone()]):
            pass
        with pytest.raises(ValueError, match="net 0 is already at work with other patches"), residency.use([twin]):
            pass


def test_a_network_without_a_file_gets_its_own_weights_back():
    network = nn.Linear(8, 8)
    weight = network.weight
    patcher = ModelPatcher(network, CPU, CPU)
    patcher.add_patches({"weight": (torch.ones(8, 8),)})
    residency = Residency()
    with residency.use([patcher]):
        torch.testing.assert_close(network.weight, weight + 1)
    residency.free_all()
    assert torch.equal(network.weight, weight)


def test_a_model_nobody_refers_to_is_forgotten(models: list[ModelPatcher]):
    residency = Residency()
    answer(residency, models[0])
    models.clear()
    gc.collect()
    assert residency.residents == []
