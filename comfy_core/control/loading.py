"""A file that controls a model: which kind it is, by its tensors' names and shapes, and the network that it holds.

ControlNets are in the layout of their release (lllyasviel/ControlNet) or of diffusers, with all their weights or with
what they change of a model's; T2I-Adapters likewise (TencentARC/T2I-Adapter).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from comfy_core.control.base import ControlBase
from comfy_core.control.controlnet import ControlNet
from comfy_core.control.delta import Delta, DeltaControlNet, differences, low_rank
from comfy_core.control.lllite import PREFIX as LLLITE
from comfy_core.control.t2i_adapter import T2IAdapter
from comfy_core.control.t2i_layout import adapter_dims, adapter_renamed, is_adapter
from comfy_core.families import UnknownCheckpoint, description
from comfy_core.families._diffusers import unet_renamed
from comfy_core.families._ldm import build, count, file_name, patcher_of, reading
from comfy_core.families._unet import encoder_dims
from comfy_core.memory import devices
from comfy_core.networks.controlnet import ControlNet as ControlNetNetwork
from comfy_core.networks.controlnet import ControlNetDims
from comfy_core.networks.t2i_adapter import T2IAdapter as AdapterNetwork
from comfy_core.patcher import ModelPatcher
from comfy_core.weights import Weights

PREFIX = "control_model."
IN_DIFFUSERS = "controlnet_cond_embedding.conv_in.weight"
RELEASED = "zero_convs.0.0.weight"
LOW_RANK, DIFFERENCE = "lora_controlnet", "difference"
HEADS = 8
SUPPORTED = "ControlNets, Control-LoRAs and T2I-Adapters for Stable Diffusion 1, 2 and XL"
OTHERS = (
    ("FLUX", "controlnet_x_embedder."),
    ("Stable Diffusion 3", "pos_embed_input.proj.weight"),
    ("animations (SparseCtrl)", "motion_modules."),
    ("blending T2I-Adapters (CoAdapter's fuser)", "spatial_ch_projs.0."),
)


def load_controlnet(weights: Weights, base: ModelPatcher | None = None) -> ControlBase:
    """A ControlNet of any layout, or a T2I-Adapter. One that is stored as what it changes of a model is made on `base`,
    or else on the model that samples.

    Raises:
        WeightsError: the file holds none of those that are supported, or not all of it.
    """
    name = file_name(weights)
    table = weights.under(PREFIX) if weights.has_prefix(PREFIX) else weights
    with reading(name):
        if LOW_RANK in weights:
            own, changes, shapes = low_rank(table)
            return DeltaControlNet(Delta(own, changes, _dims(shapes), name), base)
        if IN_DIFFUSERS in table:
            table = _released(table)
        if RELEASED in table:
            return _pooling(_controlnet(weights, table, name, base), name)
        if is_adapter(weights):
            return _adapter(weights, name)
    raise UnknownCheckpoint(_unknown(weights))


def _controlnet(weights: Weights, table: Weights, name: str, base: ModelPatcher | None) -> ControlNet:
    dims = _dims(table)
    if DIFFERENCE in weights:
        return DeltaControlNet(Delta(*differences(table), dims, name), base)
    network = build(ControlNetNetwork, dims, "ControlNet", table)
    dtype = devices.network_dtype(devices.compute_device())
    return ControlNet(patcher_of(network, table, dtype, "ControlNet"), name)


def _pooling(control: ControlNet, name: str) -> ControlNet:
    """The ControlNet for shuffled pictures takes what is in them and not where; it is told by its name alone."""
    control.global_average_pooling = "_shuffle" in Path(name).stem
    return control


def _adapter(weights: Weights, name: str) -> T2IAdapter:
    table = adapter_renamed(weights)
    network = build(AdapterNetwork, adapter_dims(table), "T2I-Adapter", table)
    dtype = devices.network_dtype(devices.compute_device())
    return T2IAdapter(patcher_of(network, table, dtype, "T2I-Adapter"), name)


def _dims(table: Weights) -> ControlNetDims:
    """The dimensions of a ControlNet in the layout of its release. Eight heads are Stable Diffusion 1's, which is told
    by its convolutions around the transformers; others are 64 wide."""
    unet = encoder_dims(table, heads=None, norm_groups=int(table.metadata.get("easel.norm_groups", 32)))
    if not unet.linear_projections:
        unet = replace(unet, heads=int(table.metadata.get("easel.num_heads", HEADS)))
    convolutions = range(0, 2 * count_even(table, "input_hint_block.{}.weight") - 2, 2)
    shapes = [table.shape(f"input_hint_block.{number}.weight") for number in convolutions]
    hint = (shapes[0][1], *(shape[0] for shape in shapes))
    if "task_embedding" not in table:
        return ControlNetDims(unet, hint)
    types = table.shape("task_embedding")[0]
    return ControlNetDims(unet, hint, types, table.shape("control_add_embedding.linear_1.weight")[1] // types)


def count_even(table: Weights, pattern: str) -> int:
    """How many of the names `pattern` makes of 0, 2, 4 … there are in a row."""
    number = 0
    while pattern.format(2 * number) in table:
        number += 1
    return number


def _released(table: Weights) -> Weights:
    """A ControlNet of diffusers under the names of the release."""
    last = 2 * (count(table, "controlnet_cond_embedding.blocks.{}.weight") + 1)
    ends = {"conv_in": "input_hint_block.0", "conv_out": f"input_hint_block.{last}"}

    def rename(name: str) -> str:
        match name.split("."):
            case ["controlnet_cond_embedding", "blocks", number, kind]:
                return f"input_hint_block.{2 * (int(number) + 1)}.{kind}"
            case ["controlnet_cond_embedding", place, kind]:
                return f"{ends[place]}.{kind}"
            case ["controlnet_down_blocks", number, kind]:
                return f"zero_convs.{number}.0.{kind}"
            case ["controlnet_mid_block", kind]:
                return f"middle_block_out.0.{kind}"
        return name

    return unet_renamed(table).renamed(rename)


def _unknown(weights: Weights) -> str:
    if any(name.startswith(LLLITE) for name in weights):
        return f"{file_name(weights)} is a ControlNet-LLLite: take the node Load LLLite, which puts it on the model."
    other = next((family for family, mark in OTHERS if any(mark in name for name in weights)), None)
    if other is None:
        return description(weights, "ControlNet", SUPPORTED)
    return f"{file_name(weights)} is for {other}, which this version does not know; supported: {SUPPORTED}."
