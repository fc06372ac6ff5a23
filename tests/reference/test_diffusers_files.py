"""What diffusers writes is read: pipelines in folders, parts in single files, small autoencoders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import diffusers
import pytest
import torch
from safetensors.torch import save_file

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.parts import load_diffusers, load_diffusion_model
from comfy_core.vae_files import load_vae_file
from tests.reference.references import reference_text, reference_unet, reference_vae
from tests.reference.test_sd1 import assert_equal
from tests.tiny_models import MODELS, model_tensors, write_model
from tests.tiny_sd1 import randomise

PROMPT = "a red cat"


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield
    residency.free_all()


def write_pipeline(folder: Path, name: str, safetensors: bool, scheduler: dict[str, str]) -> Path:
    """A tiny model as the pipeline's `save_pretrained` writes it; ViT-H without its last layer, as in SD 2."""
    tiny, weights = MODELS[name], model_tensors(name)
    reference_unet(weights, tiny.unet).save_pretrained(folder / "unet", safe_serialization=safetensors)
    reference_vae(weights, tiny.vae).save_pretrained(folder / "vae", safe_serialization=safetensors)
    for place, text in zip(("text_encoder", "text_encoder_2"), tiny.texts, strict=False):
        is_h = text.prefix == "cond_stage_model.model."
        dims = replace(text.dims, layers=text.dims.layers - 1) if is_h else text.dims
        encoder = reference_text(weights, dims, text.prefix, projected=text.open_clip and not is_h)
        encoder.save_pretrained(folder / place)
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))
    (folder / "model_index.json").write_text("{}")
    return folder


@pytest.mark.parametrize(("name", "safetensors"), [("sd1", False), ("sd2", True), ("sdxl", True)])
def test_a_pipeline_is_the_checkpoint_it_was_made_of(tmp_path: Path, name: str, safetensors: bool):
    folder = write_pipeline(tmp_path / "pipeline", name, safetensors, {"prediction_type": "epsilon"})
    theirs, ours = load_checkpoint(write_model(tmp_path / "whole.safetensors", name)), load_diffusers(folder)
    assert type(ours.model.model) is type(theirs.model.model)
    assert_equal(ours.clip.encode(PROMPT), theirs.clip.encode(PROMPT), 1e-4)
    assert_equal(denoised(ours), denoised(theirs), 1e-4)
    latents = torch.randn((1, 4, 4, 4), generator=torch.Generator().manual_seed(0))
    assert_equal(ours.vae.decode(latents), theirs.vae.decode(latents), 1e-4)


def denoised(checkpoint: Checkpoint) -> torch.Tensor:
    model = checkpoint.model.model
    x = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    [[text, extra]] = checkpoint.clip.encode_from_tokens_scheduled(checkpoint.clip.tokenize(PROMPT))
    with residency.use([checkpoint.model]):
        return model.apply_model(x, torch.tensor([3.0]), **model.extra_conds(cross_attn=text, noise=x, **extra))


def test_a_pipeline_says_what_it_predicts(tmp_path: Path):
    said = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
    checkpoint = load_diffusers(write_pipeline(tmp_path / "pipeline", "sd2", True, said))
    assert checkpoint.note.endswith("predicts velocity, from pure noise (zero terminal SNR): says its scheduler")
    assert float(checkpoint.model.model.model_sampling.sigma_max) > 4000


def test_a_unet_and_a_vae_of_diffusers_load_as_single_files(tmp_path: Path):
    tiny, weights = MODELS["sd1"], model_tensors("sd1")
    save_file(reference_unet(weights, tiny.unet).state_dict(), tmp_path / "unet.safetensors")
    save_file(reference_vae(weights, tiny.vae).state_dict(), tmp_path / "vae.safetensors")
    whole = load_checkpoint(write_model(tmp_path / "whole.safetensors", "sd1"))
    parts = replace(whole, model=load_diffusion_model(tmp_path / "unet.safetensors"))
    assert_equal(denoised(parts), denoised(whole), 1e-4)
    latents = torch.randn((1, 4, 4, 4), generator=torch.Generator().manual_seed(0))
    assert_equal(load_vae_file(tmp_path / "vae.safetensors").decode(latents), whole.vae.decode(latents), 1e-4)


def test_a_small_autoencoder_encodes_and_decodes_as_in_diffusers(tmp_path: Path):
    theirs = diffusers.AutoencoderTiny(encoder_block_out_channels=[16] * 4, decoder_block_out_channels=[16] * 4).eval()
    randomise(theirs, torch.Generator().manual_seed(0))
    save_file(theirs.state_dict(), tmp_path / "taesd.safetensors")
    ours = load_vae_file(tmp_path / "taesd.safetensors")
    images = torch.rand((2, 32, 48, 3), generator=torch.Generator().manual_seed(1))
    latents = theirs.encode(images.movedim(-1, 1) * 2 - 1).latents
    assert_equal(ours.encode(images), latents, 1e-4)
    assert_equal(ours.decode(latents), (theirs.decode(latents).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1), 1e-4)
