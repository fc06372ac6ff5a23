"""ControlNets against diffusers: the same random weights, in every layout, change a prediction in the same way."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint
from torch import Tensor

from comfy_core.control import controlled, load_controlnet
from comfy_core.networks.unet import UNetDims
from comfy_core.sampling.conditions import controls_ready
from comfy_core.weights import Weights
from tests.reference.controls import STRENGTH, Model, apply, guided, picture, theirs
from tests.reference.references import UNET, empty_controlnet
from tests.reference.test_sd1 import assert_equal
from tests.tiny_control import HINT, PREFIX, controlnet_tensors
from tests.tiny_models import model_tensors


def reference_controlnet(dims: UNetDims, weights: dict[str, Tensor], **union: int) -> Any:
    """Diffusers' ControlNet, or its union, with weights in the layout of the release."""
    network = empty_controlnet(dims, HINT[1::2], **union)
    converted = convert_controlnet_checkpoint(dict(weights), dict(network.config))
    last = 2 * (len(HINT) - 1)
    for kind_of in ("weight", "bias"):
        converted[f"controlnet_cond_embedding.conv_out.{kind_of}"] = weights[f"input_hint_block.{last}.{kind_of}"]
        for number in (1, 2):
            if dims.vector_dim:
                converted[f"add_embedding.linear_{number}.{kind_of}"] = weights[
                    f"label_emb.0.{2 * number - 2}.{kind_of}"
                ]
    own = network.state_dict()
    converted |= {name: value for name, value in weights.items() if name in own}
    network.load_state_dict({name: value for name, value in converted.items() if value is not None})
    return network.eval()


def residuals(model: Model, network: Any, hint: Tensor, strength: float = STRENGTH) -> Any:
    def ask(text: Tensor) -> dict[str, Any]:
        pixels = hint.movedim(-1, 1).expand(2, -1, -1, -1)
        down, middle = network(model.scaled, model.timestep, text, pixels, strength, return_dict=False, **model.extra)
        return {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}

    return ask


def released(weights: dict[str, Tensor]) -> Weights:
    return Weights.of({PREFIX + name: value for name, value in weights.items()})


def test_a_controlnet_of_the_release_changes_a_prediction_as_in_diffusers(model: Model):
    weights = controlnet_tensors(model.family)
    network = reference_controlnet(model.dims, weights)
    ours = guided(model, *apply(model, load_controlnet(released(weights)), picture()))
    assert_equal(ours, theirs(model, residuals(model, network, picture())), 1e-4)
    assert (ours - guided(model, *model.sides())).abs().max() > 0.05, "the picture changes nothing"


def test_a_controlnet_in_the_layout_of_diffusers_is_the_same_as_one_of_the_release(model: Model):
    weights = controlnet_tensors(model.family)
    network = reference_controlnet(model.dims, weights)
    ours = load_controlnet(Weights.of(network.state_dict()))
    assert set(ours.patcher.source) == set(weights)
    assert all(torch.equal(ours.patcher.source[name], value) for name, value in weights.items())


def test_a_picture_of_another_size_is_cut_to_the_latents_shape_and_sampled(model: Model):
    """A hint of odd sides is cropped in its middle to the picture's proportions, and its nearest pixels are taken."""
    weights = controlnet_tensors(model.family)
    control = load_controlnet(Weights.of(weights))
    hint = torch.rand((1, 37, 129, 3), generator=torch.Generator().manual_seed(4))
    wide = round((129 - 37 * 1.5) / 2)
    cropped = hint[:, :, wide : 129 - wide]
    rows = ((torch.arange(64) + 0.5) * 37 / 64).long()
    columns = ((torch.arange(96) + 0.5) * cropped.shape[2] / 96).long()
    same = cropped[:, rows][:, :, columns]
    assert_equal(guided(model, *apply(model, control, hint)), guided(model, *apply(model, control, same)), 1e-6)


def test_each_latent_of_a_batch_is_led_by_its_own_picture(model: Model):
    weights = controlnet_tensors(model.family)
    network = reference_controlnet(model.dims, weights)
    pictures = picture(2)
    ours = guided(model, *apply(model, load_controlnet(Weights.of(weights)), pictures))
    assert_equal(ours, theirs(model, residuals(model, network, pictures)), 1e-4)


def test_two_controlnets_in_a_row_add_up(model: Model):
    several = [(controlnet_tensors(model.family, seed=seed), picture(seed=seed)) for seed in (5, 9)]
    sides = model.sides()
    for weights, hint in several:
        sides = tuple(controlled(load_controlnet(Weights.of(weights)), hint, STRENGTH, *sides))
    asks = [residuals(model, reference_controlnet(model.dims, weights), hint) for weights, hint in several]

    def both(text: Tensor) -> dict[str, Any]:
        one, other = (ask(text) for ask in asks)
        down, middle = "down_block_additional_residuals", "mid_block_additional_residual"
        return {down: [a + b for a, b in zip(one[down], other[down], strict=True)], middle: one[middle] + other[middle]}

    assert_equal(guided(model, *sides), theirs(model, both), 1e-4)


