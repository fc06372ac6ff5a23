"""What is said of a model file is what is in it."""

import hashlib

import pytest
import torch
from safetensors.torch import save_file

from comfy_core.model_hashes import ModelHashes
from comfy_core.model_tools.inspect import description
from comfy_core.weights import WeightsError
from tests.tiny_models import model_tensors, write_model


@pytest.fixture
def told(tmp_path):
    return lambda path, **options: "\n".join(description(path, ModelHashes(tmp_path / "hashes.json"), **options))


def test_a_checkpoint(told, tmp_path):
    path = write_model(tmp_path / "a.safetensors", "sdxl", metadata={"modelspec.title": "A " + "word " * 100})
    said, digest = told(path), hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"a.safetensors: {path.stat().st_size:,} bytes, {len(model_tensors('sdxl')):,} tensors" in said
    assert "  is: Stable Diffusion XL\n" in said
    assert "types: float32 (100 %)" in said
    unet = sum(one.nbytes for name, one in model_tensors("sdxl").items() if name.startswith("model.diffusion_model."))
    assert f"U-Net: {unet:,} bytes" in said
    assert f"AutoV2 {digest[:10]}" in said
    assert f"sha256: {digest}" in said
    assert "modelspec.title: A word word" in said
    assert "… (502 characters)" in said
    assert "not needed" not in said


def test_what_pruning_would_leave_out_is_told(told, tmp_path):
    torch.save({"state_dict": {**model_tensors("sd1"), "betas": torch.zeros(1000)}}, tmp_path / "a.ckpt")
    assert "4,000 bytes of it are not needed to sample" in told(tmp_path / "a.ckpt")


def test_the_share_of_noughts(told, tmp_path):
    save_file(
        {"a": torch.tensor([0.0, 0.0, 1e-5, 1.0]), "i": torch.zeros(9, dtype=torch.int64)}, tmp_path / "a.safetensors"
    )
    said = told(tmp_path / "a.safetensors", zeros=True)
    assert "numbers: 4; 50.00 % are nought, 75.00 % below a thousandth" in said
    assert "is: a.safetensors is not a checkpoint this version knows" in said


def test_what_is_no_model_is_refused(told, tmp_path):
    (tmp_path / "a.safetensors").write_text("no")
    with pytest.raises(WeightsError, match=r"a\.safetensors is too short"):
        told(tmp_path / "a.safetensors")
