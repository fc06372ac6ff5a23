"""Tiny ControlNets and T2I-Adapters for the models of `tests.tiny_models`, in the layouts of their releases, every
parameter random.

    tensors = controlnet_tensors("sdxl")          # of ControlNet's release
    tensors = adapter_tensors(dims)               # of T2I-Adapter's
    write_control(path, "sd1")                    # a file of either, by its name
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from comfy_core.networks.controlnet import ControlNet, ControlNetDims
from comfy_core.networks.t2i_adapter import AdapterDims, BlockDims, T2IAdapter
from comfy_core.networks.unet import UNetDims
from tests.tiny_models import MODELS
from tests.tiny_sd1 import randomise

HINT = (3, 8, 8, 16, 16, 24, 24, 32)
PREFIX = "control_model."


def controlnet_dims(family: str, types: int = 0) -> ControlNetDims:
    return ControlNetDims(replace(MODELS[family].unet, in_channels=4, up_depths=()), HINT, types)


def controlnet_tensors(family: str, types: int = 0, seed: int = 5) -> dict[str, Tensor]:
    """A ControlNet without prefix, or a union for so many types of pictures."""
    network = ControlNet(controlnet_dims(family, types))
    randomise(network, torch.Generator().manual_seed(seed))
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def adapter_dims(unet: UNetDims, coarse: bool = False, light: bool = False, channels: int = 3) -> AdapterDims:
    """Those of an adapter for a U-Net, with two layers a level; a coarse one is of SDXL's kind."""
    widths = [unet.model_channels * mult for mult in unet.channel_mult]
    if light:
        blocks = [BlockDims(width, halves=number > 0) for number, width in enumerate(widths)]
        return AdapterDims(channels * 64, tuple(blocks), per_level=1, light=True, layers=2)
    levels = [*widths, widths[-1]] if coarse else widths
    blocks, before = [], levels[0]
    for level, width in enumerate(levels):
        halves = level == 2 if coarse else level > 0
        blocks += [BlockDims(width, in_kernel=int(width != before), halves=halves), BlockDims(width)]
        before = width
    return AdapterDims(channels * (256 if coarse else 64), tuple(blocks))


def adapter_tensors(dims: AdapterDims, seed: int = 6) -> dict[str, Tensor]:
    network = T2IAdapter(dims)
    randomise(network, torch.Generator().manual_seed(seed))
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def lllite_projections(network: nn.Module) -> dict[str, nn.Linear]:
    """What a ControlNet-LLLite of kohya's script changes: queries, keys and values of self-attention and queries of
    cross-attention, on the way down and in the middle."""
    return {
        name: layer
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear)
        and name.startswith(("input_blocks", "middle_block"))
        and (".attn1.to_" in name or ".attn2.to_q" in name)
        and ".to_out" not in name
    }


def lllite_tensors(network: nn.Module, seen: int = 8, narrow: int = 6) -> dict[str, Tensor]:
    """One for the tiny U-Net of SDXL: where that was halved once, its pictures are by 16, else by 32."""
    generator, tensors = torch.Generator().manual_seed(2), {}
    half = seen // 2
    for name, layer in lllite_projections(network).items():
        last = [(seen, half, 4)] if name.startswith("input_blocks.3.") else [(half, half, 4), (seen, half, 2)]
        shapes: dict[str, tuple[int, ...]] = {
            f"conditioning1.{2 * number}": (after, before, edge, edge)
            for number, (after, before, edge) in enumerate([(half, 3, 4), *last])
        }
        width = layer.in_features
        shapes |= {"down.0": (narrow, width), "mid.0": (narrow, narrow + seen), "up.0": (width, narrow)}
        for part, shape in shapes.items():
            key = f"lllite_unet_{name.replace('.', '_')}.{part}"
            tensors[f"{key}.weight"] = torch.randn(shape, generator=generator) / shape[1] ** 0.5
            tensors[f"{key}.bias"] = torch.randn(shape[0], generator=generator) * 0.1
    return tensors


def write_control(path: Path, family: str) -> None:
    """A T2I-Adapter if the file is called so, else a ControlNet; `.safetensors` or a torch pickle."""
    adapter = path.name.startswith("t2iadapter")
    tensors = adapter_tensors(adapter_dims(MODELS[family].unet)) if adapter else controlnet_tensors(family)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path)
