"""T2I-Adapters' layouts: that of the release, and that of diffusers, brought to the former; and their dimensions."""

from __future__ import annotations

from dataclasses import replace

from comfy_core.families._ldm import count
from comfy_core.networks.t2i_adapter import AdapterDims, BlockDims
from comfy_core.weights import Weights

IN_DIFFUSERS = "adapter."
FINE, LEVELS = 8, (1, 2, 3)
"""An adapter that sees squares of 8 pixels halves its maps for each level; a coarse one, for the third alone."""


def is_adapter(weights: Weights) -> bool:
    names = {name.removeprefix(IN_DIFFUSERS) for name in weights}
    return (
        "body.0.in_conv.weight" in names
        or {"conv_in.weight", "body.0.block2.weight"} <= names
        or ({"conv_in.weight", "body.0.resnets.0.block2.weight"} <= names)
    )


def adapter_renamed(weights: Weights) -> Weights:
    """An adapter under the names of the release."""
    table = weights.under(IN_DIFFUSERS) if weights.has_prefix(IN_DIFFUSERS) else weights
    per_level = count(table, "body.0.resnets.{}.block1.weight")
    if not per_level:
        return table
    light = "conv_in.weight" not in table

    def rename(name: str) -> str:
        match name.split("."):
            case ["body", level, "resnets", number, *rest] if light:
                return ".".join(["body", level, "body", number, *rest])
            case ["body", level, "resnets", number, *rest]:
                return ".".join(["body", str(int(level) * per_level + int(number)), *rest])
            case ["body", level, *rest] if not light:
                return ".".join(["body", str(int(level) * per_level), *rest])
        return name

    return table.renamed(rename)


def adapter_dims(table: Weights) -> AdapterDims:
    """The dimensions of an adapter in the layout of the release."""
    if "conv_in.weight" not in table:
        blocks = count(table, "body.{}.out_conv.weight")
        widths = [table.shape(f"body.{number}.out_conv.weight")[0] for number in range(blocks)]
        return AdapterDims(
            channels=table.shape("body.0.in_conv.weight")[1],
            blocks=tuple(BlockDims(width, halves=number > 0) for number, width in enumerate(widths)),
            per_level=1,
            light=True,
            layers=count(table, "body.0.body.{}.block1.weight"),
        )
    channels = table.shape("conv_in.weight")[1]
    dims = AdapterDims(channels, (), kernel=table.shape("body.0.block2.weight")[-1])
    halving = LEVELS if dims.factor == FINE else LEVELS[1:2]
    starts = {level * dims.per_level for level in halving}
    numbers = range(count(table, "body.{}.block1.weight"))
    return replace(dims, blocks=tuple(_block(table, number, number in starts) for number in numbers))


def _block(table: Weights, number: int, halves: bool) -> BlockDims:
    brings = f"body.{number}.in_conv.weight"
    return BlockDims(
        width=table.shape(f"body.{number}.block1.weight")[0],
        in_kernel=table.shape(brings)[-1] if brings in table else 0,
        halves=halves,
        by_convolution=f"body.{number}.down_opt.op.weight" in table,
    )
