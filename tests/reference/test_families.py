"""Every family's networks against diffusers and transformers: the same random weights, in the layouts of the releases,
give the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.families._diffusers import unet_renamed, vae_renamed
from comfy_core.memory import residency
from comfy_core.text.tokenizer import clip_tokens
from comfy_core.weights import Weights
from tests.reference.references import UNET, VAE, reference_text, reference_unet, reference_vae, vectors
from tests.reference.test_sd1 import assert_equal
from tests.tiny_models import MODELS, TinyModel, model_tensors, write_model

START, END = 49406, 49407
PROMPT = "a photo of a red cat on a table"
UNETS = [name for name in MODELS if name not in ("sd2_v", "sdxl_v", "playground", "cosxl")]
"""Those left out have the networks of others, and predict something else with them."""
TEXTS = ["sd2", "sdxl", "refiner"]


class Loaded(NamedTuple):
    tiny: TinyModel
    ours: Checkpoint
    weights: dict[str, Tensor]


@pytest.fixture(scope="module")
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    name: str = request.param
    path: Path = write_model(tmp_path_factory.mktemp("reference") / "tiny.safetensors", name)
    with torch.no_grad():
        yield Loaded(MODELS[name], load_checkpoint(path), model_tensors(name))
    residency.free_all()


@pytest.mark.parametrize("loaded", UNETS, indirect=True)
def test_unet_predicts_as_diffusers_does(loaded: Loaded):
    dims = loaded.tiny.unet
    generator = torch.Generator().manual_seed(1)
    x = torch.randn((2, dims.in_channels, 8, 12), generator=generator)
    context = torch.randn((2, 77, dims.context_dim), generator=generator)
    timesteps = torch.tensor([981.0, 3.0])
    ours, theirs = vectors(dims.vector_dim, any(dims.depths[0]), generator)
    guidance = torch.randn((2, dims.guidance_dim), generator=generator) if dims.guidance_dim else None
    with residency.use([loaded.ours.model]):
        mine = loaded.ours.model.model.diffusion_model(x, timesteps, context, y=ours, guidance=guidance)
    unet = reference_unet(loaded.weights, dims)
    assert_equal(mine, unet(x, timesteps, context, timestep_cond=guidance, **theirs).sample, 1e-4)


@pytest.mark.parametrize("loaded", TEXTS, indirect=True)
def test_text_is_encoded_as_by_transformers(loaded: Loaded):
    clip = loaded.ours.clip
    cond, pooled = clip.encode_from_tokens(clip.tokenize(PROMPT), return_pooled=True)
    texts, last = [], None
    for text in loaded.tiny.texts:
        model = reference_text(loaded.weights, text.dims, text.prefix, projected=text.open_clip)
        last = model(rows(PROMPT, pad=0 if text.open_clip else END), output_hidden_states=True)
        hidden = last.hidden_states[-2]
        if text.prefix.startswith("cond_stage_model."):  # Stable Diffusion 2 normalises it
            hidden = model.text_model.final_layer_norm(hidden)
        texts.append(hidden)
    assert last is not None
    assert_equal(cond, torch.cat(texts, dim=-1), 1e-4)
    assert_equal(pooled, last.text_embeds, 1e-4)


@pytest.mark.parametrize("loaded", ["sd2", "sdxl"], indirect=True)
def test_images_are_encoded_and_decoded_as_diffusers_does(loaded: Loaded):
    vae = reference_vae(loaded.weights, loaded.tiny.vae)
    images = torch.rand((2, 64, 48, 3), generator=torch.Generator().manual_seed(2))
    latents = loaded.ours.vae.encode(images)
    assert_equal(latents, vae.encode(images.movedim(-1, 1) * 2 - 1).latent_dist.mean, 1e-4)
    decoded = (vae.decode(latents).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    assert_equal(loaded.ours.vae.decode(latents), decoded, 1e-4)


@pytest.mark.parametrize("name", UNETS)
def test_a_unet_of_diffusers_is_the_same_under_our_names(name: str):
    own = {key.removeprefix(UNET): value for key, value in model_tensors(name).items() if key.startswith(UNET)}
    theirs = unet_renamed(Weights.of(reference_unet(model_tensors(name), MODELS[name].unet).state_dict()))
    assert set(theirs) == set(own)
    assert all(torch.equal(theirs[key], value) for key, value in own.items())


def test_an_autoencoder_of_diffusers_is_the_same_under_our_names():
    own = {key.removeprefix(VAE): value for key, value in model_tensors("sdxl").items() if key.startswith(VAE)}
    theirs = vae_renamed(Weights.of(reference_vae(model_tensors("sdxl"), MODELS["sdxl"].vae).state_dict()))
    assert set(theirs) == set(own)
    assert all(torch.equal(theirs[key].flatten(), value.flatten()) for key, value in own.items())


def rows(text: str, pad: int) -> Tensor:
    tokens = [START, *clip_tokens(text), END]
    return torch.tensor([tokens + [pad] * (77 - len(tokens))])
