"""Weight files: what is read, what is refused, and that nothing in a pickle is ever run."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import save_file

from comfy_core.weights import Weights, WeightsError, open_weights


def header_file(path: Path, header: object, body: bytes = b"") -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


def entry(begin: int, end: int, shape: list[int] | None = None, dtype: str = "U8") -> dict:
    return {"dtype": dtype, "shape": [end - begin] if shape is None else shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    "dtype",
    [torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.int64, torch.bool],
)
def test_every_storage_type_is_read(tmp_path: Path, dtype: torch.dtype):
    value = torch.tensor([[0.0, 1.0], [2.0, 0.5]]).to(dtype)
    save_file({"a": value}, tmp_path / "x.safetensors", metadata={"easel.num_heads": "4"})
    weights = open_weights(tmp_path / "x.safetensors")
    assert weights.shape("a") == (2, 2)
    assert weights.dtype("a") == dtype
    assert weights.metadata == {"easel.num_heads": "4"}
    assert torch.equal(weights["a"].double(), value.double())


def test_a_part_of_a_file_is_a_table_of_its_own(tmp_path: Path):
    save_file({"a.x": torch.ones(2), "a.y": torch.zeros(3), "b.x": torch.ones(4)}, tmp_path / "x.safetensors")
    part = open_weights(tmp_path / "x.safetensors").under("a.")
    assert set(part) == {"x", "y"}
    assert part.nbytes() == 20
    assert "b.x" not in part
    assert part.renamed(lambda name: f"new.{name}")["new.y"].shape == (3,)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"1234", "too short"),
        (struct.pack("<Q", 2**62) + b"{}", "header claims"),
        (struct.pack("<Q", 5) + b"hello", "not JSON"),
        (struct.pack("<Q", 2) + b"[]", "not a JSON object"),
    ],
)
def test_a_file_that_is_no_safetensors_says_so(tmp_path: Path, content: bytes, says: str):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=says):
        open_weights(path)


@pytest.mark.parametrize(
    ("header", "body", "says"),
    [
        ({"a": entry(0, 8)}, 4, "truncated"),
        ({"a": entry(0, 8), "b": entry(4, 12)}, 12, "overlap"),
        ({"a": entry(0, 4), "b": entry(8, 12)}, 12, "belong to no tensor"),
        ({"a": entry(0, 4)}, 12, "belong to no tensor"),
        ({"a": entry(0, 4, [1 << 62, 1 << 62])}, 4, "does not take"),
        ({"a": entry(0, 4, [-4])}, 4, "not sizes"),
        ({"a": entry(0, 4, dtype="F17")}, 4, "F17"),
        ({"a": {"dtype": "U8"}}, 0, "malformed"),
        ({"a": "x"}, 0, "malformed"),
        ({"__metadata__": {"a": 1}}, 0, "metadata"),
    ],
)
def test_a_damaged_header_says_what_is_wrong(tmp_path: Path, header: object, body: int, says: str):
    path = header_file(tmp_path / "x.safetensors", header, b"\0" * body)
    with pytest.raises(WeightsError, match=says) as caught:
        open_weights(path)
    assert str(caught.value).startswith("x.safetensors")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(WeightsError, match=r"gone\.safetensors cannot be opened"):
        open_weights(tmp_path / "gone.safetensors")


@pytest.mark.parametrize("zip_format", [True, False])
@pytest.mark.parametrize("wrapper", [None, "state_dict"])
def test_old_checkpoints_are_read(tmp_path: Path, zip_format: bool, wrapper: str | None):
    tensors = {"a.x": torch.arange(6.0).view(2, 3), "b": torch.ones(2).half()}
    content = tensors if wrapper is None else {wrapper: tensors, "epoch": 3, "global_step": 1000}
    torch.save(content, tmp_path / "x.ckpt", _use_new_zipfile_serialization=zip_format)
    weights = open_weights(tmp_path / "x.ckpt")
    assert set(weights) == {"a.x", "b"}
    assert torch.equal(weights["a.x"], tensors["a.x"])
    assert weights.dtype("b") == torch.float16


class Bomb:
    """Pickles to a call of os.system."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("zip_format", [True, False])
def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path, zip_format: bool):
    mark = tmp_path / "was-run"
    content = {"state_dict": {"w": torch.ones(2), "e": Bomb(mark)}}
    torch.save(content, tmp_path / "evil.ckpt", _use_new_zipfile_serialization=zip_format)
    with pytest.raises(WeightsError, match=r"evil\.ckpt was refused: .*system.*nothing in it was run"):
        open_weights(tmp_path / "evil.ckpt")
    assert not mark.exists()


def test_a_bare_pickle_with_code_is_refused_and_not_run(tmp_path: Path):
    mark = tmp_path / "was-run"
    (tmp_path / "evil.pt").write_bytes(pickle.dumps(Bomb(mark)))
    with pytest.raises(WeightsError, match=r"evil\.pt"):
        open_weights(tmp_path / "evil.pt")
    assert not mark.exists()


def test_what_training_left_in_a_checkpoint_is_passed_over(tmp_path: Path):
    """The original sd-v1-4.ckpt holds a ModelCheckpoint of pytorch_lightning, which is not installed here."""
    torch.save({"state_dict": {"w": torch.ones(2)}, "callbacks": "@"}, tmp_path / "plain.ckpt")
    source = zipfile.ZipFile(tmp_path / "plain.ckpt")
    reference = b"cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n"
    with zipfile.ZipFile(tmp_path / "x.ckpt", "w") as target:
        for member in source.namelist():
            data = source.read(member)
            if member.endswith("data.pkl"):
                data = data.replace(b"X\x01\x00\x00\x00@", reference)
            target.writestr(member, data)
    assert set(open_weights(tmp_path / "x.ckpt")) == {"w"}


@pytest.mark.parametrize("content", [b"hello there" * 30, b"\x80\x02.", b"PK\x03\x04" + b"\0" * 60])
def test_garbage_is_one_sentence(tmp_path: Path, content: bytes):
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(WeightsError, match=r"^x\.ckpt [^\n]*$"):
        open_weights(tmp_path / "x.ckpt")


def test_tensors_in_memory_are_a_table_too():
    weights = Weights.of({"a": torch.ones(2, 3)})
    assert weights.shape("a") == (2, 3)
    assert weights.has_prefix("a")


def test_pages_that_were_read_are_given_back_and_read_again(tmp_path: Path):
    value = torch.randn(1 << 20)
    save_file({"a": value, "b": torch.ones(3)}, tmp_path / "x.safetensors")
    weights = open_weights(tmp_path / "x.safetensors").under("")
    tensor = weights["a"]
    before = resident_bytes()
    assert torch.equal(tensor, value)
    read = resident_bytes()
    weights.release("a")
    assert read - before > 3 << 20
    assert read - resident_bytes() > 3 << 20
    assert torch.equal(tensor, value)


def test_tensors_that_lie_askew_in_the_file_are_read(tmp_path: Path):
    value = torch.arange(4.0)
    body = b"\1" + value.numpy().tobytes()
    header = {"a": entry(0, 1), "b": entry(1, 17, [4], "F32"), "c": entry(17, 17, [0, 3], "F16")}
    weights = open_weights(header_file(tmp_path / "x.safetensors", header, body))
    assert torch.equal(weights["b"], value)
    assert weights["c"].shape == (0, 3)


def resident_bytes() -> int:
    return psutil.Process().memory_info().rss
