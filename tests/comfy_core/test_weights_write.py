"""Safetensors files written tensor by tensor are what others read, and appear whole or not at all."""

import shutil

import pytest
import torch
from safetensors.torch import load_file

from comfy_core.weights import WeightsError, open_weights
from comfy_core.weights.scaled import dequantised
from comfy_core.weights.table import Entry, Weights
from comfy_core.weights.write import Planned, copied, write_safetensors

TENSORS = {
    "b": torch.arange(3, dtype=torch.uint8),
    "a": torch.randn(2, 3).T,
    "c": torch.randn(4, dtype=torch.bfloat16),
    "ä": torch.tensor(7),
    "none": torch.empty(0, 5),
    "d": torch.randn(2).to(torch.float8_e4m3fn),
}
TABLE = Weights.of(TENSORS)
PLANNED = {name: copied(TABLE, name) for name in TABLE}


def test_others_read_what_is_written(tmp_path):
    heard = []
    path = tmp_path / "a.safetensors"
    assert write_safetensors(path, PLANNED, {"k": "ü"}, heard.append) == path.stat().st_size
    read = load_file(path)
    assert read.keys() == TENSORS.keys()
    assert all(torch.equal(read[name].float(), one.float()) for name, one in TENSORS.items())
    assert all(read[name].dtype == one.dtype for name, one in TENSORS.items())
    assert open_weights(path).metadata == {"k": "ü"}
    assert sum(heard) == TABLE.nbytes()
    assert list(tmp_path.iterdir()) == [path]


def test_tensors_are_made_one_at_a_time_and_let_go(tmp_path):
    alive, most = 0, 0

    def make():
        nonlocal alive, most
        alive, most = alive + 1, max(most, alive + 1)
        return torch.zeros(2)

    def done():
        nonlocal alive
        alive -= 1

    planned = {str(number): Planned(Entry((2,), torch.float32), make, done) for number in range(5)}
    write_safetensors(tmp_path / "a.safetensors", planned, {})
    assert (alive, most) == (0, 1)


def test_nothing_is_overwritten(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"mine")
    with pytest.raises(WeightsError, match="there already"):
        write_safetensors(path, PLANNED, {})
    assert path.read_bytes() == b"mine"


def test_a_file_that_appears_meanwhile_stays_and_half_a_file_goes(tmp_path):
    path = tmp_path / "a.safetensors"
    planned = {"a": Planned(Entry((2,), torch.float32), lambda: (path.write_bytes(b"mine"), torch.zeros(2))[1])}
    with pytest.raises(WeightsError, match="there already"):
        write_safetensors(path, planned, {})
    assert path.read_bytes() == b"mine"

    def broken():
        raise WeightsError("no")

    with pytest.raises(WeightsError, match="no"):
        write_safetensors(tmp_path / "b.safetensors", {"a": Planned(Entry((2,), torch.float32), broken)}, {})
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(WeightsError, match="bytes, and the disk has 10 free"):
        write_safetensors(tmp_path / "a.safetensors", PLANNED, {})
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(tmp_path):
    with pytest.raises(WeightsError, match="cannot be written"):
        write_safetensors(tmp_path / "gone" / "a.safetensors", PLANNED, {})


def test_numbers_too_large_for_the_type_are_not_made_infinite():
    table = Weights.of({"w": torch.tensor([1e5, 1.0]), "i": torch.tensor([torch.inf])})
    with pytest.raises(WeightsError, match="'w' holds numbers that fp16 does not reach"):
        copied(table, "w", torch.float16).make()
    assert copied(table, "i", torch.float16).make().isinf()


@pytest.mark.parametrize("ending", ["scale_weight", "weight_scale"])
@pytest.mark.parametrize("scale", [torch.tensor(0.5), torch.tensor([0.5, 2.0])])
def test_scaled_matrices_are_read_multiplied_out(ending, scale):
    fp8 = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).to(torch.float8_e4m3fn)
    table = dequantised(
        Weights.of(
            {"x.weight": fp8, f"x.{ending}": scale, "y.weight": fp8, "scaled_fp8": torch.empty(0), "x.bias": scale}
        )
    )
    assert sorted(table) == ["x.bias", "x.weight", "y.weight"]
    assert torch.equal(table["x.weight"], fp8.float() * scale.reshape(-1, 1))
    assert (table.dtype("x.weight"), table.dtype("y.weight")) == (torch.float32, torch.float8_e4m3fn)
