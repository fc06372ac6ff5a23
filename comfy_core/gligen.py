"""What nodes call a GLIGEN: a network that puts things into boxes, and prompts that say which and where."""

from __future__ import annotations

import re
from collections.abc import Callable

from torch import Tensor

from comfy_core import progress
from comfy_core.conditioning import Conditioning
from comfy_core.families._ldm import build, file_name, patcher_of
from comfy_core.memory import devices
from comfy_core.networks.gligen import MOST_BOXES, Gligen, GligenDims, TextBox
from comfy_core.patcher import ModelPatcher
from comfy_core.weights import Weights, WeightsError

FUSER = re.compile(r"(?:.*\.)?(input_blocks|middle_block|output_blocks)\.(\d+)\.(.*)\.fuser\.(.+)")
PLACES = ("input_blocks", "middle_block", "output_blocks")
SD1_TEXT = 768
SD1_HEADS = 8
HEAD_WIDTH = 64


def load_gligen(weights: Weights) -> ModelPatcher:
    """A GLIGEN for text boxes, from its own file or from a checkpoint that it is part of.

    Raises:
        WeightsError: the file holds none, or not all of it.
    """
    table = weights.renamed(_named(weights))
    try:
        dims = _dims(table)
    except KeyError as error:
        raise WeightsError(f"{file_name(weights)} holds no GLIGEN for text boxes ({error} is missing).") from error
    network = build(Gligen, dims, "GLIGEN", table)
    return patcher_of(network, table, devices.network_dtype(devices.compute_device()), "GLIGEN")


def with_text_box(
    conditioning: Conditioning, gligen: ModelPatcher, pooled: Tensor, box: tuple[int, int, int, int]
) -> Conditioning:
    """Every entry with one more text (as its pooled vector) in a box: height, width, y and x in latent cells.

    Raises:
        ValueError: the text was encoded for another model.
    """
    network: Gligen = gligen.model  # type: ignore[assignment]
    if pooled.shape[-1] != network.dims.text:
        raise ValueError(
            f"the text's pooled vector has {pooled.shape[-1]} numbers and this GLIGEN takes {network.dims.text}: it is "
            "for another model"
        )
    boxed = []
    for text, extra in conditioning:
        _, _, before = extra.get("gligen", (None, None, []))
        boxes: list[TextBox] = [*before, (pooled, *box)]
        if len(boxes) > MOST_BOXES:
            progress.warn(f"GLIGEN takes {MOST_BOXES} boxes; further ones are not used")
        boxed.append([text, {**extra, "gligen": ("position", gligen, boxes)}])
    return boxed


def _named(weights: Weights) -> Callable[[str], str | None]:
    """Names as the network has them: fusers are counted in the order in which the U-Net's transformers are called."""
    found = {match[0]: match for match in map(FUSER.fullmatch, weights) if match}
    transformers = sorted({(PLACES.index(one[1]), int(one[2]), one[3]) for one in found.values()})

    def name(key: str) -> str | None:
        match = found.get(key)
        if match:
            return f"fusers.{transformers.index((PLACES.index(match[1]), int(match[2]), match[3]))}.{match[4]}"
        place = key.rfind("position_net.")
        return None if place < 0 else key[place:]

    return name


def _dims(table: Weights) -> GligenDims:
    """The dimensions, from shapes; heads are eight in Stable Diffusion 1, and 64 wide in others."""
    text, things = table.shape("position_net.null_positive_feature")[0], table.shape("position_net.linears.4.bias")[0]
    table.shape("fusers.0.linear.weight")
    widths: list[int] = []
    while f"fusers.{len(widths)}.linear.weight" in table:
        widths.append(table.shape(f"fusers.{len(widths)}.linear.weight")[0])
    heads = int(table.metadata.get("easel.num_heads", SD1_HEADS if text == SD1_TEXT else 0))
    return GligenDims(tuple(widths), tuple(heads or width // HEAD_WIDTH for width in widths), text, things)
