"""The nodes that lead a picture by others, as graphs call them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from comfy_core.families import load_checkpoint
from comfy_core.folders import Folders
from comfy_core.weights import WeightsError
from nodes import control as nodes
from nodes import hints
from nodes.loaders import checkpoint_loader_simple
from nodes.sampling import k_sampler
from tests.tiny_control import lllite_tensors, write_control
from tests.tiny_models import write_model

PICTURE = torch.rand(1, 70, 90, 3, generator=torch.Generator().manual_seed(0))
TEXTS = torch.randn(2, 1, 77, 32, generator=torch.Generator().manual_seed(1))
RANGE = {"start_percent": 0.0, "end_percent": 1.0}


@pytest.fixture
def models(base: Folders) -> Any:
    """Files of a model, a ControlNet and a T2I-Adapter for it, and a ControlNet for another."""
    write_model(base.base / "models" / "checkpoints" / "sd1.safetensors", "sd1")
    folder = base.base / "models" / "controlnet"
    for name, family in (("canny.safetensors", "sd1"), ("t2iadapter.pth", "sd1"), ("xl.safetensors", "sdxl")):
        write_control(folder / name, family)
    return folder


def sides() -> tuple[list, list]:
    return [[TEXTS[0], {}]], [[TEXTS[1], {}]]


def sample(positive: list, negative: list) -> torch.Tensor:
    model = checkpoint_loader_simple(ckpt_name="sd1.safetensors")[0]
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    return k_sampler(model, 1, 2, 5.0, "euler", "normal", positive, negative, latent)["samples"]


@pytest.mark.parametrize("name", ["canny.safetensors", "t2iadapter.pth"])
def test_a_picture_leads_and_at_no_strength_nothing_changes(models: Any, name: str):
    control = nodes.control_net_loader(control_net_name=name)
    given = {"control_net": control, "image": PICTURE, **RANGE}
    positive, negative = sides()
    plain = sample(positive, negative)
    none = nodes.control_net_apply_advanced(positive, negative, strength=0.0, **given)
    assert none[0] is positive
    assert torch.equal(sample(*none), plain)
    led = sample(*nodes.control_net_apply_advanced(positive, negative, strength=1.0, **given))
    assert (led - plain).abs().max() > 0.05
    older = nodes.control_net_apply_sd3(positive, negative, strength=1.0, vae=None, **given)
    assert torch.equal(sample(*older), led)
    single = nodes.control_net_apply(conditioning=positive, control_net=control, image=PICTURE, strength=1.0)
    assert torch.equal(sample(single, negative), led)
    assert nodes.control_net_apply(conditioning=positive, control_net=control, image=PICTURE, strength=0) is positive


def test_one_for_another_family_fails_in_a_sentence_when_it_is_sampled(models: Any):
    control = nodes.control_net_loader(control_net_name="xl.safetensors")
    led = nodes.control_net_apply_advanced(*sides(), control_net=control, image=PICTURE, strength=1.0, **RANGE)
    with pytest.raises(ValueError, match=r"xl\.safetensors is for Stable Diffusion XL, and the model is Stable Diff"):
        sample(*led)
    assert sample(*sides()).isfinite().all()


def test_files_that_are_damaged_or_something_else_are_refused(models: Any):
    whole = (models / "canny.safetensors").read_bytes()
    (models / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    (models / "text.pth").write_text("no weights")
    write_model(models / "checkpoint.safetensors", "sd1")
    for name, says in (
        ("cut.safetensors", "truncated"),
        ("text.pth", "not a readable torch file"),
        ("checkpoint.safetensors", "looks like Stable Diffusion 1"),
    ):
        with pytest.raises(WeightsError, match=says):
            nodes.control_net_loader(control_net_name=name)


def test_an_inpainting_hint_goes_through_with_its_marks(models: Any):
    control = nodes.control_net_loader(control_net_name="canny.safetensors")
    mask = torch.zeros(1, 70, 90)
    mask[:, 20:50, 20:60] = 1
    hint = hints.inpaint(image=PICTURE, mask=mask)
    assert hint.min() == -1
    led = nodes.control_net_apply_advanced(*sides(), control_net=control, image=hint, strength=1.0, **RANGE)
    assert led[0][0][1]["control"].cond_hint_original.min() == -1
    assert sample(*led).isfinite().all()


def test_the_kind_of_a_union_is_set_on_a_copy(models: Any):
    control = nodes.control_net_loader(control_net_name="canny.safetensors")
    assert nodes.set_union_control_net_type(control_net=control, type="auto") is not control
    with pytest.raises(ValueError, match="is for one kind of pictures alone"):
        nodes.set_union_control_net_type(control_net=control, type="tile")


def test_a_controlnet_lllite_reads_shares_of_the_steps_as_percent(base: Folders):
    model = load_checkpoint(write_model(base.base / "models" / "checkpoints" / "xl.safetensors", "sdxl")).model
    tensors = lllite_tensors(model.model.diffusion_model)
    (base.base / "models" / "controlnet").mkdir()
    save_file(tensors, base.base / "models" / "controlnet" / "lite.safetensors")

    def led(**given: Any) -> torch.Tensor:
        leading = nodes.lllite_loader(model, "lite.safetensors", PICTURE, **given)
        texts = [[[torch.ones(1, 77, 96), {"pooled_output": torch.ones(1, 64)}]]] * 2
        latent = {"samples": torch.zeros(1, 4, 8, 8)}
        return k_sampler(leading, 1, 2, 2.0, "euler", "normal", *texts, latent, 1.0)["samples"]

    throughout, half, nothing = led(), led(steps=2, end_percent=50.0), led(strength=0.0)
    assert torch.equal(led(steps=2), throughout)
    assert torch.equal(led(steps=2, start_percent=100.0), nothing)
    assert not torch.equal(half, throughout)
    assert not torch.equal(half, nothing)
