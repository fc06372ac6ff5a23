"""Tiny IP-Adapters for the models of `tests.tiny_models`, in the layout of their release, every parameter random.

tensors = ip_adapter_tensors("sd1", "plus")        # or "regular", "full"
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core.ip_adapter.apply import places_in
from comfy_core.networks.build import shapes_only
from comfy_core.networks.ip_adapter import IPAdapter, IPAdapterDims, ResamplerDims
from comfy_core.networks.unet import UNet
from tests.tiny_models import MODELS
from tests.tiny_sd1 import randomise
from tests.tiny_vision import VIT, vision_tensors

KINDS = ("regular", "plus", "full")


def ip_adapter_dims(family: str, kind: str) -> IPAdapterDims:
    with shapes_only():
        network = UNet(MODELS[family].unet)
    widths = {str(2 * number + 1): place.width for number, place in enumerate(places_in(network))}
    context = MODELS[family].unet.context_dim
    if kind == "plus":
        resampler = ResamplerDims(seen=VIT.width, width=64, inner=128, mlp=256, layers=4, questions=5)
        return IPAdapterDims(context, widths, resampler=resampler)
    if kind == "full":
        return IPAdapterDims(context, widths, patches=VIT.width)
    return IPAdapterDims(context, widths, whole=(VIT.projection, 4))


def ip_adapter_tensors(family: str, kind: str = "regular", seed: int = 7) -> dict[str, Tensor]:
    network = IPAdapter(ip_adapter_dims(family, kind))
    randomise(network, torch.Generator().manual_seed(seed))
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def write_ip_adapter(models: Path, name: str, family: str, kind: str) -> None:
    """An IP-Adapter, and the encoder that the release has it for."""
    for folder, file, tensors in (
        ("ipadapter", name, ip_adapter_tensors(family, kind)),
        ("clip_vision", "CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors", vision_tensors(VIT)),
    ):
        (models / folder).mkdir(parents=True, exist_ok=True)
        save_file(tensors, models / folder / file)
