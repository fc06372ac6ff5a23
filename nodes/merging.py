"""Nodes that make one model or text encoder of two."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from msgspec import structs

from comfy_core.merging import UNET, blended, others, ratio_by_block
from comfy_core.text.clip import CLIP
from nodes.annotations import read_input
from nodes.schema import Float, Node, node
from nodes.types import Clip, Model

CATEGORY, MODULE = "model/merging", "comfy_extras.nodes_model_merging"


def ratio(tooltip: str = "1 is the first model, 0 the second.") -> Float:
    return Float(default=1.0, min=0.0, max=1.0, step=0.01, tooltip=tooltip)


Ratio = Annotated[float, ratio()]
Multiplier = Annotated[float, Float(default=1.0, min=-10.0, max=10.0, step=0.01, tooltip="What is left is times this.")]


@node("ModelMergeSimple", category=CATEGORY, python_module=MODULE)
def model_merge_simple(model1: Model, model2: Model, ratio: Ratio) -> Model:
    """A mix of two models of one family."""
    return blended(model1, others(model1, model2, UNET), lambda name: ratio)


@node("ModelMergeBlocks", category=CATEGORY, python_module=MODULE)
def model_merge_blocks(model1: Model, model2: Model, input: Ratio, middle: Ratio, out: Ratio) -> Model:
    """A mix of two models with a ratio for each half of the U-Net and its middle."""
    ratios = {"input": input, "middle": middle, "out": out}
    return blended(model1, others(model1, model2, UNET), ratio_by_block(ratios))


@node("ModelMergeAdd", category=CATEGORY, python_module=MODULE)
def model_merge_add(model1: Model, model2: Model) -> Model:
    """The sum of two models: of one, and of what another one learned."""
    merged = model1.clone()
    merged.add_patches(others(model1, model2, UNET), 1.0, 1.0)
    return merged


@node("ModelMergeSubtract", category=CATEGORY, python_module=MODULE)
def model_merge_subtract(model1: Model, model2: Model, multiplier: Multiplier) -> Model:
    """What the first model has that the second has not: add it to a third, or save it as a LoRA."""
    merged = model1.clone()
    merged.add_patches(others(model1, model2, UNET), -multiplier, multiplier)
    return merged


@node("CLIPMergeSimple", category=CATEGORY, python_module=MODULE)
def clip_merge_simple(clip1: Clip, clip2: Clip, ratio: Ratio) -> Clip:
    """A mix of two text encoders of one family."""
    merged = clip1.clone()
    merged.patcher = blended(clip1.patcher, others(clip1.patcher, clip2.patcher), lambda name: ratio)
    return merged


@node("CLIPMergeAdd", category=CATEGORY, python_module=MODULE, search_aliases=("combine clip",))
def clip_merge_add(clip1: Clip, clip2: Clip) -> Clip:
    """The sum of two text encoders: of one, and of what another one learned."""
    return _combined(clip1, clip2, 1.0, 1.0)


@node(
    "CLIPMergeSubtract",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("clip difference", "text encoder subtract"),
)
def clip_merge_subtract(clip1: Clip, clip2: Clip, multiplier: Multiplier) -> Clip:
    """What the first text encoder has that the second has not."""
    return _combined(clip1, clip2, -multiplier, multiplier)


def _combined(first: CLIP, second: CLIP, strength: float, strength_model: float) -> CLIP:
    merged = first.clone()
    merged.add_patches(others(first.patcher, second.patcher), strength, strength_model)
    return merged


def by_block(id: str, blocks: tuple[str, ...]) -> Node:
    """A node that merges with a ratio for every block, named as its weights' names begin."""

    def merge(model1: Model, model2: Model, **ratios: float) -> Model:
        """A mix of two models with a ratio for every block."""
        return blended(model1, others(model1, model2, UNET), ratio_by_block(ratios))

    made = node(id, category=f"{CATEGORY}/model specific", python_module=f"{MODULE}_model_specific")(merge)
    inputs = (*made.schema.inputs, *(read_input(name, Ratio) for name in blocks))
    return replace(made, schema=structs.replace(made.schema, inputs=inputs, any_input=None))


def blocks(count: int, dot: str) -> tuple[str, ...]:
    """The beginnings of the names of a U-Net's weights, for `count` blocks on either way."""
    numbered = (("input_blocks", count), ("middle_block", 3), ("output_blocks", count))
    named = (f"{name}.{number}{dot}" for name, many in numbered for number in range(many))
    return ("time_embed.", "label_emb.", *named, "out.")


model_merge_sd1 = by_block("ModelMergeSD1", blocks(12, "."))
model_merge_sd2 = by_block("ModelMergeSD2", blocks(12, "."))
model_merge_sdxl = by_block("ModelMergeSDXL", blocks(9, ""))
