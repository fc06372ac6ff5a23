"""Prompts for SDXL: two texts, the sizes the model is told, and what it makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.folders import Folders
from comfy_core.memory import residency
from comfy_core.sampling.guidance import CFGGuider
from comfy_core.text.a1111 import encode_a1111
from comfy_core.text.tokenizer import clip_tokens
from nodes.latents import empty_latent_image
from nodes.sampling import k_sampler
from nodes.text import clip_text_encode
from nodes.text_sdxl import clip_text_encode_controlnet, clip_text_encode_sdxl, clip_text_encode_sdxl_refiner
from tests.tiny_models import CLIP_G, CLIP_L, write_model

LONG = " ".join(["cat"] * 76)
SIZES = {"width": 512, "height": 640, "crop_w": 8, "crop_h": 16, "target_width": 1024, "target_height": 768}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {name: write_model(folder / f"{name}.safetensors", name) for name in ("sd1", "sdxl", "refiner")}


@pytest.fixture
def sdxl(files: dict[str, Path]) -> Checkpoint:
    return load_checkpoint(files["sdxl"])


@pytest.fixture
def refiner(files: dict[str, Path]) -> Checkpoint:
    return load_checkpoint(files["refiner"])


def told(checkpoint: Checkpoint, conditioning: list[Any], side: str = "positive") -> Tensor:
    """The vector beside the text that the model is given for a picture of 256 x 128 pixels."""
    guider = CFGGuider(checkpoint.model)
    guider.original_conds = {side: conditioning}
    guider.prepare(torch.zeros(1, 4, 16, 32))
    return guider.conds[side][0].inputs["y"]


def sinusoids(*numbers: float) -> Tensor:
    """cos and sin of each number at 128 frequencies from 1 to 1 / 10,000."""
    frequencies = 10_000.0 ** (-torch.arange(128, dtype=torch.float64) / 128)
    parts = [part for number in numbers for part in ((number * frequencies).cos(), (number * frequencies).sin())]
    return torch.cat(parts)[None].float()


def test_each_text_goes_to_its_encoder_and_the_sizes_to_the_model(sdxl: Checkpoint):
    ((cond, extra),) = clip_text_encode_sdxl(sdxl.clip, **SIZES, text_g="a cat", text_l="a dog")
    cat, dog = clip_text_encode("a cat", sdxl.clip)[0], clip_text_encode("a dog", sdxl.clip)[0]
    torch.testing.assert_close(cond[..., : CLIP_L.width], dog[0][..., : CLIP_L.width])
    torch.testing.assert_close(cond[..., CLIP_L.width :], cat[0][..., CLIP_L.width :])
    torch.testing.assert_close(extra["pooled_output"], cat[1]["pooled_output"])
    expected = torch.cat([extra["pooled_output"], sinusoids(640, 512, 16, 8, 768, 1024)], dim=1)
    torch.testing.assert_close(told(sdxl, [[cond, extra]]), expected, rtol=0, atol=1e-4)


def test_a_prompt_without_sizes_is_about_the_whole_picture_that_is_made(sdxl: Checkpoint):
    prompt = clip_text_encode("a cat", sdxl.clip)
    pooled = prompt[0][1]["pooled_output"]
    expected = torch.cat([pooled, sinusoids(128, 256, 0, 0, 128, 256)], dim=1)
    torch.testing.assert_close(told(sdxl, prompt), expected, rtol=0, atol=1e-4)


def test_the_refiner_is_told_a_score(refiner: Checkpoint):
    prompt = clip_text_encode_sdxl_refiner(7.5, 512, 640, "a cat", refiner.clip)
    pooled = prompt[0][1]["pooled_output"]
    expected = torch.cat([pooled, sinusoids(640, 512, 0, 0, 7.5)], dim=1)
    torch.testing.assert_close(told(refiner, prompt), expected, rtol=0, atol=1e-4)
    plain = clip_text_encode("a cat", refiner.clip)
    for side, score in (("positive", 6.0), ("negative", 2.5)):
        expected = torch.cat([pooled, sinusoids(128, 256, 0, 0, score)], dim=1)
        torch.testing.assert_close(told(refiner, plain, side), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("text_g", "text_l"), [(LONG, "a"), ("a", LONG), ("", LONG)])
def test_the_shorter_text_is_filled_up(sdxl: Checkpoint, text_g: str, text_l: str):
    ((cond, _),) = clip_text_encode_sdxl(sdxl.clip, **SIZES, text_g=text_g, text_l=text_l)
    assert cond.shape == (1, 154, CLIP_L.width + CLIP_G.width)


def test_the_clip_of_another_family_is_refused(files: dict[str, Path]):
    with pytest.raises(ValueError, match=r"text encoders l and g; this one has: l\. Use the node CLIP Text Encode"):
        clip_text_encode_sdxl(load_checkpoint(files["sd1"]).clip, **SIZES, text_g="a", text_l="a")


def test_the_prompt_of_one_family_is_refused_by_another(files: dict[str, Path], sdxl: Checkpoint):
    prompt = clip_text_encode("a cat", load_checkpoint(files["sd1"]).clip)
    with pytest.raises(
        ValueError, match="vectors are 32 wide and this model takes 96 wide ones: encode it with the mo"
    ):
        k_sampler(sdxl.model, 1, 2, 3.0, "euler", "normal", prompt, prompt, empty_latent_image(64, 64, 1))


def test_an_embedding_has_vectors_for_both_encoders(sdxl: Checkpoint, base: Folders):
    folder = base.base / "models" / "embeddings"
    folder.mkdir()
    with residency.use([sdxl.clip.patcher]):
        encoders = {name: getattr(sdxl.clip.cond_stage_model, name) for name in ("clip_l", "clip_g")}
        numbers = torch.tensor(clip_tokens("red cat"))
        save_file(
            {name: one.embed(numbers).detach().clone() for name, one in encoders.items()}, folder / "x.safetensors"
        )
    expected = sdxl.clip.encode("a red cat")
    torch.testing.assert_close(sdxl.clip.encode("a embedding:x"), expected)
    torch.testing.assert_close(encode_a1111(sdxl.clip, "a x")[0][0], expected)


def test_an_embedding_for_one_encoder_alone_is_said_and_used_there(
    sdxl: Checkpoint, base: Folders, caplog: pytest.LogCaptureFixture
):
    folder = base.base / "models" / "embeddings"
    folder.mkdir()
    save_file({"<x>": torch.ones(2, CLIP_L.width)}, folder / "style.safetensors")
    for cond in (sdxl.clip.encode("a embedding:style"), encode_a1111(sdxl.clip, "a (style:1.2)")[0][0]):
        assert cond.shape == (1, 77, CLIP_L.width + CLIP_G.width)
    assert "this text encoder (clip_g) takes 64 wide ones" in caplog.text


def test_a_picture_is_made_of_a_weighted_prompt_of_a1111(sdxl: Checkpoint):
    """Each encoder's part keeps its own mean: z w times mean(z) / mean(z w)."""
    ((cond, extra),) = encode_a1111(sdxl.clip, "a (cat:1.5)")
    plain = sdxl.clip.encode("a cat")
    for part in (slice(0, CLIP_L.width), slice(CLIP_L.width, None)):
        z = plain[..., part].clone()
        before = z.mean()
        z[:, 2] *= 1.5
        torch.testing.assert_close(cond[..., part], z * before / z.mean(), rtol=1e-4, atol=1e-5)
    latent = k_sampler(
        sdxl.model, 1, 2, 3.0, "euler", "normal", [[cond, extra]], [[plain, extra]], empty_latent_image(64, 64, 1)
    )
    assert latent["samples"].isfinite().all()


def test_a_controlnet_gets_a_prompt_of_its_own(sdxl: Checkpoint):
    own = clip_text_encode("edges", sdxl.clip)[0]
    prompt = clip_text_encode("a cat", sdxl.clip)
    ((cond, extra),) = clip_text_encode_controlnet(sdxl.clip, prompt, "edges")
    assert torch.equal(cond, prompt[0][0])
    assert torch.equal(extra["cross_attn_controlnet"], own[0])
    assert torch.equal(extra["pooled_output_controlnet"], own[1]["pooled_output"])