@pytest.mark.parametrize("model", ["sdxl"], indirect=True)
@pytest.mark.parametrize(("types", "kind"), [(6, 3), (8, 7)], ids=["union", "promax"])
def test_a_union_is_told_the_kind_of_its_picture(model: Model, types: int, kind: int):
    weights = controlnet_tensors(model.family, types)
    width = model.dims.model_channels
    sizes = {"num_control_type": types, "num_trans_channel": width, "num_proj_channel": width}
    network = reference_controlnet(model.dims, weights, **sizes)
    switches = torch.zeros(2, types)
    switches[:, kind] = 1

    def ask(text: Tensor) -> dict[str, Any]:
        pixels = picture().movedim(-1, 1).expand(2, -1, -1, -1)
        down, middle = network(
            model.scaled, model.timestep, text, [pixels], switches, [kind], STRENGTH, return_dict=False, **model.extra
        )
        return {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}

    control = load_controlnet(Weights.of(network.state_dict())).copy()
    control.set_extra_arg("control_type", [kind])
    ours = guided(model, *apply(model, control, picture()))
    assert_equal(ours, theirs(model, ask), 1e-4)
    control.set_extra_arg("control_type", [kind - 1])
    assert (ours - guided(model, *apply(model, control, picture()))).abs().max() > 1e-3, "the kind changes nothing"


def thin(weights: dict[str, Tensor], base: dict[str, Tensor], rank: int = 3) -> dict[str, Tensor]:
    """A Control-LoRA: thin matrices for the weights that the model has too, everything else whole."""
    generator = torch.Generator().manual_seed(8)
    found = {"lora_controlnet": torch.tensor([])}
    for name, value in weights.items():
        module = name.removesuffix(".weight")
        if value.ndim < 2 or name not in base:
            found[name] = value
            continue
        found[f"{module}.up"] = torch.randn((len(value), rank, *(1,) * (value.ndim - 2)), generator=generator) * 0.1
        found[f"{module}.down"] = torch.randn((rank, *value.shape[1:]), generator=generator) * 0.1
    return found


def whole(file: dict[str, Tensor], base: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights that a Control-LoRA makes of a model's: W + up @ down."""
    found = {name: value for name, value in file.items() if not name.endswith((".up", ".down"))}
    for name in (key.removesuffix(".up") for key in file if key.endswith(".up")):
        weight = base[f"{name}.weight"]
        change = file[f"{name}.up"].flatten(1) @ file[f"{name}.down"].flatten(1)
        found[f"{name}.weight"] = weight + change.reshape(weight.shape)
    return found


def unet_of(family: str) -> dict[str, Tensor]:
    own = {name: value for name, value in model_tensors(family).items() if name.startswith(UNET)}
    return {name.removeprefix(UNET): value for name, value in own.items()}


def test_a_control_lora_is_made_on_the_model_that_samples(model: Model):
    base = unet_of(model.family)
    file = thin(controlnet_tensors(model.family), base)
    network = reference_controlnet(model.dims, whole(file, base))
    control = load_controlnet(Weights.of(file))
    assert_equal(
        guided(model, *apply(model, control, picture())), theirs(model, residuals(model, network, picture())), 1e-4
    )
    hint, made = controlled(control, picture(), 1.0, *model.sides())[0][0][1]["control"], []
    for _ in range(2):
        with controls_ready(model.ours, {"positive": [[model.text, {"control": hint}]]}):
            made += hint.get_models()
    assert made[0] is made[1], "the network is made once for a model"


def test_a_controlnet_stored_as_a_difference_is_added_to_its_base(model: Model):
    base, weights = unet_of(model.family), controlnet_tensors(model.family)
    file = {PREFIX + name: value - base.get(name, torch.zeros(())) for name, value in weights.items()}
    network = reference_controlnet(model.dims, weights)
    reference = theirs(model, residuals(model, network, picture()))
    for given in (None, model.ours):
        control = load_controlnet(Weights.of({**file, "difference": torch.ones(())}), given)
        assert_equal(guided(model, *apply(model, control, picture())), reference, 1e-4)


def test_a_control_lora_follows_a_lora_on_the_model(model: Model):
    base = unet_of(model.family)
    key = "input_blocks.0.0.weight"
    change = torch.randn(base[key].shape, generator=torch.Generator().manual_seed(2)) * 0.1
    patched = model.ours.clone()
    patched.add_patches({f"diffusion_model.{key}": ("diff", (change,))}, 0.5)
    file = thin(controlnet_tensors(model.family), base)
    on_plain, on_patched = (load_controlnet(Weights.of(file)) for _ in range(2))
    on_plain.pre_run(model.ours, float)
    on_patched.pre_run(patched, float)
    assert_equal(on_patched.patcher.weight(key), on_plain.patcher.weight(key) + 0.5 * change, 1e-6)
