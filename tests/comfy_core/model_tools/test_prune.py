"""A pruned checkpoint samples bit for bit as the whole one does, and has nothing that sampling does not need."""

import pytest
import torch

from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.model_tools.prune import prune
from comfy_core.sampling.sample import common_ksampler
from comfy_core.weights import WeightsError, open_weights
from comfy_core.weights.table import Weights
from comfy_core.weights.write import write_safetensors
from tests.tiny_models import model_tensors, write_model

UNET = "model.diffusion_model."


@pytest.fixture(autouse=True)
def free():
    with torch.no_grad():
        yield
    residency.free_all()


def trained(extra=()):
    """A checkpoint as training leaves it: live weights, averages, and all else."""
    tensors = dict(model_tensors("sd1"))
    averages = {
        "model_ema." + name.removeprefix("model.").replace(".", ""): one * 1.1
        for name, one in tensors.items()
        if name.startswith(UNET)
    }
    leftovers = {
        "model_ema.decay": torch.tensor(0.9999),
        "model_ema.num_updates": torch.tensor(5),
        "betas": torch.zeros(1000),
        "model.sqrt_alphas_cumprod": torch.zeros(1000),
        "posterior_mean_coef1": torch.zeros(1000),
        "cond_stage_model.transformer.text_model.embeddings.position_ids": torch.arange(77)[None],
        "optimizer_states.0.state.0.exp_avg": torch.zeros(10),
        "first_stage_model.loss.discriminator.main.0.weight": torch.zeros(5),
        "vae.encoder.conv_in.weight": tensors["first_stage_model.encoder.conv_in.weight"],
    }
    return tensors | averages | leftovers | dict(extra)


def written(path, pruned):
    write_safetensors(path, pruned.tensors, pruned.metadata)
    return path


def sampled(path, choice="auto"):
    made = load_checkpoint(path, choice)
    positive = made.clip.encode_from_tokens_scheduled(made.clip.tokenize("a cat"))
    negative = made.clip.encode_from_tokens_scheduled(made.clip.tokenize(""))
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    samples = common_ksampler(made.model, 1, 2, 3.0, "euler", "normal", positive, negative, latent)["samples"]
    return made.vae.decode(samples)


@pytest.mark.parametrize("choice", ["live", "ema"])
@pytest.mark.parametrize("dtype", [None, "fp16", "bf16"])
def test_the_picture_is_the_same_to_the_last_bit(tmp_path, choice, dtype):
    whole = tmp_path / "whole.ckpt"
    cast = {None: lambda one: one, "fp16": torch.Tensor.half, "bf16": torch.Tensor.bfloat16}[dtype]
    torch.save(
        {"state_dict": {name: cast(one) if one.is_floating_point() else one for name, one in trained().items()}}, whole
    )
    original = tmp_path / "original.ckpt"
    torch.save({"state_dict": trained(), "optimizer_states": [{"x": torch.zeros(9)}], "epoch": 3}, original)
    pruned = written(tmp_path / "small.safetensors", prune(open_weights(original), choice, dtype))
    picture = sampled(pruned)
    assert picture.isfinite().all()
    assert torch.equal(picture, sampled(whole, choice))


def test_what_is_left_is_the_model_alone():
    made = prune(Weights.of(trained()))
    assert made.tensors.keys() == model_tensors("sd1").keys()
    assert set(made.dropped) == {
        "second set of weights", "leftovers of training", "tables that are computed anew", "kept twice",
    }  # fmt: skip
    assert "live weights" in made.note


def test_parts_are_left_out_on_request():
    made = prune(Weights.of(model_tensors("sdxl")), vae=False, text=False)
    assert all(name.startswith(UNET) for name in made.tensors)
    assert set(made.dropped) == {"VAE", "text encoders"}


def test_a_text_encoder_that_is_there_twice_is_kept_once():
    name = "cond_stage_model.transformer.text_model.final_layer_norm.weight"
    twin = "cond_stage_model.transformer.final_layer_norm.weight"
    made = prune(Weights.of({name: torch.ones(2), twin: torch.ones(2), UNET + "x": torch.ones(1)}))
    assert sorted(made.tensors) == sorted([name, UNET + "x"])
    assert twin in prune(Weights.of({twin: torch.ones(2)})).tensors


def test_whole_numbers_marks_and_scales_keep_their_type():
    tensors = {"v_pred": torch.tensor(1.0), "a": torch.ones(2), "i": torch.arange(2), "x.scale_weight": torch.ones(2)}
    made = prune(Weights.of(tensors), dtype="fp16").tensors
    types = {name: one.entry.dtype for name, one in made.items()}
    assert types == {
        "v_pred": torch.float32, "a": torch.float16, "i": torch.int64, "x.scale_weight": torch.float32,
    }  # fmt: skip


def test_metadata_stays_but_for_what_is_no_longer_true(tmp_path):
    said = {"modelspec.title": "A", "modelspec.hash_sha256": "0x12", "easel.num_heads": "2"}
    path = write_model(tmp_path / "a.safetensors", "sd1", metadata=said)
    assert prune(open_weights(path)).metadata == {"modelspec.title": "A", "easel.num_heads": "2"}


def test_what_cannot_be_pruned_is_told():
    with pytest.raises(WeightsError, match="no EMA weights"):
        prune(Weights.of(model_tensors("sd1")), "ema")
    with pytest.raises(WeightsError, match="nothing would be left"):
        prune(Weights.of({"first_stage_model.x": torch.ones(1)}), vae=False)
