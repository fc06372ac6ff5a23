"""Each family's checkpoints are told by their tensors, in any storage, and by no other family."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.checkpoint import MissingPart
from comfy_core.families import families, load_checkpoint
from comfy_core.families._unet import UNET
from comfy_core.weights import Weights, WeightsError
from tests.tiny_models import MODELS, model_tensors, write_model

FAMILY = {
    "sd1": "Stable Diffusion 1.x",
    "sd1_inpainting": "Stable Diffusion 1.x",
    "sd1_ip2p": "Stable Diffusion 1.x",
    "sd1_lcm": "Stable Diffusion 1.x",
    "sd2": "Stable Diffusion 2.x",
    "sd2_v": "Stable Diffusion 2.x",
    "sd2_inpainting": "Stable Diffusion 2.x",
    "sd2_unclip": "Stable Diffusion 2.1 unCLIP",
    "sdxl": "Stable Diffusion XL",
    "sdxl_inpainting": "Stable Diffusion XL",
    "sdxl_v": "Stable Diffusion XL",
    "ssd1b": "Stable Diffusion XL",
    "vega": "Stable Diffusion XL",
    "playground": "Playground v2.5",
    "cosxl": "CosXL",
    "refiner": "SDXL refiner",
}


def claims(tensors: dict[str, Tensor]) -> list[str]:
    weights = Weights.of(tensors)
    return [family.NAME for family in families() if family.recognise(weights)]


@pytest.mark.parametrize("name", MODELS)
def test_a_checkpoint_is_claimed_by_its_family_alone(name: str):
    assert claims(model_tensors(name)) == [FAMILY[name]]


@pytest.mark.parametrize("name", MODELS)
def test_a_checkpoint_is_known_by_its_unet_whatever_else_it_holds(name: str):
    marks = MODELS[name].extra
    only = {key: value for key, value in model_tensors(name).items() if key.startswith(UNET) or key in marks}
    junk = {"betas": torch.ones(3), "model_ema.decay": torch.ones(()), "optimizer.state": torch.ones(2)}
    assert claims(only | junk) == [FAMILY[name]]


@pytest.mark.parametrize(
    ("changed", "shape"),
    [
        (UNET + "input_blocks.0.0.weight", (64, 7, 3, 3)),
        (UNET + "input_blocks.1.0.time_stack.in_layers.0.weight", (64,)),
        (UNET + "label_emb.weight", (1000, 256)),
        ("cc_projection.weight", (32, 36)),
    ],
    ids=["upscaler", "video", "class embedding", "zero123"],
)
@pytest.mark.parametrize("name", ["sd1", "sd2", "sdxl"])
def test_models_that_only_look_alike_are_claimed_by_none(name: str, changed: str, shape: tuple[int, ...]):
    assert claims(model_tensors(name) | {changed: torch.ones(shape)}) == []


@pytest.mark.parametrize("name", ["sd1", "sd2", "sdxl", "refiner"])
@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_a_pickled_checkpoint_loads_in_both_formats(tmp_path: Path, name: str, new: bool):
    held = {key: value.half() for key, value in model_tensors(name).items()}
    content = {"state_dict": held, "global_step": 470_000}
    torch.save(content, tmp_path / "x.ckpt", _use_new_zipfile_serialization=new)
    checkpoint = load_checkpoint(tmp_path / "x.ckpt")
    key = "diffusion_model.out.2.weight"
    assert torch.equal(checkpoint.model.weight(key), held["model." + key].float())
    assert checkpoint.clip.tokenize("a")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_openclip_weights_in_any_storage_are_those_stored(tmp_path: Path, dtype: torch.dtype):
    clip = load_checkpoint(write_model(tmp_path / "x.safetensors", "sd2", dtype=dtype)).clip
    packed = (
        model_tensors("sd2")["cond_stage_model.model.transformer.resblocks.1.attn.in_proj_weight"].to(dtype).float()
    )
    stored = [clip.patcher.weight(f"clip_h.encoder.layers.1.self_attn.{one}_proj.weight") for one in "qkv"]
    assert torch.equal(torch.cat(stored), packed)


@pytest.mark.parametrize(
    ("without", "sentence"),
    [
        ("first_stage_model.", r"x\.safetensors holds no VAE; add a Load VAE node and link it"),
        ("conditioner.", r"x\.safetensors holds no text encoder; add a Load CLIP node"),
        ("conditioner.embedders.1.", r"x\.safetensors holds no text encoder 'g'; add a Load CLIP node"),
    ],
)
def test_a_missing_part_is_said_when_it_is_used(tmp_path: Path, without: str, sentence: str):
    checkpoint = load_checkpoint(write_model(tmp_path / "x.safetensors", "sdxl", without=(without,)))
    part = checkpoint.vae if without.startswith("first") else checkpoint.clip
    with pytest.raises(MissingPart, match=sentence):
        part.tokenize("a")  # type: ignore[union-attr]


def test_stable_diffusion_2_in_the_layout_of_its_later_release_has_its_text_encoder(tmp_path: Path):
    later = {
        key.replace("cond_stage_model.model.", "conditioner.embedders.0.model."): one
        for key, one in model_tensors("sd2").items()
    }
    save_file(later, tmp_path / "turbo.safetensors")
    usual = load_checkpoint(write_model(tmp_path / "x.safetensors", "sd2"))
    assert torch.equal(load_checkpoint(tmp_path / "turbo.safetensors").clip.encode("a"), usual.clip.encode("a"))


def test_a_text_encoder_that_lacks_a_tensor_is_named(tmp_path: Path):
    gone = "conditioner.embedders.1.model.transformer.resblocks.1.attn.in_proj_bias"
    path = write_model(tmp_path / "x.safetensors", "sdxl", without=(gone,))
    with pytest.raises(WeightsError, match=r"x\.safetensors: the text encoder lacks 3 tensors, first 'clip_g\.encoder"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("changed", "metadata"),
    [
        ({"conditioner.embedders.1.model.text_projection": (3,)}, {}),
        ({"conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight": ()}, {}),
        ({UNET + "label_emb.0.0.weight": (3,)}, {}),
        ({"first_stage_model.decoder.conv_in.weight": (2,)}, {}),
        ({}, {"easel.norm_groups": "many"}),
        ({}, {"easel.vae_norm_groups": "0"}),
        ({}, {"easel.latent_rgb": "{"}),
    ],
)
def test_a_damaged_checkpoint_is_refused_in_a_sentence_that_names_it(
    tmp_path: Path, changed: dict[str, tuple[int, ...]], metadata: dict[str, str]
):
    broken = model_tensors("sdxl") | {key: torch.ones(shape) for key, shape in changed.items()}
    save_file(broken, tmp_path / "x.safetensors", metadata=metadata)
    with pytest.raises(WeightsError, match=r"x\.safetensors( is damaged|: the (U-Net|VAE) )"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_a_prompt_of_another_familys_encoder_is_refused_by_sdxl(tmp_path: Path):
    model = load_checkpoint(write_model(tmp_path / "x.safetensors", "sdxl")).model.model
    with pytest.raises(ValueError, match="a pooled vector of 32 numbers and this model takes 64"):
        model.extra_conds(cross_attn=torch.zeros(1, 77, 96), pooled_output=torch.zeros(1, 32))
    with pytest.raises(ValueError, match="no pooled vector and this model takes 64"):
        model.extra_conds(cross_attn=torch.zeros(1, 77, 96))
