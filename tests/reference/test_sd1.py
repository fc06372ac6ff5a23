"""Stable Diffusion 1.x against diffusers and transformers: the same weights give the same numbers."""

from __future__ import annotations

import diffusers
import pytest
import torch
from torch import Tensor

from comfy_core.memory import residency
from comfy_core.sampling.sample import common_ksampler
from comfy_core.text.tokenizer import clip_tokens
from tests.reference.conftest import Pair

START, END = 49406, 49407
PROMPT = "a photo of a red cat on a table"


def test_text_is_encoded_as_by_transformers(pair: Pair):
    cond, pooled = pair.ours.clip.encode_from_tokens(pair.ours.clip.tokenize(PROMPT), return_pooled=True)
    theirs = pair.text(rows(PROMPT))
    assert_equal(cond, theirs.last_hidden_state, 1e-5)
    assert_equal(pooled, theirs.pooler_output, 1e-5)


def test_clip_skip_2_is_the_penultimate_layer_normalised(pair: Pair):
    clip = pair.ours.clip.clone()
    clip.clip_layer(-2)
    theirs = pair.text(rows(PROMPT), output_hidden_states=True)
    norm = getattr(pair.text, "text_model", pair.text).final_layer_norm
    assert_equal(clip.encode(PROMPT), norm(theirs.hidden_states[-2]), 1e-5)


@pytest.mark.parametrize("size", [(8, 8), (16, 8), (9, 11)])
def test_unet_predicts_as_diffusers_does(pair: Pair, size: tuple[int, int]):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn((2, 4, *size), generator=generator)
    context = torch.randn((2, 77, pair.tiny.unet.context_dim), generator=generator)
    timesteps = torch.tensor([981.0, 3.0])
    with residency.use([pair.ours.model]):
        ours = pair.ours.model.model.diffusion_model(x, timesteps, context)
    assert_equal(ours, pair.unet(x, timesteps, context).sample, 2e-5)


def test_vae_encodes_as_diffusers_does(pair: Pair):
    images = torch.rand((2, 64, 48, 3), generator=torch.Generator().manual_seed(2))
    theirs = pair.vae.encode(images.movedim(-1, 1) * 2 - 1).latent_dist.mean
    assert_equal(pair.ours.vae.encode(images), theirs, 1e-5)


def test_vae_decodes_as_diffusers_does(pair: Pair):
    latents = torch.randn((2, 4, 8, 6), generator=torch.Generator().manual_seed(3))
    theirs = (pair.vae.decode(latents).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    assert_equal(pair.ours.vae.decode(latents), theirs, 2e-5)


def test_ten_euler_steps_give_the_picture_diffusers_gives(pair: Pair):
    negative = "blurry"
    seed, cfg, steps = 42, 7.5, 10
    clip = pair.ours.clip
    encode = [clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in (PROMPT, negative)]
    empty = {"samples": torch.zeros(1, 4, 8, 8)}
    ours = common_ksampler(pair.ours.model, seed, steps, cfg, "euler", "normal", *encode, empty)["samples"]

    scheduler = diffusers.EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="linspace"
    )
    scheduler.set_timesteps(steps)
    text = torch.cat([pair.text(rows(negative)).last_hidden_state, pair.text(rows(PROMPT)).last_hidden_state])
    x = torch.randn((1, 4, 8, 8), generator=torch.manual_seed(seed)) * (scheduler.sigmas[0] ** 2 + 1).sqrt()
    for timestep in scheduler.timesteps:
        both = pair.unet(scheduler.scale_model_input(torch.cat([x, x]), timestep), timestep, text).sample
        away, towards = both.chunk(2)
        x = scheduler.step(away + cfg * (towards - away), timestep, x).prev_sample
    theirs = x / 0.18215

    assert_equal(ours, theirs, 1e-4, relative=True)
    picture = (pair.vae.decode(theirs).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    assert_equal(pair.ours.vae.decode(ours), picture, 1e-4)


def rows(text: str) -> Tensor:
    tokens = [START, *clip_tokens(text), END]
    return torch.tensor([tokens + [END] * (77 - len(tokens))])


def assert_equal(ours: Tensor, theirs: Tensor, tolerance: float, relative: bool = False) -> None:
    assert ours.shape == theirs.shape
    scale = theirs.std().item() if relative else 1.0
    assert theirs.std() > 0.01, "the reference is constant: the comparison would prove nothing"
    worst = (ours - theirs).abs().max().item() / scale
    print(f"worst difference {worst:.1e}, spread {theirs.std():.2f}")
    assert worst <= tolerance
