"""IP-Adapters against diffusers: files of the release, random, change a prediction in the same way."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core.ip_adapter import IPAdapter, load_ip_adapter, with_pictures
from comfy_core.weights import Weights
from tests.reference.controls import CFG, SIGMA, Model, guided
from tests.reference.references import reference_unet
from tests.reference.test_sd1 import assert_equal
from tests.tiny_ip_adapter import KINDS, ip_adapter_tensors
from tests.tiny_models import model_tensors
from tests.tiny_vision import VIT

WEIGHT = 0.8


def nested(tensors: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """As the release's pickles are: two dictionaries in one."""
    found: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for name, value in tensors.items():
        part, _, inner = name.partition(".")
        found[part][inner] = value
    return found


def seen(kind: str, count: int, seed: int = 4) -> tuple[Tensor, Tensor]:
    """What an encoder saw in pictures, and in none."""
    generator = torch.Generator().manual_seed(seed)
    shape = (VIT.projection,) if kind == "regular" else (VIT.places, VIT.width)
    return torch.randn((count, *shape), generator=generator), torch.randn((1, *shape), generator=generator)


@pytest.fixture
def unet(model: Model) -> Any:
    """Diffusers' U-Net of the model, to put adapters on."""
    return reference_unet(model_tensors(model.family), model.dims)


def theirs(model: Model, unet: Any, *pictures: tuple[Tensor, Tensor]) -> Tensor:
    """Diffusers' guided prediction with (pictures, nothing) for each adapter."""
    said = []
    for side, text in enumerate((model.text, model.text * 0.5)):
        embeds = [one[side][None].expand(2, *one[side].shape).contiguous() for one in pictures]
        extra = {
            **model.extra,
            "added_cond_kwargs": {**model.extra.get("added_cond_kwargs", {}), "image_embeds": embeds},
        }
        said.append(unet(model.scaled, model.timestep, text.expand(2, -1, -1), **extra).sample)
    return model.x - SIGMA * (said[1] + CFG * (said[0] - said[1]))


def scale(unet: Any, *scales: float) -> None:
    for processor in unet.attn_processors.values():
        if hasattr(processor, "scale"):
            processor.scale = list(scales)


def on(model: Model, adapter: IPAdapter, *arguments: Any, **options: Any) -> Model:
    return model._replace(ours=with_pictures(model.ours, adapter, *arguments, **options))


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_attends_to_a_picture_as_in_diffusers(model: Model, unet: Any, kind: str):
    tensors = ip_adapter_tensors(model.family, kind)
    unet._load_ip_adapter_weights([nested(tensors)], low_cpu_mem_usage=False)
    scale(unet, WEIGHT)
    picture = seen(kind, 1)
    reference = theirs(model, unet, picture)
    ours = guided(on(model, load_ip_adapter(Weights.of(tensors)), *picture, weight=WEIGHT), *model.sides())
    assert_equal(ours, reference, 1e-4)
    assert (ours - guided(model, *model.sides())).abs().max() > 0.05, "the picture changes nothing"


def test_two_adapters_with_a_picture_each_add_up(model: Model, unet: Any):
    files = [ip_adapter_tensors(model.family, kind, seed) for kind, seed in (("regular", 7), ("plus", 8))]
    unet._load_ip_adapter_weights([nested(one) for one in files], low_cpu_mem_usage=False)
    scale(unet, WEIGHT, 0.5)
    pictures = [seen("regular", 1), seen("plus", 1)]
    both = model
    for file, picture, weight in zip(files, pictures, (WEIGHT, 0.5), strict=True):
        both = on(both, load_ip_adapter(Weights.of(file)), *picture, weight=weight)
    assert_equal(guided(both, *model.sides()), theirs(model, unet, *pictures), 1e-4)


def test_several_pictures_are_attended_to_together(model: Model, unet: Any):
    tensors = ip_adapter_tensors(model.family, "plus")
    unet._load_ip_adapter_weights([nested(tensors)], low_cpu_mem_usage=False)
    scale(unet, WEIGHT)
    pictures, nothing = seen("plus", 3)
    ours = guided(on(model, load_ip_adapter(Weights.of(tensors)), pictures, nothing, weight=WEIGHT), *model.sides())
    assert_equal(ours, theirs(model, unet, (pictures, nothing.expand(3, -1, -1))), 1e-4)
