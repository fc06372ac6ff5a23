"""Models from parts: U-Nets, text encoders and pipelines in files of their own give what the whole checkpoint gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import UnknownCheckpoint, load_checkpoint
from comfy_core.memory import residency
from comfy_core.parts import load_diffusers, load_diffusion_model, load_text_encoders
from comfy_core.patcher import ModelPatcher
from comfy_core.weights import WeightsError
from tests.tiny_models import MODELS, UNET, model_tensors, write_model

PROMPT = "a red cat"


@pytest.fixture(autouse=True)
def free() -> Iterator[None]:
    yield
    residency.free_all()


@pytest.fixture
def sdxl(tmp_path: Path) -> Checkpoint:
    return load_checkpoint(write_model(tmp_path / "whole.safetensors", "sdxl"))


def under(name: str, prefix: str, new: str = "") -> dict[str, Tensor]:
    """The tensors of a tiny model under `prefix`, with `new` in its place."""
    tensors = model_tensors(name)
    return {new + key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def answer(model: ModelPatcher) -> Tensor:
    """What a tiny SDXL model makes of fixed inputs."""
    generator = torch.Generator().manual_seed(0)
    x, context, y = (torch.randn(size, generator=generator) for size in ((1, 4, 8, 8), (1, 77, 96), (1, 1600)))
    with residency.use([model]):
        return model.model.apply_model(x, torch.tensor([2.0]), c_crossattn=context, y=y)


@pytest.mark.parametrize("prefix", ["", "model.diffusion_model.", "diffusion_model."])
def test_a_unet_alone_is_the_model_of_its_checkpoint(tmp_path: Path, sdxl: Checkpoint, prefix: str):
    save_file(under("sdxl", UNET, prefix), tmp_path / "unet.safetensors")
    model = load_diffusion_model(tmp_path / "unet.safetensors")
    assert type(model.model) is type(sdxl.model.model)
    assert torch.equal(answer(model), answer(sdxl.model))


def test_a_marker_beside_a_unet_alone_counts(tmp_path: Path):
    save_file(under("sdxl", UNET) | {"v_pred": torch.zeros(1)}, tmp_path / "unet.safetensors")
    sampling = load_diffusion_model(tmp_path / "unet.safetensors").model.model_sampling
    assert type(sampling).__name__.startswith("Velocity")


def test_weights_in_eight_bits_take_a_quarter_and_compute_as_their_rounded_values(tmp_path: Path):
    dtype = torch.float8_e4m3fn
    exact, rounded = tmp_path / "exact.safetensors", tmp_path / "rounded.safetensors"
    tensors = under("sdxl", UNET)
    save_file(tensors, exact)
    save_file({key: one.to(dtype).float() if one.ndim > 1 else one for key, one in tensors.items()}, rounded)
    small, usual = load_diffusion_model(exact, dtype), load_diffusion_model(rounded)
    assert torch.equal(answer(small), answer(usual))
    assert not torch.equal(answer(small), answer(load_diffusion_model(exact)))
    matrices = sum(one.numel() for one in tensors.values() if one.ndim > 1)
    assert usual.model_size() - small.model_size() == 3 * matrices


def test_a_file_of_another_kind_is_refused_by_every_loader(tmp_path: Path):
    save_file({"lora_unet_x.lora_up.weight": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(UnknownCheckpoint, match=r"not a diffusion model this version knows.*a LoRA"):
        load_diffusion_model(tmp_path / "x.safetensors")
    with pytest.raises(UnknownCheckpoint, match=r"not a text encoder this version knows.*a LoRA"):
        load_text_encoders([tmp_path / "x.safetensors"], "stable_diffusion")


def test_a_file_for_another_loader_names_that_loader(tmp_path: Path):
    save_file(under("sdxl", UNET), tmp_path / "unet.safetensors")
    with pytest.raises(UnknownCheckpoint, match=r"a U-Net alone \(use a Load Diffusion Model node\)"):
        load_checkpoint(tmp_path / "unet.safetensors")
    path = write_model(tmp_path / "whole.safetensors", "sdxl")
    with pytest.raises(UnknownCheckpoint, match=r"looks like Stable Diffusion XL \(use a Load Checkpoint node\)"):
        load_text_encoders([path], "stable_diffusion")


@pytest.mark.parametrize("name", ["sd1", "sd2"])
@pytest.mark.parametrize("keep_prefix", [False, True])
def test_a_text_encoder_alone_is_that_of_its_checkpoint(tmp_path: Path, name: str, keep_prefix: bool):
    prefix = MODELS[name].texts[0].prefix
    save_file(under(name, prefix, prefix if keep_prefix else ""), tmp_path / "clip.safetensors")
    whole = load_checkpoint(write_model(tmp_path / "whole.safetensors", name)).clip
    alone = load_text_encoders([tmp_path / "clip.safetensors"], "stable_diffusion")
    assert torch.equal(alone.encode(PROMPT), whole.encode(PROMPT))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_text_encoders_are_those_of_sdxl_in_any_order(tmp_path: Path, sdxl: Checkpoint, order: tuple[int, int]):
    paths = [tmp_path / "l.safetensors", tmp_path / "g.safetensors"]
    for text, path in zip(MODELS["sdxl"].texts, paths, strict=True):
        save_file(under("sdxl", text.prefix), path)
    clip = load_text_encoders([paths[i] for i in order], "sdxl")
    ours, theirs = (one.encode_from_tokens(one.tokenize(PROMPT), return_dict=True) for one in (clip, sdxl.clip))
    assert torch.equal(ours["cond"], theirs["cond"])
    assert torch.equal(ours["pooled_output"], theirs["pooled_output"])


def test_the_same_text_encoder_twice_is_refused(tmp_path: Path):
    path = tmp_path / "l.safetensors"
    save_file(under("sdxl", MODELS["sdxl"].texts[0].prefix), path)
    with pytest.raises(WeightsError, match=r"l\.safetensors and l\.safetensors are text encoders of the same size"):
        load_text_encoders([path, path], "sdxl")


def test_a_type_that_is_not_supported_says_which_are(tmp_path: Path):
    path = tmp_path / "l.safetensors"
    save_file(under("sd1", MODELS["sd1"].texts[0].prefix), path)
    with pytest.raises(UnknownCheckpoint, match="type 'flux' are not supported yet; 'sdxl' is"):
        load_text_encoders([path, path], "flux")


def test_a_folder_of_diffusers_without_weights_is_named(tmp_path: Path):
    with pytest.raises(WeightsError, match=r"has no weights in unet/"):
        load_diffusers(tmp_path)


def test_an_edm_pipeline_is_refused(tmp_path: Path):
    (tmp_path / "unet").mkdir()
    (tmp_path / "scheduler").mkdir()
    save_file(under("sdxl", UNET), tmp_path / "unet" / "diffusion_pytorch_model.safetensors")
    (tmp_path / "scheduler" / "scheduler_config.json").write_text(json.dumps({"_class_name": "EDMEulerScheduler"}))
    with pytest.raises(WeightsError, match="EDM pipeline; load the single file"):
        load_diffusers(tmp_path)
