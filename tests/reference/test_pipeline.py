"""A checkpoint becomes a folder that diffusers opens, with the very tensors its own converter makes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import diffusers
import pytest
import torch

from comfy_core.model_tools.convert import convert
from comfy_core.text.tokenizer import clip_tokens
from comfy_core.weights import WeightsError, open_weights
from tests.reference.references import reference_text, reference_unet, reference_vae
from tests.tiny_models import MODELS, model_tensors, write_model

PIPELINES = {"sd1": "StableDiffusionPipeline", "sd2": "StableDiffusionPipeline", "sdxl": "StableDiffusionXLPipeline"}


@pytest.mark.parametrize("name", list(PIPELINES))
def test_diffusers_opens_it_and_has_the_same_tensors(tmp_path: Path, name: str):
    convert(write_model(tmp_path / "one.safetensors", name), tmp_path / "folder")
    pipeline = getattr(diffusers, PIPELINES[name]).from_pretrained(tmp_path / "folder")
    tiny, weights = MODELS[name], model_tensors(name)
    assert_same(pipeline.unet, reference_unet(weights, tiny.unet))
    assert_same(pipeline.vae, reference_vae(weights, tiny.vae))
    for place, text in zip(("text_encoder", "text_encoder_2"), tiny.texts, strict=False):
        is_h = text.prefix == "cond_stage_model.model."
        dims = replace(text.dims, layers=text.dims.layers - 1) if is_h else text.dims
        reference = reference_text(weights, dims, text.prefix, projected=text.open_clip and not is_h)
        assert_same(getattr(pipeline, place), reference)
    pipeline.set_progress_bar_config(disable=True)
    with torch.no_grad():
        (image,) = pipeline("a red cat, 2 dogs", num_inference_steps=1, height=64, width=64, output_type="pt").images
    assert image.shape == (3, 64, 64)
    tokens = pipeline.tokenizer("A  red Cat's über-hat 42").input_ids
    assert tokens == [49406, *clip_tokens("A  red Cat's über-hat 42"), 49407]


def assert_same(ours: torch.nn.Module, theirs: torch.nn.Module) -> None:
    found, wanted = ours.state_dict(), theirs.state_dict()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    heads = {name: one.heads for name, one in theirs.named_modules() if hasattr(one, "heads")}
    assert {name: one.heads for name, one in ours.named_modules() if hasattr(one, "heads")} == heads


@pytest.mark.parametrize("name", ["sd1", "sdxl"])
def test_there_and_back(tmp_path: Path, name: str):
    said = {"easel.num_heads": "4", "modelspec.title": "Tiny"}
    convert(write_model(tmp_path / "one.safetensors", name, metadata=said), tmp_path / "folder")
    convert(tmp_path / "folder", tmp_path / "two.safetensors")
    before, after = open_weights(tmp_path / "one.safetensors"), open_weights(tmp_path / "two.safetensors")
    assert after.metadata.items() >= said.items()
    assert set(before) - set(after) <= {"conditioner.embedders.1.model.logit_scale"}
    assert all(torch.equal(before[one], after[one]) for one in after)


def test_what_it_predicts_is_in_the_scheduler(tmp_path: Path):
    convert(write_model(tmp_path / "one.safetensors", "sdxl_v"), tmp_path / "folder", dtype="fp16")
    pipeline = diffusers.StableDiffusionXLPipeline.from_pretrained(tmp_path / "folder", torch_dtype=torch.float16)
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert pipeline.scheduler.config.rescale_betas_zero_snr
    assert (
        open_weights(tmp_path / "folder/unet/diffusion_pytorch_model.safetensors").dtype("conv_in.weight")
        == torch.float16
    )


def test_what_is_no_such_model_is_told(tmp_path: Path):
    for name, said in (("refiner", "is SDXL refiner"), ("playground", "Playground")):
        with pytest.raises(WeightsError, match=said):
            convert(write_model(tmp_path / f"{name}.safetensors", name), tmp_path / "folder")
    path = write_model(tmp_path / "a.safetensors", "sd1", without=("first_stage_model.",))
    with pytest.raises(WeightsError, match="holds no VAE"):
        convert(path, tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
    assert [one for one in tmp_path.iterdir() if one.name.startswith(".")] == []
