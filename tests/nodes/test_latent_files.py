"""Latents in files."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from comfy_core.folders import Folders
from comfy_core.weights import WeightsError
from nodes.latent_files import load_latent, save_latent

SAMPLES = torch.randn(2, 4, 8, 6, generator=torch.Generator().manual_seed(0))


def test_a_latent_comes_back_as_it_was_and_its_file_carries_the_workflow(base: Folders):
    made = save_latent({"samples": SAMPLES}, "latents/mine", prompt={"1": {}}, extra_pnginfo={"workflow": {"a": 1}})
    (file,) = made["ui"]["latents"]
    assert file == {"filename": "mine_00001_.latent", "subfolder": "latents", "type": "output"}
    path = base.output / "latents" / "mine_00001_.latent"
    with safe_open(path, "pt") as opened:
        texts = opened.metadata()
    assert json.loads(texts["prompt"]) == {"1": {}}
    assert json.loads(texts["workflow"]) == {"a": 1}
    shutil.copy(path, base.input / "mine.latent")
    assert base.files("input_latents") == ["mine.latent"]
    assert torch.equal(load_latent("mine.latent")["samples"], SAMPLES)
    assert torch.equal(load_latent("latents/mine_00001_.latent [output]")["samples"], SAMPLES)


def test_files_from_before_there_were_versions_are_scaled(base: Folders):
    save_file({"latent_tensor": SAMPLES}, base.input / "old.latent")
    torch.testing.assert_close(load_latent("old.latent")["samples"], SAMPLES / 0.18215)


def test_what_is_no_latent_is_named(base: Folders):
    save_file({"weight": SAMPLES}, base.input / "model.latent")
    (base.input / "broken.latent").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match=r"model\.latent holds no latent"):
        load_latent("model.latent")
    with pytest.raises(WeightsError, match=r"broken\.latent"):
        load_latent("broken.latent")
    with pytest.raises(FileNotFoundError, match=r"none\.latent"):
        load_latent("none.latent")
