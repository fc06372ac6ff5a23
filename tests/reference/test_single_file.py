"""A folder that diffusers wrote becomes a checkpoint that is, tensor by tensor, the one it was made of."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from comfy_core.families import load_checkpoint, recognise
from comfy_core.model_tools.convert import convert
from comfy_core.weights import WeightsError, open_weights
from tests.reference.test_diffusers_files import write_pipeline
from tests.tiny_models import model_tensors

LAST_OF_H = "cond_stage_model.model.transformer.resblocks.2."


@pytest.mark.parametrize("name", ["sd1", "sd2", "sdxl"])
def test_each_tensor_is_where_it_was(tmp_path: Path, name: str):
    folder = write_pipeline(tmp_path / "pipeline", name, True, {"prediction_type": "epsilon"})
    convert(folder, tmp_path / "one.safetensors")
    made, wanted = open_weights(tmp_path / "one.safetensors"), model_tensors(name)
    # ViT-H has no last layer and no projection there, which Stable Diffusion 2 does not use
    gone = {one for one in wanted if one.startswith(LAST_OF_H) or one.endswith("logit_scale")}
    assert set(made) == wanted.keys() - gone - {"cond_stage_model.model.text_projection"}
    assert all(torch.equal(made[one].reshape(wanted[one].shape), wanted[one]) for one in made)
    assert all(made.shape(one) == tuple(wanted[one].shape) for one in made)


def test_what_the_scheduler_says_is_kept_in_the_file(tmp_path: Path):
    said = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
    convert(write_pipeline(tmp_path / "pipeline", "sdxl", True, said), tmp_path / "one.safetensors")
    made = open_weights(tmp_path / "one.safetensors")
    assert made.metadata["modelspec.prediction_type"] == "v_prediction"
    assert {"v_pred", "ztsnr"} <= set(made)
    assert recognise(made).NAME == "Stable Diffusion XL"
    assert "velocity, from pure noise" in load_checkpoint(tmp_path / "one.safetensors").note


def test_a_folder_without_a_part_is_told(tmp_path: Path):
    folder = write_pipeline(tmp_path / "pipeline", "sd1", True, {})
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(WeightsError, match="no weights in vae/"):
        convert(folder, tmp_path / "one.safetensors")
