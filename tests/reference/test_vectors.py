"""What models are told beside the text, and whole runs of them, against diffusers' pipelines' own arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from diffusers import DDPMScheduler, EDMEulerScheduler, EulerDiscreteScheduler
from diffusers.models.embeddings import get_timestep_embedding
from diffusers.pipelines.latent_consistency_models.pipeline_latent_consistency_text2img import (
    LatentConsistencyModelPipeline,
)
from torch import Tensor

from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.sampling.sample import common_ksampler
from tests.reference.references import reference_unet
from tests.reference.test_sd1 import assert_equal
from tests.tiny_models import MODELS, model_tensors, write_model

SIZE = (64, 96)
STEPS, CFG, SEED = 10, 4.0, 5
"""With ten steps of a thousand from end to end, all timesteps are whole; we round others, diffusers does not."""


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield
    residency.free_all()


def sines(*numbers: float) -> Tensor:
    embedded = get_timestep_embedding(torch.tensor(numbers), 256, flip_sin_to_cos=True, downscale_freq_shift=0)
    return embedded.reshape(1, -1)


def test_sdxl_is_told_the_sizes_in_the_order_of_diffusers(tmp_path: Path):
    model = load_checkpoint(write_model(tmp_path / "x.safetensors", "sdxl")).model.model
    pooled = torch.randn((1, 64), generator=torch.Generator().manual_seed(0))
    sizes = {"width": 832, "height": 1216, "crop_w": 8, "crop_h": 16, "target_width": 900, "target_height": 1300}
    # diffusers: original size, crop (top, left) and target size, height first in each
    expected = torch.cat([pooled, sines(1216, 832, 16, 8, 1300, 900)], dim=1)
    assert torch.allclose(model.encode_adm(pooled_output=pooled, **sizes), expected, atol=1e-5)


@pytest.mark.parametrize(("side", "score"), [("positive", 6.0), ("negative", 2.5)])
def test_the_refiner_is_told_a_score_that_depends_on_the_side(tmp_path: Path, side: str, score: float):
    model = load_checkpoint(write_model(tmp_path / "x.safetensors", "refiner")).model.model
    pooled = torch.randn((1, 64), generator=torch.Generator().manual_seed(0))
    expected = torch.cat([pooled, sines(512, 1024, 0, 0, score)], dim=1)
    told = model.encode_adm(pooled_output=pooled, width=1024, height=512, prompt_type=side)
    assert torch.allclose(told, expected, atol=1e-5)
    chosen = model.encode_adm(pooled_output=pooled, width=1024, height=512, aesthetic_score=score, prompt_type="other")
    assert torch.equal(told, chosen)


def test_unclip_noises_normalised_embeddings_along_the_cosine_schedule(tmp_path: Path):
    model = load_checkpoint(write_model(tmp_path / "x.safetensors", "sd2_unclip")).model.model
    weights = model_tensors("sd2_unclip")
    mean, std = weights["noise_augmentor.data_mean"], weights["noise_augmentor.data_std"]
    embedding = torch.randn((1, 32), generator=torch.Generator().manual_seed(1))
    image = {
        "clip_vision_output": SimpleNamespace(image_embeds=embedding),
        "strength": 0.8,
        "noise_augmentation": 0.3,
    }
    told = model.encode_adm(unclip_conditioning=[image], seed=12)

    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    level = torch.tensor([round(999 * 0.3)])
    noise = torch.randn((1, 32), generator=torch.manual_seed(2))
    noised = scheduler.add_noise((embedding - mean) / std, noise, level) * std + mean
    of_level = get_timestep_embedding(level, 32, flip_sin_to_cos=True, downscale_freq_shift=0)
    assert torch.allclose(told, torch.cat([noised, of_level], dim=1) * 0.8, atol=1e-5)
    assert torch.equal(model.encode_adm(), torch.zeros(1, 64))


def test_a_picture_seen_by_another_encoder_is_refused(tmp_path: Path):
    model = load_checkpoint(write_model(tmp_path / "x.safetensors", "sd2_unclip")).model.model
    seen = SimpleNamespace(image_embeds=torch.ones(1, 48))
    image = {"clip_vision_output": seen, "strength": 1.0, "noise_augmentation": 0.0}
    with pytest.raises(ValueError, match="vision encoder of width 48 and this model takes 32"):
        model.encode_adm(unclip_conditioning=[image])


def test_lcm_is_told_the_guidance_scale_as_in_diffusers(tmp_path: Path):
    model = load_checkpoint(write_model(tmp_path / "x.safetensors", "sd1_lcm")).model.model
    embed = LatentConsistencyModelPipeline.get_guidance_scale_embedding
    expected = embed(None, torch.tensor([4.5]), embedding_dim=256)
    assert torch.allclose(model.encode_guidance(guidance=5.5), expected, atol=1e-5)


def test_an_sdxl_run_gives_what_diffusers_gives(tmp_path: Path):
    ours, cond, away = our_run(tmp_path, "sdxl")
    theirs = their_run("sdxl", euler(), cond, away)
    assert_equal(ours * 0.13025, theirs, 1e-4, relative=True)


def test_a_velocity_run_gives_what_diffusers_gives(tmp_path: Path):
    ours, cond, away = our_run(tmp_path, "sd2_v")
    theirs = their_run("sd2_v", euler("v_prediction"), cond, away)
    assert_equal(ours * 0.18215, theirs, 1e-4, relative=True)


def test_an_inpainting_run_gives_what_diffusers_gives(tmp_path: Path):
    image = torch.randn((1, 4, SIZE[0] // 8, SIZE[1] // 8), generator=torch.Generator().manual_seed(3))
    mask = torch.zeros(1, 1, *image.shape[-2:])
    mask[..., 4:] = 1
    ours, cond, away = our_run(tmp_path, "sd2_inpainting", concat_latent_image=image, concat_mask=mask)
    # diffusers: noisy latent, mask, masked image
    theirs = their_run("sd2_inpainting", euler(), cond, away, torch.cat([mask, image * 0.18215], dim=1))
    assert_equal(ours * 0.18215, theirs, 1e-4, relative=True)


def euler(prediction: str = "epsilon") -> EulerDiscreteScheduler:
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        timestep_spacing="linspace",
        prediction_type=prediction,
    )


def test_a_playground_run_is_an_edm_run_in_diffusers(tmp_path: Path):
    ours, cond, away = our_run(tmp_path, "playground", scheduler="karras")
    scheduler = EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5, prediction_type="epsilon")
    theirs = their_run("playground", scheduler, cond, away)
    mean = torch.tensor((-1.6574, 1.886, -1.383, 2.5155)).view(1, 4, 1, 1)
    std = torch.tensor((8.4927, 5.9022, 6.5498, 5.2299)).view(1, 4, 1, 1)
    assert_equal(ours, theirs * std / 0.5 + mean, 1e-4, relative=True)


def our_run(folder: Path, name: str, scheduler: str = "normal", **entry: Tensor) -> tuple[Tensor, list, list]:
    checkpoint = load_checkpoint(write_model(folder / "x.safetensors", name))
    clip = checkpoint.clip
    texts = (clip.tokenize(text) for text in ("a cat", "blurry"))
    cond, away = (clip.encode_from_tokens_scheduled(text, add_dict=entry) for text in texts)
    empty = {"samples": torch.zeros(1, 4, SIZE[0] // 8, SIZE[1] // 8)}
    sampled = common_ksampler(checkpoint.model, SEED, STEPS, CFG, "euler", scheduler, cond, away, empty)
    return sampled["samples"], cond, away


def their_run(
    name: str,
    scheduler: EulerDiscreteScheduler | EDMEulerScheduler,
    cond: list,
    away: list,
    beside: Tensor | None = None,
) -> Tensor:
    """Euler steps of diffusers' U-Net and scheduler with these prompts; latents as the network sees them."""
    unet = reference_unet(model_tensors(name), MODELS[name].unet)
    scheduler.set_timesteps(STEPS)
    text = torch.cat([away[0][0], cond[0][0]])
    pooled = torch.cat([away[0][1]["pooled_output"], cond[0][1]["pooled_output"]])
    time_ids = torch.tensor([[*SIZE, 0, 0, *SIZE]] * 2, dtype=torch.float32)
    told = {"text_embeds": pooled, "time_ids": time_ids}
    noise = torch.randn((1, 4, SIZE[0] // 8, SIZE[1] // 8), generator=torch.manual_seed(SEED))
    x = noise * (scheduler.sigmas[0] ** 2 + 1).sqrt()
    for timestep in scheduler.timesteps:
        both = scheduler.scale_model_input(torch.cat([x, x]), timestep)
        both = both if beside is None else torch.cat([both, torch.cat([beside, beside])], dim=1)
        off, towards = unet(both, timestep, text, added_cond_kwargs=told).sample.chunk(2)
        x = scheduler.step(off + CFG * (towards - off), timestep, x).prev_sample
    return x
