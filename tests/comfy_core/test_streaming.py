"""Models larger than the memory: what does not fit is there while its layer computes, and the numbers are the same."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from comfy_core.memory import devices
from comfy_core.memory.residency import Residency, place
from comfy_core.memory.streaming import Stream, plan
from comfy_core.networks.build import shapes_only
from comfy_core.patcher import ModelPatcher
from comfy_core.weights import open_weights

CPU = torch.device("cpu")
X = torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
LAYER, NORM = 4 * (16 * 16 + 16), 4 * 32
WHOLE = 5 * LAYER + NORM


class Net(nn.Module):
    """Five linear layers and a norm, one of the layers called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(16, 16) for _ in range(5))
        self.norm = nn.LayerNorm(16)

    def forward(self, x: Tensor) -> Tensor:
        for layer in [*self.layers, self.layers[1]]:
            x = self.norm(x + torch.tanh(layer(x)))
        return x


class CountedDevice:
    """A device that only counts the bytes of all weights that are not on the meta device, at every layer of a run."""

    def __init__(self, capacity: int, models: list[ModelPatcher]) -> None:
        self.capacity = capacity
        self.models = models
        self.residency = Residency(lambda device: capacity - self.taken())
        self.most = 0
        for model in models:
            for module in model.model.modules():
                module.register_forward_pre_hook(lambda *_: self.look())

    def taken(self) -> int:
        return sum(one.nbytes for model in self.models for one in model.model.parameters() if not one.is_meta)

    def look(self) -> None:
        self.most = max(self.most, self.taken())


@pytest.fixture(autouse=True)
def flags() -> Iterator[None]:
    devices.configure(cpu=True)
    yield
    devices.configure()


@pytest.fixture
def models(tmp_path: Path) -> list[ModelPatcher]:
    return [model(tmp_path / f"{seed}.safetensors", seed) for seed in range(3)]


def model(path: Path, seed: int) -> ModelPatcher:
    torch.manual_seed(seed)
    save_file(Net().state_dict(), path)
    with shapes_only():
        network = Net()
    return ModelPatcher(network, CPU, CPU, source=open_weights(path), dtype=torch.float32, name=f"net {seed}")


def answer(residency: Residency, model: ModelPatcher, working_bytes: int = 0) -> Tensor:
    with residency.use([model], working_bytes), torch.no_grad():
        return model.model(X)


def expected(model: ModelPatcher) -> Tensor:
    network = Net()
    network.load_state_dict({key: model.weight(key) for key in model.source})
    with torch.no_grad():
        return network(X)


@pytest.mark.parametrize("budget", [LAYER + NORM, 2 * LAYER, 2 * LAYER + NORM, 4 * LAYER, WHOLE - 1, WHOLE, 2 * WHOLE])
@pytest.mark.parametrize("working", [0, 1000])
def test_for_every_budget_the_numbers_are_the_same_and_the_budget_holds(models, budget: int, working: int):
    device = CountedDevice(budget + working, models)
    for turn in (0, 1, 2, 0, 0, 2):
        assert torch.equal(answer(device.residency, models[turn], working), expected(models[turn]))
    assert device.most <= budget + working
    assert device.taken() + working <= device.capacity


@pytest.mark.parametrize("flag", ["lowvram", "novram", "highvram"])
def test_for_every_flag_the_numbers_are_the_same(models, flag: str):
    devices.configure(cpu=True, **{flag: True})
    device = CountedDevice(WHOLE + LAYER, models)
    for turn in (0, 1, 0):
        assert torch.equal(answer(device.residency, models[turn]), expected(models[turn]))
    most = {"lowvram": (WHOLE + LAYER) // 2, "novram": 2 * LAYER + NORM, "highvram": WHOLE}[flag]
    assert device.most <= most


def test_as_much_stays_as_fits(models):
    assert plan(models[0], WHOLE).streamed == ()
    assert len(plan(models[0], 4 * LAYER + NORM).streamed) == 3
    assert len(plan(models[0], 2 * LAYER + NORM).streamed) == 5
    assert plan(models[0], 2 * LAYER + NORM).at_once == 2
    assert plan(models[0], 2 * LAYER + NORM - 1).at_once == 1


def test_patches_apply_to_streamed_weights(models):
    plain = models[0]
    patched = plain.clone()
    patched.add_patches({"layers.0.weight": (torch.ones(16, 16),), "norm.bias": (torch.ones(16),)}, 0.1)
    device = CountedDevice(2 * LAYER + NORM, models)
    for one in (plain, patched, plain):
        assert torch.equal(answer(device.residency, one), expected(one))
    assert not torch.equal(expected(plain), expected(patched))


def test_every_layer_is_read_once_a_run(models, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    original = ModelPatcher.weight
    monkeypatch.setattr(ModelPatcher, "weight", lambda self, key, *room: read.append(key) or original(self, key, *room))
    stream = Stream(models[0], ["layers.0", "layers.1"], 1)
    place(models[0], set(models[0].source) - stream.keys())
    read.clear()
    with torch.no_grad():
        models[0].model(X)
    assert read == [f"layers.{i}.{part}" for i in (0, 1, 1) for part in ("weight", "bias")]
    assert stream.held == 0
    assert stream.most == LAYER


def test_a_layer_that_fails_leaves_nothing_behind(models):
    device = CountedDevice(2 * LAYER + NORM, models)
    with device.residency.use([models[0]]):
        with pytest.raises(RuntimeError):
            models[0].model(torch.zeros(3, 7))
        assert device.taken() == NORM


def test_a_model_moves_back_whole_when_there_is_room_again(models):
    device = CountedDevice(3 * LAYER, models)
    answer(device.residency, models[0])
    assert device.taken() < WHOLE
    device.capacity = 2 * WHOLE
    device.residency._free_bytes = lambda _: device.capacity - device.taken()
    answer(device.residency, models[0])
    assert device.taken() == WHOLE


def test_a_whole_model_is_streamed_when_its_work_needs_the_room(models):
    device = CountedDevice(WHOLE + 100, models)
    answer(device.residency, models[0])
    assert device.taken() == WHOLE
    assert torch.equal(answer(device.residency, models[0], 2 * LAYER), expected(models[0]))
    assert device.taken() < WHOLE - LAYER


def test_a_model_at_work_can_be_streamed_when_memory_ends(models):
    residency = Residency()
    with residency.use([models[0]]), torch.no_grad():
        assert residency.stream(models[0].model)
        assert all(layer.weight.is_meta for layer in models[0].model.layers)
        assert torch.equal(models[0].model(X), expected(models[0]))
        assert not residency.stream(models[0].model)
    residency.free_all()
    assert residency.residents == []


def test_it_can_be_streamed_though_the_clone_that_it_was_loaded_for_is_gone(models):
    residency = Residency()
    answer(residency, models[0].clone())
    gc.collect()
    with residency.use([models[0]]), torch.no_grad():
        assert residency.stream(models[0].model)
        assert torch.equal(models[0].model(X), expected(models[0]))


def test_a_streamed_model_nobody_refers_to_is_forgotten(models):
    device = Residency(lambda device: 3 * LAYER)
    answer(device, models[0])
    models.clear()
    gc.collect()
    assert device.residents == []
