"""Hypernetworks against the formula of the web UI that they come from, and what is refused."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core.families import load_checkpoint
from comfy_core.hypernetwork import load_hypernetwork, with_hypernetwork
from comfy_core.memory import residency
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.sample import common_ksampler
from comfy_core.weights import WeightsError
from tests.tiny_models import write_model

TEXTS = torch.randn(2, 1, 77, 32, generator=torch.Generator().manual_seed(0))
WIDTHS = (32, 64, 128)
Rows = list[tuple[str, Tensor]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelPatcher:
    return load_checkpoint(write_model(tmp_path_factory.mktemp("hyper") / "sd1.safetensors", "sd1")).model


@pytest.fixture(autouse=True)
def alone() -> Any:
    yield
    residency.free_all()


def table(width: int, generator: torch.Generator, structure: list[int], norms: bool, numbers: list[int]) -> OrderedDict:
    """The weights of one row of layers; `numbers` are those in the names of its linear layers."""
    found: OrderedDict[str, Tensor] = OrderedDict()
    for number, (before, after) in zip(numbers, pairwise(structure), strict=True):
        found[f"linear.{number}.weight"] = torch.randn(width * after, width * before, generator=generator) * 0.05
        found[f"linear.{number}.bias"] = torch.randn(width * after, generator=generator) * 0.05
        if norms:
            found[f"linear.{number + 1}.weight"] = torch.rand(width * after, generator=generator) + 0.5
            found[f"linear.{number + 1}.bias"] = torch.randn(width * after, generator=generator) * 0.1
    return found


def write(path: Path, structure: list[int], numbers: list[int], norms: bool = False, **said: Any) -> dict[Any, Any]:
    generator = torch.Generator().manual_seed(4)
    content: dict[Any, Any] = {
        "name": "style",
        "step": 1000,
        "layer_structure": structure,
        "is_layer_norm": norms,
        **said,
    }
    for width in WIDTHS:
        content[width] = [table(width, generator, structure, norms, numbers) for _ in range(2)]
    torch.save(content, path)
    return content


def expected(weights: OrderedDict, x: Tensor, activation: Callable[[Tensor], Tensor], activates_output: bool) -> Tensor:
    """x after the layers of a table: each linear one activated but the last, each norm behind it."""
    linears = [name for name, value in weights.items() if value.ndim == 2]
    for name, value in weights.items():
        if name.endswith("bias"):
            continue
        bias = weights[name.replace("weight", "bias")]
        if value.ndim == 1:
            x = F.layer_norm(x, value.shape, value, bias)
            continue
        x = x @ value.T + bias
        if name != linears[-1] or activates_output:
            x = activation(x)
    return x


@pytest.mark.parametrize(
    ("structure", "numbers", "norms", "said", "activation"),
    [
        ([1, 2, 1], [0, 1], False, {}, lambda x: x),
        ([1, 2, 1], [0, 2], False, {"activation_func": "relu"}, F.relu),
        ([1, 2, 2, 1], [0, 3, 6], False, {"activation_func": "Swish", "use_dropout": True}, F.hardswish),
        ([1, 2, 1], [0, 3], True, {"activation_func": "mish", "activate_output": True}, F.mish),
        ([1, 1], [0], False, {"activation_func": None}, lambda x: x),
    ],
    ids=["as at first", "relu", "three layers and dropout", "norms and an active output", "one layer"],
)
def test_keys_and_values_are_made_of_what_it_adds(
    model: ModelPatcher, tmp_path: Path, structure: Any, numbers: Any, norms: bool, said: Any, activation: Any
):
    content = write(tmp_path / "style.pt", structure, numbers, norms, **said)
    changed = with_hypernetwork(model, load_hypernetwork(tmp_path / "style.pt"), 0.7, "style.pt")
    patches = changed.model_options["transformer_options"]["patches"]
    assert patches.keys() == {"attn1_patch", "attn2_patch"}
    (patch,) = patches["attn2_patch"]
    for width in WIDTHS:
        x, context = torch.randn(2, 5, 64), torch.randn(2, 7, width)
        with torch.no_grad(), residency.use(changed.get_additional_models()):
            query, key, value = patch(x, context, context, {})
        assert query is x
        for ours, weights in zip((key, value), content[width], strict=True):
            added = expected(weights, context, activation, bool(said.get("activate_output")))
            torch.testing.assert_close(ours, context + 0.7 * added, rtol=0, atol=1e-5)
    unknown = torch.randn(1, 2, 48)
    assert patch(unknown, unknown, unknown, {})[1] is unknown


def test_the_names_of_the_oldest_files_are_read(tmp_path: Path):
    write(tmp_path / "new.pt", [1, 2, 1], [0, 1])
    content = torch.load(tmp_path / "new.pt")
    for width in WIDTHS:
        content[width] = [
            {name.replace("linear.0", "linear1").replace("linear.1", "linear2"): value for name, value in one.items()}
            for one in content[width]
        ]
    torch.save(content, tmp_path / "old.pt")
    new, old = (load_hypernetwork(tmp_path / f"{age}.pt").source for age in ("new", "old"))
    assert new.keys() == old.keys()
    assert all(torch.equal(new[name], old[name]) for name in new)


def test_it_takes_part_in_sampling_and_is_freed_with_the_model(model: ModelPatcher, tmp_path: Path):
    write(tmp_path / "style.pt", [1, 2, 1], [0, 1])
    hypernetwork = load_hypernetwork(tmp_path / "style.pt")
    latent = {"samples": torch.zeros(1, 4, 8, 8)}

    def sample(patcher: ModelPatcher) -> Tensor:
        positive, negative = [[TEXTS[0], {}]], [[TEXTS[1], {}]]
        return common_ksampler(patcher, 3, 2, 5.0, "euler", "normal", positive, negative, latent)["samples"]

    changed = sample(with_hypernetwork(model, hypernetwork, 1.0, "style.pt"))
    assert {one.name for one in residency.current().residents} == {"U-Net", "hypernetwork"}
    assert (changed - sample(model)).abs().max() > 0.05
    assert torch.equal(sample(with_hypernetwork(model, hypernetwork, 0.0, "style.pt")), sample(model))


def test_one_for_another_family_and_files_of_something_else_are_refused(model: ModelPatcher, tmp_path: Path):
    content = write(tmp_path / "style.pt", [1, 1], [0], activation_func="sine")
    with pytest.raises(WeightsError, match=r"style\.pt has the activation 'sine', which .* known: linear, relu"):
        load_hypernetwork(tmp_path / "style.pt")
    layer = {"linear.0.weight": torch.zeros(768, 768), "linear.0.bias": torch.zeros(768)}
    torch.save({768: [layer, layer]}, tmp_path / "sd1.pt")
    with pytest.raises(ValueError, match=r"sd1\.pt is for Stable Diffusion 1\.x, and the model is .*; take one"):
        with_hypernetwork(model, load_hypernetwork(tmp_path / "sd1.pt"), 1.0, "sd1.pt")
    torch.save({"state_dict": {"a": torch.zeros(2)}}, tmp_path / "x.pt")
    with pytest.raises(WeightsError, match=r"x\.pt is not a hypernetwork"):
        load_hypernetwork(tmp_path / "x.pt")
    content[64][0].pop("linear.0.bias")
    content["activation_func"] = "relu"
    torch.save(content, tmp_path / "part.pt")
    with pytest.raises(WeightsError, match=r"part\.pt is damaged"):
        load_hypernetwork(tmp_path / "part.pt")
