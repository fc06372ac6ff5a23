"""The nodes, called as the functions they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from comfy_core.folders import Folders
from comfy_core.weights import WeightsError
from nodes.conditioning import conditioning_combine
from nodes.images import (
    image_invert,
    image_scale,
    image_scale_by,
    load_image,
    load_image_mask,
    preview_image,
    save_image,
)
from nodes.latents import (
    empty_latent_image,
    latent_upscale,
    latent_upscale_by,
    repeat_latent_batch,
    vae_decode,
    vae_encode,
)
from nodes.loaders import checkpoint_loader_simple, vae_loader
from nodes.lora import lora_loader, lora_loader_model_only
from nodes.preview import preview_any
from nodes.sampling import k_sampler, k_sampler_advanced
from nodes.text import clip_set_last_layer, clip_text_encode, clip_text_encode_a1111
from tests.tiny_sd1 import SMALL, tensors, write_checkpoint

LORA = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"


def fingerprint(node, **inputs):
    return node.hooks["fingerprint"](**inputs)


def test_the_default_graph_makes_a_picture_with_its_workflow_inside(base: Folders):
    model, clip, vae = checkpoint_loader_simple("tiny.safetensors")
    positive, negative = clip_text_encode("a (red:1.2) cat", clip), clip_text_encode("", clip)
    latent = empty_latent_image(64, 72, 2)
    sampled = k_sampler(model, 7, 3, 4.0, "dpmpp_2m", "karras", positive, negative, latent)
    images = vae_decode(sampled, vae)
    saved = save_image(images, "Easel/first", {"1": {"class_type": "SaveImage"}}, {"workflow": {"nodes": []}})
    assert images.shape == (2, 72, 64, 3)
    assert saved["ui"]["images"] == [
        {"filename": f"first_0000{n}_.png", "subfolder": "Easel", "type": "output"} for n in (1, 2)
    ]
    assert saved["result"][0] is images
    file = Image.open(base.output / "Easel" / "first_00002_.png")
    assert json.loads(file.text["workflow"]) == {"nodes": []}  # type: ignore[attr-defined]
    assert np.array_equal(np.array(file), (images[1] * 255).byte().numpy())


def test_two_advanced_samplers_share_a_run(base: Folders):
    model, clip, _ = checkpoint_loader_simple("tiny.safetensors")
    prompts = clip_text_encode("a cat", clip), clip_text_encode("", clip)
    latent = empty_latent_image(64, 64, 1)
    whole = k_sampler(model, 3, 6, 3.0, "euler", "normal", *prompts, latent)["samples"]
    first = k_sampler_advanced(model, "enable", 3, 6, 3.0, "euler", "normal", *prompts, latent, 0, 4, "enable")
    second = k_sampler_advanced(model, "disable", 0, 6, 3.0, "euler", "normal", *prompts, first, 4, 10_000, "disable")
    torch.testing.assert_close(second["samples"], whole, rtol=1e-4, atol=1e-4)


def test_a_missing_checkpoint_names_what_there_is():
    with pytest.raises(
        FileNotFoundError, match=r"'gone' is not in models/checkpoints/; pick one of: .*tiny\.safetensors"
    ):
        checkpoint_loader_simple("gone")


def test_a_replaced_checkpoint_has_another_fingerprint(base: Folders):
    path = base.base / "models" / "checkpoints" / "tiny.safetensors"
    before = fingerprint(checkpoint_loader_simple, ckpt_name="tiny.safetensors")
    assert fingerprint(checkpoint_loader_simple, ckpt_name="tiny.safetensors") == before
    path.unlink()
    write_checkpoint(path, seed=1)
    assert fingerprint(checkpoint_loader_simple, ckpt_name="tiny.safetensors") != before
    assert fingerprint(checkpoint_loader_simple, ckpt_name=None) == []


def test_a_vae_of_its_own_decodes(base: Folders):
    own = {name: value for name, value in tensors().items() if name.startswith("first_stage_model.")}
    save_file(own, base.base / "models" / "vae" / "mine.safetensors", metadata=SMALL.metadata)
    latent = {"samples": torch.randn(1, 4, 8, 8)}
    image = vae_decode(latent, vae_loader("mine.safetensors"))
    assert torch.equal(image, vae_decode(latent, checkpoint_loader_simple("tiny.safetensors")[2]))
    assert vae_encode(image, vae_loader("mine.safetensors"))["samples"].shape == (1, 4, 8, 8)


def test_a_lora_changes_the_model_and_strength_0_does_not(base: Folders):
    up, down = torch.randn(32, 2), torch.randn(2, 32)
    lora = {f"{LORA}.lora_up.weight": up, f"{LORA}.lora_down.weight": down}
    save_file(lora, base.base / "models" / "loras" / "mine.safetensors")
    model, clip, _ = checkpoint_loader_simple("tiny.safetensors")
    prompts = clip_text_encode("a cat", clip), clip_text_encode("", clip)

    def picture(model):
        return k_sampler(model, 3, 2, 3.0, "euler", "normal", *prompts, empty_latent_image(64, 64, 1))["samples"]

    plain = picture(model)
    changed, _ = lora_loader(model, clip, "mine.safetensors", 1.0, 1.0)
    assert not torch.allclose(picture(changed), plain, atol=1e-2)
    torch.testing.assert_close(picture(lora_loader_model_only(model, "mine.safetensors", 1.0)), picture(changed))
    assert lora_loader_model_only(model, "mine.safetensors", 0.0) is model
    assert lora_loader(model, clip, "mine.safetensors", 0.0, 0.0) == (model, clip)
    assert torch.equal(picture(model), plain)


def test_a_file_that_is_no_lora_is_refused(base: Folders):
    write_checkpoint(base.base / "models" / "loras" / "x.safetensors")
    model, *_ = checkpoint_loader_simple("tiny.safetensors")
    with pytest.raises(WeightsError, match="holds no LoRA"):
        lora_loader_model_only(model, "x.safetensors", 1.0)


def test_the_text_encoders_layer_is_chosen_for_this_clip_alone(base: Folders):
    _, clip, _ = checkpoint_loader_simple("tiny.safetensors")
    before = clip_text_encode("a cat", clip)[0][0]
    skipped = clip_text_encode("a cat", clip_set_last_layer(clip, -2))[0][0]
    assert not torch.allclose(before, skipped, atol=1e-2)
    assert torch.equal(clip_text_encode("a cat", clip)[0][0], before)


def test_combined_prompts_are_both_there(base: Folders):
    _, clip, _ = checkpoint_loader_simple("tiny.safetensors")
    a, b = clip_text_encode("a", clip), clip_text_encode("b", clip)
    assert conditioning_combine(a, b) == [*a, *b]
    assert len(a) == 1


def test_an_embedding_that_appears_changes_the_prompts_fingerprint(base: Folders):
    inputs = {"text": "a (embedding:mine:1.2), embedding:other", "clip": None}
    before = fingerprint(clip_text_encode, **inputs)
    folder = base.base / "models" / "embeddings"
    folder.mkdir()
    save_file({"x": torch.ones(1, 32)}, folder / "mine.safetensors")
    after = fingerprint(clip_text_encode, **inputs)
    assert before == [None, None]
    assert after[0] is not None
    assert after[1] is None
    assert fingerprint(clip_text_encode, text=None, clip=None) == []


def test_a_prompt_of_a1111_says_more_than_one_thing_and_knows_every_embedding(base: Folders):
    model, clip, _ = checkpoint_loader_simple("tiny.safetensors")
    prompt = clip_text_encode_a1111("a [cat|dog]", clip, 4)
    assert len(prompt) == 2
    latent = k_sampler(model, 1, 4, 2.0, "euler", "karras", prompt, prompt[:1], empty_latent_image(64, 64, 1))
    assert latent["samples"].isfinite().all()
    inputs = {"text": "a", "clip": None, "steps": 4}
    before = fingerprint(clip_text_encode_a1111, **inputs)
    (base.base / "models" / "embeddings").mkdir()
    save_file({"x": torch.ones(1, 32)}, base.base / "models" / "embeddings" / "mine.safetensors")
    assert fingerprint(clip_text_encode_a1111, **inputs) != before


def test_an_input_picture_and_its_mask(base: Folders):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 6, 4), dtype=np.uint8)
    Image.fromarray(pixels).save(base.input / "a.png")
    image, mask = load_image("a.png")
    assert image.shape == (1, 5, 6, 3)
    torch.testing.assert_close(mask[0], 1 - torch.from_numpy(pixels[..., 3]).float() / 255)
    assert torch.equal(load_image_mask("a.png", "alpha"), mask)
    assert load_image("a.png [input]")[0].shape == image.shape


def test_a_replaced_picture_has_another_fingerprint_and_a_touched_one_has_not(base: Folders):
    path = base.input / "a.png"
    Image.new("RGB", (2, 2), "red").save(path)
    before = fingerprint(load_image, image="a.png")
    path.touch()
    assert fingerprint(load_image, image="a.png") == before
    Image.new("RGB", (2, 2), "blue").save(path)
    assert fingerprint(load_image, image="a.png") != before
    assert fingerprint(load_image_mask, image="a.png", channel="red") != before


def test_a_missing_picture_names_what_there_is(base: Folders):
    Image.new("RGB", (2, 2)).save(base.input / "there.png")
    with pytest.raises(FileNotFoundError, match=r"'gone\.png' is not in input/; upload it or pick one of: there\.png"):
        load_image("gone.png")


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd"])
def test_an_input_picture_cannot_lie_elsewhere(base: Folders, name: str):
    with pytest.raises(ValueError, match="leaves input/"):
        load_image(name)


def test_a_preview_is_kept_in_temp(base: Folders):
    (one,) = preview_image(torch.rand(1, 4, 4, 3))["ui"]["images"]
    assert one["type"] == "temp"
    assert (base.temp / one["filename"]).is_file()


def test_pictures_change_size(base: Folders):
    image = torch.rand(1, 20, 40, 3)
    assert image_scale(image, "lanczos", 10, 10, "center").shape == (1, 10, 10, 3)
    assert image_scale(image, "bilinear", 0, 10, "disabled").shape == (1, 10, 20, 3)
    assert image_scale(image, "bilinear", 10, 0, "disabled").shape == (1, 5, 10, 3)
    assert image_scale(image, "bilinear", 0, 0, "disabled") is image
    assert image_scale_by(image, "area", 0.5).shape == (1, 10, 20, 3)
    assert image_scale_by(image, "area", 0.01).shape == (1, 1, 1, 3)
    assert torch.equal(image_invert(image), 1 - image)


def test_latents_change_size():
    latent = {"samples": torch.rand(1, 4, 8, 16), "batch_index": [3]}
    assert latent_upscale(latent, "bislerp", 256, 64, "disabled")["samples"].shape == (1, 4, 8, 32)
    assert latent_upscale(latent, "bilinear", 256, 0, "disabled")["samples"].shape == (1, 4, 16, 32)
    assert latent_upscale(latent, "bilinear", 0, 128, "disabled")["samples"].shape == (1, 4, 16, 32)
    assert latent_upscale(latent, "bilinear", 0, 0, "disabled") is latent
    bigger = latent_upscale_by(latent, "nearest-exact", 1.5)
    assert bigger["samples"].shape == (1, 4, 12, 24)
    assert bigger["batch_index"] == [3]


def test_repeated_latents_keep_their_masks_and_count_their_places_on():
    latent = {"samples": torch.rand(2, 4, 8, 8), "noise_mask": torch.rand(2, 64, 64), "batch_index": [4, 6]}
    repeated = repeat_latent_batch(latent, 3)
    assert torch.equal(repeated["samples"][2:4], latent["samples"])
    assert torch.equal(repeated["noise_mask"][4:], latent["noise_mask"])
    assert repeated["batch_index"] == [4, 6, 7, 9, 10, 12]
    assert latent["samples"].shape[0] == 2


def test_an_empty_latent_is_an_eighth_of_the_picture():
    assert empty_latent_image(520, 768, 3)["samples"].shape == (3, 4, 96, 65)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (3, "3"),
        (None, "None"),
        ({"a": [1]}, '{\n    "a": [\n        1\n    ]\n}'),
        (Path, str(Path)),
    ],
)
def test_any_value_is_shown_as_text(value, text: str):
    assert preview_any(value) == {"ui": {"text": (text,)}, "result": (text,)}
