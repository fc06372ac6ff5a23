"""Matrices in 8 bits, with and without scales."""

import pytest
import torch

from comfy_core.families import load_checkpoint
from comfy_core.model_tools.convert import convert
from comfy_core.model_tools.quantise import TYPES, quantised
from comfy_core.weights import WeightsError, open_weights
from comfy_core.weights.table import Weights
from tests.tiny_models import write_model

UNET = "model.diffusion_model."
TO_Q = UNET + "input_blocks.3.1.transformer_blocks.0.attn1.to_q.weight"
CONV = UNET + "input_blocks.3.0.in_layers.2.weight"


@pytest.mark.parametrize(("type", "bits"), [("e4m3", 3), ("e5m2", 2)])
def test_a_matrix_times_its_scale_is_near_what_it_was(tmp_path, type, bits):
    source, target = write_model(tmp_path / "a.safetensors", "sdxl"), tmp_path / "b.safetensors"
    convert(source, target, fp8=type)
    before, stored, after = open_weights(source), open_weights(target, as_stored=True), open_weights(target)
    assert stored.dtype(TO_Q) == TYPES[type]
    assert stored[TO_Q].float().abs().max() == torch.finfo(TYPES[type]).max  # the whole range is used
    wanted = before[TO_Q]
    normal = wanted.abs() > wanted.abs().max() * torch.finfo(TYPES[type]).tiny / torch.finfo(TYPES[type]).max
    error = ((after[TO_Q] - wanted) / wanted)[normal].abs().max()
    assert error <= 2.0 ** -(bits + 1) * 1.001  # half a unit in the last place
    assert set(after) == set(before)
    assert stored.dtype(UNET + "scaled_fp8") == TYPES[type]
    same = [name for name in before if stored.dtype(name) not in TYPES.values()]
    assert all(torch.equal(stored[name], before[name]) for name in same)
    assert CONV in same
    assert UNET + "time_embed.0.weight" in same
    assert "conditioner.embedders.1.model.text_projection" in same
    assert load_checkpoint(target).model is not None


def test_without_scales_convolutions_are_small_too_and_nothing_is_infinite():
    made = quantised(Weights.of({TO_Q: torch.tensor([[1000.0]]), CONV: torch.randn(4, 4, 3, 3)}), "e4m3", scales=False)
    assert sorted(made) == sorted([TO_Q, CONV])
    assert made[TO_Q].make().float() == 448
    assert made[CONV].entry.dtype == torch.float8_e4m3fn


def test_a_matrix_of_zeros_has_a_scale_too():
    made = quantised(Weights.of({TO_Q: torch.zeros(2, 2)}), "e4m3")
    assert made[TO_Q.replace(".weight", ".scale_weight")].make() == 1
    assert not made[TO_Q].make().float().any()


def test_a_file_without_matrices_is_refused():
    with pytest.raises(WeightsError, match="no matrices to quantise"):
        quantised(Weights.of({"a.bias": torch.ones(2)}), "e4m3")


def test_an_8_bit_file_in_8_bits_again_stays_as_it_is(tmp_path):
    convert(write_model(tmp_path / "a.safetensors", "sdxl"), tmp_path / "b.safetensors", fp8="e4m3")
    convert(tmp_path / "b.safetensors", tmp_path / "c.safetensors")
    assert (tmp_path / "b.safetensors").read_bytes() == (tmp_path / "c.safetensors").read_bytes()
