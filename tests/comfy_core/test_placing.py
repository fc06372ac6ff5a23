"""Weights are put into a network where they are, where that is theirs to change, and the file never is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from comfy_core.memory.placing import PIECE, Pieces, drop, place
from comfy_core.networks.build import shapes_only
from comfy_core.patcher import ModelPatcher
from comfy_core.weights import open_weights

CPU = torch.device("cpu")
CHANGE = torch.arange(24.0).reshape(6, 4)


def model(folder: Path, dtype: torch.dtype | None, shape: tuple[int, int] = (6, 4)) -> ModelPatcher:
    """A linear layer of 4 numbers to 6, in half precision in a file."""
    path = folder / "net.safetensors"
    save_file({"weight": torch.randn(shape).half(), "bias": torch.randn(6).half()}, path)
    with shapes_only():
        network = nn.Linear(4, 6)
    return ModelPatcher(network, CPU, CPU, source=open_weights(path), dtype=dtype, name="net")


def changed(plain: ModelPatcher) -> ModelPatcher:
    twin = plain.clone()
    twin.add_patches({"weight": (CHANGE,)}, 0.5)
    return twin


def addresses(patcher: ModelPatcher) -> dict[str, int]:
    return {key: weight.data_ptr() for key, weight in patcher.model.state_dict().items()}


def assert_holds(patcher: ModelPatcher, weight: Tensor) -> None:
    assert torch.equal(patcher.model.weight, weight)
    assert torch.equal(patcher.model.bias, patcher.source["bias"].to(weight.dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_of_another_type_than_the_file_is_patched_where_it_is(tmp_path: Path, dtype: torch.dtype):
    plain = model(tmp_path, dtype)
    pristine = plain.source["weight"].clone()
    place(plain, plain.source)
    before = addresses(plain)
    place(changed(plain), ["weight"])
    assert_holds(plain, (pristine.float() + 0.5 * CHANGE).to(dtype))
    place(plain, ["weight"])
    assert_holds(plain, pristine.to(dtype))
    assert addresses(plain) == before
    assert torch.equal(plain.source["weight"], pristine)


def test_what_is_the_file_itself_gets_memory_while_it_is_patched(tmp_path: Path):
    plain = model(tmp_path, None)
    pristine = plain.source["weight"].clone()
    place(plain, plain.source)
    in_file = addresses(plain)
    place(changed(plain), ["weight"])
    assert_holds(plain, (pristine.float() + 0.5 * CHANGE).half())
    assert addresses(plain)["weight"] != in_file["weight"]
    place(plain, ["weight"])
    assert_holds(plain, pristine)
    assert addresses(plain) == in_file


def test_a_network_with_its_own_weights_never_has_them_overwritten():
    network = nn.Linear(4, 6)
    own = network.weight.detach()
    pristine = own.clone()
    halved = ModelPatcher(network, CPU, CPU, dtype=torch.bfloat16)
    for patcher in (halved, changed(halved), halved, changed(halved)):
        place(patcher, patcher.source)
    torch.testing.assert_close(network.weight, (pristine + 0.5 * CHANGE).bfloat16())
    drop(network, halved.source, from_file=False)
    assert network.weight.data_ptr() == own.data_ptr()
    assert torch.equal(network.weight, pristine)


@pytest.mark.parametrize("loading", [True, False])
def test_it_is_the_same_in_and_out_of_inference_mode(tmp_path: Path, loading: bool):
    plain = model(tmp_path, torch.float32)
    with torch.inference_mode(loading):
        place(plain, plain.source)
    with torch.inference_mode(not loading):
        place(changed(plain), ["weight"])
    assert_holds(plain, plain.source["weight"] + 0.5 * CHANGE)


def test_a_weight_that_does_not_fit_its_network_is_named(tmp_path: Path):
    wrong = model(tmp_path, torch.float32, shape=(6, 5))
    with pytest.raises(ValueError, match=r"net: weight has the shape \(6, 5\), and the network is made for \(6, 4\)"):
        place(wrong, wrong.source)


def test_pieces_hold_weights_side_by_side():
    pieces, sizes = Pieces(), [(3, 5), (7,), (), (0, 4), (2, 2, 2)]
    taken = [pieces.take(torch.Size(size), torch.float16).fill_(number) for number, size in enumerate(sizes)]
    assert [tuple(one.shape) for one in taken] == sizes
    assert all(bool((one == number).all()) for number, one in enumerate(taken))
    assert len({one.untyped_storage().data_ptr() for one in taken}) == 1
    assert all(one.data_ptr() % 64 == 0 for one in taken)


def test_what_is_larger_than_a_piece_gets_its_own():
    pieces = Pieces()
    small, large = pieces.take(torch.Size([4]), torch.uint8), pieces.take(torch.Size([PIECE + 1]), torch.uint8)
    assert len(large) == PIECE + 1
    assert large.untyped_storage().data_ptr() != small.untyped_storage().data_ptr()
