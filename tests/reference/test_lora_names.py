"""diffusers' names of our modules, against diffusers' own converter."""

from __future__ import annotations

import copy

import pytest
import torch
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

from comfy_core.lora import diffusers_unet, load_lora_for_models
from comfy_core.memory import residency
from comfy_core.weights import Weights
from tests.reference.conftest import Pair

PREFIX = "model.diffusion_model."


def test_names_are_those_of_diffusers(pair: Pair):
    """Every weight is filled with its own number, so that the converter's renaming can be read off."""
    source = pair.ours.model.source
    keys = list(source)
    numbered = {PREFIX + key.removeprefix("diffusion_model."): torch.tensor(float(n)) for n, key in enumerate(keys)}
    theirs = convert_ldm_unet_checkpoint(numbered, dict(pair.unet.config))
    modules = {key.removesuffix(".weight") for key in keys if key.endswith(".weight")}
    ours = diffusers_unet(modules)
    wanted = {name: keys[int(number)] for name, number in theirs.items() if name.endswith(".weight")}
    assert {
        f"{name.removeprefix('diffusion_model.')}.weight": f"{module}.weight" for name, module in ours.items()
    } == wanted


@pytest.mark.parametrize("strength", [0.0, 0.8])
def test_a_lora_on_our_model_is_the_lora_on_theirs(pair: Pair, strength: float):
    """The same low-rank change, written into diffusers' weights by hand, gives the same prediction."""
    theirs = copy.deepcopy(pair.unet)
    generator = torch.Generator().manual_seed(4)
    tensors = {}
    for name, module in theirs.named_modules():
        if name.endswith((".to_q", ".to_v", ".to_out.0", ".conv1")) and "mid" not in name:
            weight = module.weight.data
            down = torch.randn(4, *weight.shape[1:], generator=generator) * 0.1
            up = torch.randn(weight.shape[0], 4, *(1,) * (weight.ndim - 2), generator=generator) * 0.1
            kohya = "lora_unet_" + name.replace(".", "_")
            tensors |= {
                f"{kohya}.lora_down.weight": down,
                f"{kohya}.lora_up.weight": up,
                f"{kohya}.alpha": torch.tensor(2.0),
            }
            product = (up.flatten(1) @ down.flatten(1)).reshape(weight.shape)
            module.weight.data = weight + strength * 2.0 / 4 * product
    model, _ = load_lora_for_models(pair.ours.model, None, Weights.of(tensors), strength, 0)
    x = torch.randn(1, 4, 8, 8, generator=generator)
    context = torch.randn(1, 77, pair.tiny.unet.context_dim, generator=generator)
    time = torch.tensor([500.0])
    with residency.use([model]):
        ours = model.model.diffusion_model(x, time, context)
    assert (ours - theirs(x, time, context).sample).abs().max() < 2e-5
