"""Nodes that say what a model predicts, and nodes for inpainting."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.folders import Folders
from comfy_core.sampling import prediction as predict
from execution.load_nodes import load_nodes
from nodes import inpainting
from nodes import model_sampling as nodes
from nodes.registry import class_mappings
from nodes.sampling import k_sampler

EMPTY = {"samples": torch.zeros(1, 4, 8, 8)}


@pytest.fixture
def checkpoint(base: Folders) -> Checkpoint:
    return load_checkpoint(base.find_model("checkpoints", "tiny.safetensors"))


@pytest.fixture
def prompts(checkpoint: Checkpoint) -> tuple[Any, Any]:
    clip = checkpoint.clip
    cat, nothing = (clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in ("a cat", ""))
    return cat, nothing


def sampling(model: Any) -> Any:
    return model.get_model_object("model_sampling")


@pytest.mark.parametrize(("name", "kind"), nodes.DISCRETE.items())
def test_a_discrete_model_can_predict_anything(checkpoint: Checkpoint, prompts, name: str, kind: type):
    model = nodes.model_sampling_discrete(checkpoint.model, name, False)
    assert isinstance(sampling(model), kind)
    assert type(sampling(checkpoint.model)) is not type(sampling(model)) or name == "eps"
    assert k_sampler(model, 1, 3, 2.0, "euler", "simple", *prompts, EMPTY)["samples"].isfinite().all()


def test_zero_terminal_snr_and_consistency_models_have_levels_of_their_own(checkpoint: Checkpoint):
    plain, stretched = (
        sampling(nodes.model_sampling_discrete(checkpoint.model, "v_prediction", one)) for one in (0, 1)
    )
    assert float(plain.sigma_max) == pytest.approx(14.6146, abs=1e-3)
    assert float(stretched.sigma_max) == pytest.approx(4518.76, abs=0.1)
    lcm = sampling(nodes.model_sampling_discrete(checkpoint.model, "lcm", False))
    assert torch.equal(lcm.sigmas, sampling(checkpoint.model).sigmas[19::20])


@pytest.mark.parametrize(("name", "kind"), nodes.CONTINUOUS.items())
def test_a_continuous_model_knows_any_level_between_two(checkpoint: Checkpoint, prompts, name: str, kind: type):
    model = nodes.model_sampling_continuous_edm(checkpoint.model, name, 80.0, 0.01)
    assert isinstance(sampling(model), kind)
    assert float(sampling(model).sigma_max) == pytest.approx(80, rel=1e-5)
    assert float(sampling(model).sigma_min) == pytest.approx(0.01, rel=1e-5)
    assert sampling(model).sigma_data == (0.5 if name.startswith("edm") else 1.0)
    assert k_sampler(model, 1, 3, 2.0, "euler", "karras", *prompts, EMPTY)["samples"].isfinite().all()


def test_playgrounds_latents_have_a_scale_of_their_own(checkpoint: Checkpoint):
    model = nodes.model_sampling_continuous_edm(checkpoint.model, "edm_playground_v2.5", 80.0, 0.002)
    latent = torch.tensor([-1.6574, 1.886, -1.383, 2.5155]).view(1, 4, 1, 1)
    torch.testing.assert_close(model.get_model_object("latent_format").process_in(latent), torch.zeros(1, 4, 1, 1))


def test_a_model_whose_time_is_an_angle(checkpoint: Checkpoint):
    model = sampling(nodes.model_sampling_continuous_v(checkpoint.model, "v_prediction", 500.0, 0.03))
    assert isinstance(model, predict.Velocity)
    assert float(model.timestep(torch.tensor(1.0))) == pytest.approx(0.5)


def test_flows_are_shifted(checkpoint: Checkpoint):
    """Flux: mu goes linearly from 0.5 at 256 patches to 1.15 at 4096, and the shift is e^mu."""
    half = torch.tensor(0.5)
    sd3, aura = nodes.model_sampling_sd3(checkpoint.model, 3.0), nodes.model_sampling_aura_flow(checkpoint.model, 1.73)
    assert sampling(sd3).percent_to_sigma(0.5) == pytest.approx(3 * 0.5 / 2)
    assert float(sampling(sd3).timestep(half)) == 500
    assert float(sampling(aura).timestep(half)) == 0.5
    for size, mu in ((1024, 1.15), (256, 0.5), (512, 0.5 + 0.65 * 768 / 3840)):
        flux = sampling(nodes.model_sampling_flux(checkpoint.model, 1.15, 0.5, size, size))
        assert flux.percent_to_sigma(0.25) == pytest.approx(math.exp(mu) / (math.exp(mu) + (1 / 0.75 - 1)))


def test_the_network_is_told_the_time_of_its_schedule(checkpoint: Checkpoint, prompts):
    times: list[float] = []
    network = checkpoint.model.model.diffusion_model
    handle = network.register_forward_pre_hook(lambda module, args: times.append(float(args[1][0])))
    model = nodes.model_sampling_continuous_edm(checkpoint.model, "edm", 80.0, 0.01)
    k_sampler(model, 1, 1, 1.0, "euler", "karras", *prompts, EMPTY)
    k_sampler(checkpoint.model, 1, 1, 1.0, "euler", "karras", *prompts, EMPTY)
    handle.remove()
    assert times == pytest.approx([math.log(80) / 4, 999], rel=1e-4)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda model: nodes.model_sampling_continuous_edm(model, "edm", 1.0, 2.0), "sigma_min 2.0 has to be"),
        (lambda model: nodes.model_sampling_continuous_v(model, "v_prediction", 5.0, 0.0), "sigma_min 0.0 has to be"),
        (lambda model: nodes.model_sampling_sd3(model, 0.0), "the shift is 0.0"),
    ],
)
def test_levels_that_span_nothing_are_refused(checkpoint: Checkpoint, make, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        make(checkpoint.model)


def test_rescaled_guidance_changes_the_picture_and_0_does_not(checkpoint: Checkpoint, prompts):
    def run(model: Any) -> Tensor:
        return k_sampler(model, 1, 3, 9.0, "euler", "normal", *prompts, EMPTY)["samples"]

    plain = run(checkpoint.model)
    torch.testing.assert_close(run(nodes.rescale_cfg(checkpoint.model, 0.0)), plain, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(run(nodes.rescale_cfg(checkpoint.model, 1.0)), plain, atol=0.1)


def test_a_gradual_mask_changes_dark_places_less(checkpoint: Checkpoint, prompts):
    latent = {"samples": 5 * torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))}
    mask = torch.tensor([0.0, 0.3, 0.7, 1.0]).repeat_interleave(16).expand(1, 64, 64)
    model = nodes.differential_diffusion(checkpoint.model)
    given = inpainting.set_latent_noise_mask(latent, mask)
    out = k_sampler(model, 1, 20, 1.0, "euler", "normal", *prompts, given)["samples"]
    changes = (out - latent["samples"]).abs().mean((0, 1, 2)).view(4, 2).mean(1)
    assert changes[0] < 1e-3
    assert changes[1] < changes[2] < changes[3]


# --- inpainting ---------------------------------------------------------------------------------------------------


def picture(height: int = 70, width: int = 64) -> tuple[Tensor, Tensor]:
    """A picture whose height is no multiple of eight, and a mask over its right half."""
    mask = torch.zeros(1, height, width)
    mask[:, :, width // 2 :] = 1
    return torch.rand(1, height, width, 3, generator=torch.Generator().manual_seed(4)), mask


def test_a_noise_mask_is_kept_as_it_is():
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    _, mask = picture()
    assert torch.equal(inpainting.set_latent_noise_mask(latent, mask)["noise_mask"], mask[:, None])
    assert inpainting.set_latent_noise_mask(latent, mask[0])["noise_mask"].shape == (1, 1, 70, 64)
    assert "noise_mask" not in latent


def test_what_is_masked_is_grey_before_it_is_encoded(checkpoint: Checkpoint):
    pixels, mask = picture()
    out = inpainting.vae_encode_for_inpaint(pixels, checkpoint.vae, mask, 6)
    cut = pixels[:, 3:67].clone()
    cut[:, :, 32:] = 0.5
    torch.testing.assert_close(out["samples"], checkpoint.vae.encode(cut))


@pytest.mark.parametrize(("grow", "left"), [(0, 32), (1, 32), (6, 30), (7, 29)])
def test_the_mask_grows(checkpoint: Checkpoint, grow: int, left: int):
    """By half of `grow_mask_by` to every side, for even numbers a pixel less to the left."""
    pixels, mask = picture(64)
    out = inpainting.vae_encode_for_inpaint(pixels, checkpoint.vae, mask, grow)["noise_mask"]
    assert out.shape == (1, 1, 64, 64)
    assert int(out[0, 0, 0].argmax()) == left
    assert set(out.unique().tolist()) == {0.0, 1.0}


def test_an_inpainting_model_is_shown_the_rest_and_the_mask(checkpoint: Checkpoint, prompts):
    pixels, mask = picture()
    positive, negative, latent = inpainting.inpaint_model_conditioning(
        *prompts, checkpoint.vae, pixels, mask[:, ::2, ::2], True
    )
    cut = pixels[:, 3:67].clone()
    cut[:, :, 32:] = 0.5
    for side in (positive, negative):
        torch.testing.assert_close(side[0][1]["concat_latent_image"], checkpoint.vae.encode(cut))
        assert side[0][1]["concat_mask"].shape == (1, 1, 64, 64)
    assert torch.equal(latent["samples"], checkpoint.vae.encode(pixels))
    assert torch.equal(latent["noise_mask"], positive[0][1]["concat_mask"])
    *_, open_latent = inpainting.inpaint_model_conditioning(*prompts, checkpoint.vae, pixels, mask, False)
    assert "noise_mask" not in open_latent
    assert "concat_mask" not in prompts[0][0][1]


def test_an_editing_model_is_shown_the_picture_and_starts_from_nothing(checkpoint: Checkpoint, prompts):
    pixels, _ = picture()
    positive, negative, latent = inpainting.instruct_pix_to_pix_conditioning(*prompts, checkpoint.vae, pixels)
    for side in (positive, negative):
        torch.testing.assert_close(side[0][1]["concat_latent_image"], checkpoint.vae.encode(pixels))
    assert not latent["samples"].any()


@pytest.mark.parametrize("mask", [torch.ones(3), torch.ones(2, 8, 8), torch.ones(1, 0, 8)])
def test_masks_that_fit_no_picture_are_refused(checkpoint: Checkpoint, prompts, mask: Tensor):
    pixels = picture()[0]
    for call in (
        lambda: inpainting.vae_encode_for_inpaint(pixels, checkpoint.vae, mask, 6),
        lambda: inpainting.inpaint_model_conditioning(*prompts, checkpoint.vae, pixels, mask, True),
    ):
        with pytest.raises(ValueError, match="mask"):
            call()


def test_packs_call_the_nodes_by_the_methods_they_know(checkpoint: Checkpoint, prompts):
    load_nodes(("nodes",))
    pixels, mask = picture()
    classes = class_mappings()
    _, _, latent = classes["InpaintModelConditioning"]().encode(*prompts, pixels, checkpoint.vae, mask)
    assert latent["noise_mask"].shape == (1, 1, 64, 64)
    (masked,) = classes["SetLatentNoiseMask"]().set_mask({"samples": torch.zeros(2, 4, 8, 8)}, mask)
    (second,) = classes["LatentFromBatch"]().frombatch(masked, 1, 1)
    assert second["batch_index"] == [1]
