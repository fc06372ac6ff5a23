"""How a network is computed: compiled, and in numbers of another type."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.compiling import compiled
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.parts import store_as
from comfy_core.patcher import ModelPatcher
from nodes import model_computing as nodes
from nodes.merging import model_merge_simple
from tests.tiny_sd1 import write_checkpoint

X, TIMES = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([3.0])
TEXT = torch.randn(1, 77, 32, generator=torch.Generator().manual_seed(2))


@pytest.fixture(scope="module")
def checkpoint(tiny: Path) -> Checkpoint:
    return load_checkpoint(tiny)


def predicted(model: ModelPatcher) -> Tensor:
    with residency.use([model]), torch.no_grad():
        return model.model.apply_model(X, TIMES, c_crossattn=TEXT)


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_a_compiled_model_says_the_same_and_its_model_stays_as_it_is(checkpoint: Checkpoint, backend: str):
    plain = predicted(checkpoint.model)
    model = compiled(checkpoint.model, backend)
    torch.testing.assert_close(predicted(model), plain, rtol=1e-4, atol=1e-4)
    assert "forward" not in checkpoint.model.object_patches
    assert torch.equal(predicted(checkpoint.model), plain)


def test_a_compiled_model_is_compiled_once_also_when_its_weights_are_patched(checkpoint: Checkpoint, tmp_path: Path):
    graphs: list[Any] = []

    def backend(graph: Any, inputs: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    torch._dynamo.reset()
    model = compiled(checkpoint.model, backend)
    first = predicted(model)
    count = len(graphs)
    assert count > 0
    other = load_checkpoint(write_checkpoint(tmp_path / "other.safetensors", seed=4)).model
    merged = model_merge_simple(model, other, 0.5)
    changed = predicted(merged)
    assert len(graphs) == count
    torch.testing.assert_close(
        changed, predicted(model_merge_simple(checkpoint.model, other, 0.5)), rtol=1e-4, atol=1e-4
    )
    assert not torch.allclose(first, changed)


def test_what_a_backend_lacks_is_said(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValueError, match="for NVIDIA GPUs and this model runs on cpu"):
        nodes.torch_compile_model(checkpoint.model, "cudagraphs")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match=r"needs a C\+\+ compiler"):
        nodes.torch_compile_model(checkpoint.model, "inductor")


@pytest.mark.parametrize(
    ("name", "dtype"), [("fp16", torch.float16), ("bf16", torch.bfloat16), ("fp32", torch.float32)]
)
def test_a_network_computes_in_the_wanted_type(checkpoint: Checkpoint, name: str, dtype: torch.dtype):
    model = nodes.model_compute_dtype(checkpoint.model, name)
    plain = predicted(checkpoint.model)
    with residency.use([model]):
        assert model.model.get_dtype() == dtype
        assert residency.current().bytes_on(model.load_device) == model.model_size()
    assert model.model_size() == checkpoint.model.model_size() * dtype.itemsize // 4
    torch.testing.assert_close(predicted(model), plain, rtol=0.1, atol=0.1)
    assert torch.equal(predicted(checkpoint.model), plain)
    assert nodes.model_compute_dtype(checkpoint.model, "default") is checkpoint.model


def test_a_stored_type_is_chosen_where_the_model_is_loaded(tmp_path: Path):
    model = load_checkpoint(write_checkpoint(tmp_path / "own.safetensors")).model
    store_as(model, torch.float8_e4m3fn)
    with pytest.raises(ValueError, match="choose what it computes in where it is loaded"):
        nodes.model_compute_dtype(model, "fp16")
