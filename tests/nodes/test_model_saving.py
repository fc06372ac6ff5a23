"""Saved models load again to the same numbers, under the names of the original releases."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.families import load_checkpoint
from comfy_core.folders import Folders
from comfy_core.lora.extraction import low_rank
from comfy_core.media.errors import ImageError
from comfy_core.memory import residency
from comfy_core.parts import load_text_encoders
from comfy_core.sampling.prediction import Velocity
from comfy_core.vae_files import load_vae_file
from comfy_core.weights import Weights, open_weights
from nodes import lora as lora_nodes
from nodes import merging
from nodes import model_saving as nodes
from nodes.model_sampling import model_sampling_discrete
from nodes.sampling import k_sampler
from tests.tiny_models import MODELS, model_tensors, write_model
from tests.tiny_sd1 import write_checkpoint


def saved(base: Folders, pattern: str = "checkpoints/*.safetensors") -> Path:
    (path,) = base.output.glob(pattern)
    return path


def sampled(checkpoint: Any, model: Any = None, clip: Any = None) -> Tensor:
    clip = clip or checkpoint.clip
    cat = clip.encode_from_tokens_scheduled(clip.tokenize("a cat"))
    empty = {"samples": torch.zeros(1, 4, 8, 8)}
    return k_sampler(model or checkpoint.model, 1, 2, 4.0, "euler", "normal", cat, cat, empty)["samples"]


@pytest.mark.parametrize("family", MODELS)
def test_a_saved_checkpoint_has_the_tensors_of_the_original(base: Folders, tmp_path: Path, family: str):
    checkpoint = load_checkpoint(write_model(tmp_path / "tiny.safetensors", family))
    nodes.checkpoint_save(checkpoint.model, checkpoint.clip, checkpoint.vae, "checkpoints/mine")
    again, original = open_weights(saved(base)), model_tensors(family)
    unused = ("logit_scale", "position_ids")
    kept = {name: value for name, value in original.items() if not name.endswith(unused)}
    predicts_v = family in ("sd2_v", "sd2_unclip", "sdxl_v")  # which SD 2 files leave to be guessed
    assert set(again) == kept.keys() | ({"v_pred"} if predicts_v else set())
    assert all(torch.equal(again[name], value) for name, value in kept.items())
    assert load_checkpoint(saved(base)).note.partition(":")[0] == checkpoint.note.partition(":")[0]


def test_what_a_model_predicts_is_saved_with_it(base: Folders, tmp_path: Path):
    checkpoint = load_checkpoint(write_model(tmp_path / "tiny.safetensors", "sdxl"))
    model = model_sampling_discrete(checkpoint.model, "v_prediction", True)
    nodes.checkpoint_save(model, checkpoint.clip, checkpoint.vae, "checkpoints/v")
    sampling = load_checkpoint(saved(base)).model.get_model_object("model_sampling")
    assert isinstance(sampling, Velocity)
    assert float(sampling.sigma_max) == float(model.get_model_object("model_sampling").sigma_max)


def test_a_merge_samples_the_same_when_it_is_loaded_again(base: Folders, tmp_path: Path):
    first, second = (load_checkpoint(write_checkpoint(tmp_path / f"{s}.safetensors", seed=s)) for s in (0, 1))
    model = merging.model_merge_blocks(first.model, second.model, 0.3, 0.5, 0.9)
    clip = merging.clip_merge_simple(first.clip, second.clip, 0.5)
    nodes.checkpoint_save(model, clip, first.vae, "checkpoints/merge")
    again = load_checkpoint(base.find_model("checkpoints", "merge_00001_.safetensors"))
    assert torch.equal(sampled(again), sampled(first, model, clip))
    assert torch.equal(again.vae.decode(torch.ones(1, 4, 4, 4)), first.vae.decode(torch.ones(1, 4, 4, 4)))


def test_the_file_says_how_it_was_made_and_what_it_is(base: Folders, tmp_path: Path):
    checkpoint = load_checkpoint(write_model(tmp_path / "tiny.safetensors", "sdxl"))
    workflow = {"workflow": {"nodes": []}}
    nodes.checkpoint_save(checkpoint.model, checkpoint.clip, checkpoint.vae, "checkpoints/told", {"1": {}}, workflow)
    said = open_weights(saved(base)).metadata
    assert json.loads(said["prompt"]) == {"1": {}}
    assert json.loads(said["workflow"]) == {"nodes": []}
    assert said["modelspec.architecture"] == "stable-diffusion-xl-v1-base"
    assert said["modelspec.title"] == "told"
    assert said["modelspec.prediction_type"] == "epsilon"


def test_half_precision_stays_as_it_is(base: Folders, tmp_path: Path):
    checkpoint = load_checkpoint(write_model(tmp_path / "tiny.safetensors", "sd1", dtype=torch.float16))
    nodes.checkpoint_save(checkpoint.model, checkpoint.clip, checkpoint.vae, "checkpoints/half")
    again = open_weights(saved(base))
    assert {again.dtype(name) for name in again} == {torch.float16}


def test_parts_are_saved_alone(base: Folders, tmp_path: Path):
    checkpoint = load_checkpoint(write_checkpoint(tmp_path / "tiny.safetensors"))
    nodes.model_save(checkpoint.model, "diffusion_models/unet")
    nodes.clip_save(checkpoint.clip, "clip/text")
    nodes.vae_save(checkpoint.vae, "vae/vae")
    assert base.files("diffusion_models") == ["unet_00001_.safetensors"]
    assert base.files("text_encoders") == ["text_clip_l_00001_.safetensors"]
    text = load_text_encoders([base.find_model("text_encoders", "text_clip_l_00001_.safetensors")], "stable_diffusion")
    assert torch.equal(text.encode("a cat"), checkpoint.clip.encode("a cat"))
    vae = load_vae_file(base.find_model("vae", "vae_00001_.safetensors"))
    latent = torch.ones(1, 4, 4, 4)
    assert torch.equal(vae.decode(latent), checkpoint.vae.decode(latent))
    unet = open_weights(base.find_model("diffusion_models", "unet_00001_.safetensors"))
    assert all(name.startswith("model.diffusion_model.") for name in unet)


def test_no_more_than_one_weight_is_in_memory(base: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Loading nothing: the weights go from the files through one at a time."""
    residency.free_all()
    first, second = (load_checkpoint(write_checkpoint(tmp_path / f"{s}.safetensors", seed=s)) for s in (0, 1))
    merged = merging.model_merge_simple(first.model, second.model, 0.5)
    nodes.model_save(merged, "diffusion_models/merged")
    assert residency.current().residents == []
    assert all(one.is_meta for one in first.model.model.parameters())


