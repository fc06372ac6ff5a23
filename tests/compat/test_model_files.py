"""Packs that open model files themselves get what the built-in loaders give."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from comfy_core import latent_format, preview_method
from comfy_core.lora import load_lora_for_models
from comfy_core.vae_files import load_vae_file
from comfy_core.weights import WeightsError, open_weights
from execution.packs import expose_compat
from tests.tiny_lora import write_lora
from tests.tiny_models import write_model
from tests.tiny_vision import vision_tensors

expose_compat()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model") / "tiny.safetensors", "sd1")


@pytest.fixture(scope="module")
def parts(file):
    import comfy.sd

    return comfy.sd.load_checkpoint_guess_config(str(file), output_clipvision=True, embedding_directory=["none"])


def weights_of(patcher):
    return {name: patcher.weight(name) for name in patcher.source}


def test_a_checkpoint_has_a_model_a_text_encoder_and_a_vae(parts):
    import comfy.sd

    model, clip, vae, vision = parts
    assert model.model.diffusion_model is not None
    assert isinstance(clip, comfy.sd.CLIP)
    assert isinstance(vae, comfy.sd.VAE)
    assert vision is None


def test_what_is_not_wanted_of_a_checkpoint_is_none(file):
    import comfy.sd

    loaded = comfy.sd.load_checkpoint_guess_config(file, output_vae=False, output_clip=False)
    assert loaded[1:] == (None, None, None)
    assert comfy.sd.load_checkpoint(ckpt_path=file, output_clip=False)[1] is None
    with pytest.raises(TypeError, match="ckpt_path"):
        comfy.sd.load_checkpoint()


def test_a_vae_is_made_of_a_table_of_tensors(file):
    import comfy.sd
    import comfy.utils

    vae = comfy.sd.VAE(sd=comfy.utils.load_torch_file(str(file)))
    latent = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(vae.decode(latent), load_vae_file(file).decode(latent))
    with pytest.raises(WeightsError, match="not a VAE"):
        comfy.sd.VAE(sd={"one": torch.zeros(1)})


def test_a_lora_is_put_on_as_a_table_of_tensors(parts, tmp_path):
    import comfy.sd
    import comfy.utils

    model, clip, *_ = parts
    path = write_lora(tmp_path / "lora.safetensors", "sd1")
    changed, same = comfy.sd.load_lora_for_models(model, clip, comfy.utils.load_torch_file(str(path)), 0.5, 1.0)
    expected, _ = load_lora_for_models(model, clip, open_weights(path), 0.5, 1.0)
    name = next(iter(expected.patches))
    assert torch.equal(changed.weight(name), expected.weight(name))
    assert not torch.equal(changed.weight(name), model.weight(name))
    assert same.patcher.patches.keys() == clip.patcher.patches.keys()


def test_a_checkpoint_is_saved_with_its_patches(parts, tmp_path):
    import comfy.sd
    import comfy.utils

    model, clip, vae, _ = parts
    lora = comfy.utils.load_torch_file(str(write_lora(tmp_path / "lora.safetensors", "sd1")))
    changed, _ = comfy.sd.load_lora_for_models(model, None, lora, 1.0, 0.0)
    path = tmp_path / "saved.safetensors"
    comfy.sd.save_checkpoint(str(path), changed, clip, vae, metadata={"note": "mine"})
    again = comfy.sd.load_checkpoint_guess_config(path)[0]
    torch.testing.assert_close(weights_of(again), weights_of(changed))
    assert open_weights(path).metadata["note"] == "mine"
    assert "cond_stage_model.transformer.text_model.final_layer_norm.weight" in load_file(path)


def test_text_encoders_of_other_families_are_refused_by_name(file):
    import comfy.sd

    with pytest.raises(WeightsError, match="'flux' are not supported"):
        comfy.sd.load_clip([str(file)], clip_type=comfy.sd.CLIPType.FLUX)


def test_a_previewer_shows_a_latent_as_sampling_does():
    import latent_preview

    latent = torch.randn(1, 4, 6, 8)
    previewer = latent_preview.get_previewer("cpu", latent_format.LatentFormat())
    assert previewer.decode_latent_to_preview(latent).size == (8, 6)
    kind, image, side = previewer.decode_latent_to_preview_image("JPEG", latent)
    assert (kind, image.size, side) == ("JPEG", (8, 6), 512)
    with preview_method.using("none"):
        assert latent_preview.get_previewer("cpu", latent_format.LatentFormat()) is None


def test_an_encoder_of_pictures_is_opened_by_path_or_as_a_table(tmp_path):
    import comfy.clip_vision
    import comfy.model_management

    tensors = vision_tensors()
    save_file(tensors, tmp_path / "vision.safetensors")
    image = torch.rand(1, 70, 56, 3, dtype=comfy.model_management.intermediate_dtype())
    by_path = comfy.clip_vision.load(str(tmp_path / "vision.safetensors")).encode_image(image)
    table = {f"visual.{name}": tensor for name, tensor in tensors.items()}
    by_table = comfy.clip_vision.load_clipvision_from_sd(table, "visual.").encode_image(image)
    assert isinstance(by_path, comfy.clip_vision.Output)
    assert torch.equal(by_path["image_embeds"], by_table["image_embeds"])
