"""T2I-Adapters against diffusers: the same random weights, in both layouts, change a prediction in the same way."""

from __future__ import annotations

from typing import Any

import diffusers
import pytest
import torch
from torch import Tensor

from comfy_core.control import load_controlnet
from comfy_core.networks.t2i_adapter import AdapterDims
from comfy_core.weights import Weights
from tests.reference.controls import STRENGTH, Model, apply, guided, picture, theirs
from tests.reference.test_sd1 import assert_equal
from tests.tiny_control import adapter_dims, adapter_tensors

KINDS = {
    "full": ("sd1", {}),
    "full of grey pictures": ("sd1", {"channels": 1}),
    "light": ("sd1", {"light": True}),
    "of SDXL": ("sdxl", {"coarse": True}),
}


def in_diffusers(weights: dict[str, Tensor], dims: AdapterDims) -> dict[str, Tensor]:
    found = {}
    for name, value in weights.items():
        match name.split("."):
            case ["body", level, "body", number, *rest]:
                name = ".".join(["body", level, "resnets", number, *rest])
            case ["body", number, "in_conv", kind] if not dims.light:
                name = f"body.{int(number) // dims.per_level}.in_conv.{kind}"
            case ["body", number, ("block1" | "block2") as layer, kind]:
                level, place = divmod(int(number), dims.per_level)
                name = f"body.{level}.resnets.{place}.{layer}.{kind}"
        found[f"adapter.{name}"] = value
    return found


def reference_adapter(weights: dict[str, Tensor], dims: AdapterDims) -> Any:
    widths = [block.width for block in dims.blocks[dims.per_level - 1 :: dims.per_level]]
    kind = "light_adapter" if dims.light else "full_adapter" if dims.factor == 8 else "full_adapter_xl"
    network = diffusers.T2IAdapter(
        in_channels=dims.channels // dims.factor**2,
        channels=widths,
        num_res_blocks=dims.layers if dims.light else dims.per_level,
        downscale_factor=dims.factor,
        adapter_type=kind,
    )
    if dims.light:  # there it ends with a level of the width of the one before
        network.adapter.body = network.adapter.body[:-1]
    network.load_state_dict(in_diffusers(weights, dims))
    return network.eval()


@pytest.mark.parametrize(("model", "options"), KINDS.values(), ids=KINDS, indirect=["model"])
def test_an_adapter_changes_a_prediction_as_in_diffusers(model: Model, options: dict[str, Any]):
    dims = adapter_dims(model.dims, **options)
    weights = adapter_tensors(dims)
    network = reference_adapter(weights, dims)
    hint = picture()
    pixels = hint.movedim(-1, 1)
    if options.get("channels") == 1:
        pixels = pixels.mean(dim=1, keepdim=True)

    def ask(text: Tensor) -> dict[str, Any]:
        maps = [(one * STRENGTH).expand(2, -1, -1, -1).clone() for one in network(pixels)]
        return {"down_intrablock_additional_residuals": maps}

    reference = theirs(model, ask)
    for layout in (weights, in_diffusers(weights, dims)):
        ours = guided(model, *apply(model, load_controlnet(Weights.of(layout)), hint))
        assert_equal(ours, reference, 1e-4)
    assert (ours - guided(model, *model.sides())).abs().max() > 0.05, "the picture changes nothing"


@pytest.mark.parametrize(("model", "options"), KINDS.values(), ids=KINDS, indirect=["model"])
def test_an_adapter_takes_latents_of_odd_sides(model: Model, options: dict[str, Any]):
    """Its maps are as large as the U-Net's: the picture is brought to the next whole square."""
    odd = model._replace(x=torch.randn((1, 4, 9, 11), generator=torch.Generator().manual_seed(1)))
    control = load_controlnet(Weights.of(adapter_tensors(adapter_dims(model.dims, **options))))
    assert guided(odd, *apply(odd, control, picture())).isfinite().all()