@pytest.mark.parametrize("prefix", ["../outside", "/etc/model", "a/../../b"])
def test_a_name_outside_of_output_is_refused(base: Folders, tmp_path: Path, prefix: str):
    checkpoint = load_checkpoint(write_checkpoint(tmp_path / "tiny.safetensors"))
    with pytest.raises(ImageError, match=r"leaves output/"):
        nodes.model_save(checkpoint.model, prefix)


def test_a_full_disk_leaves_no_half_a_file(base: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    checkpoint = load_checkpoint(write_checkpoint(tmp_path / "tiny.safetensors"))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 1000))
    with pytest.raises(ImageError, match=r"it takes [\d,]+ bytes, and the disk has 1,000 free"):
        nodes.model_save(checkpoint.model, "diffusion_models/full")
    assert list(base.output.rglob("*.*")) == []


def test_another_familys_text_encoder_is_refused(base: Folders, tmp_path: Path):
    sd1, sdxl = (load_checkpoint(write_model(tmp_path / f"{one}.safetensors", one)) for one in ("sd1", "sdxl"))
    with pytest.raises(ValueError, match=r"has the parts clip_l, clip_g and a checkpoint of Stable Diffusion 1"):
        nodes.checkpoint_save(sd1.model, sdxl.clip, sd1.vae, "checkpoints/odd")


# --- LoRAs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(24, 40), (40, 24), (16, 8, 3, 3), (300, 200)])
def test_the_best_matrices_of_a_rank(shape: tuple[int, ...]):
    """Eckart & Young: what is left over is as large as the singular values that are left out."""
    weight, rank = torch.randn(shape, generator=torch.Generator().manual_seed(1)), 6
    matrix = weight.flatten(1)
    up, down = low_rank(weight, rank)
    left = matrix - up.flatten(1) @ down.flatten(1)
    values = torch.linalg.svdvals(matrix)
    assert float(left.norm()) == pytest.approx(float(values[rank:].norm()), rel=1e-3)


def test_a_lora_of_two_models_makes_one_of_the_other(base: Folders, tmp_path: Path):
    """At full rank, and whole, with biases and text encoder; the file holds fp16."""
    first, second = (load_checkpoint(write_checkpoint(tmp_path / f"{s}.safetensors", seed=s)) for s in (0, 1))
    model = merging.model_merge_subtract(second.model, first.model, 1.0)
    clip = merging.clip_merge_subtract(second.clip, first.clip, 1.0)
    for kind in ("standard", "full_diff"):
        nodes.lora_save(f"loras/{kind}", 4096, kind, True, model, clip)
        loaded = lora_nodes.lora_loader(first.model, first.clip, f"{kind}_00001_.safetensors", 1.0, 1.0)
        for one, other in zip(loaded, (second.model, second.clip), strict=True):
            ours, theirs = getattr(one, "patcher", one), getattr(other, "patcher", other)
            for key in theirs.source:
                torch.testing.assert_close(ours.weight(key), theirs.source[key], rtol=5e-3, atol=5e-3)


def test_a_lora_of_low_rank_is_small_and_of_matrices_alone_if_wanted(base: Folders, tmp_path: Path):
    first, second = (load_checkpoint(write_checkpoint(tmp_path / f"{s}.safetensors", seed=s)) for s in (0, 1))
    nodes.lora_save("loras/thin", 2, "standard", False, merging.model_merge_subtract(second.model, first.model, 1.0))
    tensors: Weights = open_weights(saved(base, "loras/*.safetensors"))
    assert {name.rpartition(".lora_")[2] for name in tensors} == {"up.weight", "down.weight"}
    assert all(tensors.shape(name)[0] == 2 for name in tensors if name.endswith("down.weight"))
    assert tensors.nbytes() * 4 < first.model.model_size()


def test_nothing_linked_saves_nothing(base: Folders):
    nodes.lora_save("loras/none", 8, "standard", True)
    assert not base.output.exists() or list(base.output.rglob("*.safetensors")) == []
