"""What statements about controlled predictions share: a model of ours and of diffusers, and how both are asked."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from comfy_core.control import ControlBase, controlled
from comfy_core.memory import residency
from comfy_core.networks.unet import UNetDims
from comfy_core.patcher import ModelPatcher
from comfy_core.sampling.conditions import controls_ready, further_models
from comfy_core.sampling.guidance import CFGGuider
from tests.tiny_models import MODELS

SIGMA, CFG, STRENGTH = 2.0, 3.0, 0.7
SIZE = (8, 12)


class Model(NamedTuple):
    """A model of a family, ours and diffusers', and what both are asked: x, a text, and a vector beside it."""

    family: str
    ours: ModelPatcher
    unet: Any
    x: Tensor
    text: Tensor
    vector: Tensor | None
    extra: dict[str, Any]

    @property
    def dims(self) -> UNetDims:
        return MODELS[self.family].unet

    @property
    def scaled(self) -> Tensor:
        return self.x / (SIGMA**2 + 1) ** 0.5

    @property
    def timestep(self) -> Tensor:
        return self.ours.get_model_object("model_sampling").timestep(torch.full((len(self.x),), SIGMA))

    def sides(self) -> tuple[list, list]:
        """A prompt and a negative one, half as loud."""
        return [[self.text, {}]], [[self.text * 0.5, {}]]


def guided(model: Model, positive: list, negative: list) -> Tensor:
    """What the guider says, [2, 4, 8, 12]."""
    guider = CFGGuider(model.ours)
    guider.set_conds(positive, negative)
    guider.set_cfg(CFG)
    conds = guider.original_conds
    with controls_ready(model.ours, conds), residency.use([model.ours, *further_models(conds)]):
        guider.prepare(model.x)
        return guider(model.x, torch.full((len(model.x),), SIGMA))


def picture(count: int = 1, seed: int = 3) -> Tensor:
    """[count, 64, 96, 3]"""
    return torch.rand((count, SIZE[0] * 8, SIZE[1] * 8, 3), generator=torch.Generator().manual_seed(seed))


def theirs(model: Model, ask: Any) -> Tensor:
    """Diffusers' guided prediction; `ask(text)` says what a ControlNet adds, as arguments of the U-Net."""
    said = []
    for text in (model.text, model.text * 0.5):
        text = text.expand(2, -1, -1)
        added = ask(text) if ask else {}
        said.append(model.unet(model.scaled, model.timestep, text, **model.extra, **added).sample)
    cond, uncond = said
    return model.x - SIGMA * (uncond + CFG * (cond - uncond))


def apply(model: Model, control: ControlBase, hint: Tensor, strength: float = STRENGTH) -> tuple[list, list]:
    positive, negative = controlled(control, hint, strength, *model.sides())
    return positive, negative
