"""A tiny CLIP vision encoder in both layouts, every parameter random.

tensors = vision_tensors(VIT)                # as `transformers` writes it
tensors = open_clip_layout(tensors)          # as OpenCLIP and the unCLIP checkpoints do
"""

from __future__ import annotations

import re

import torch
from torch import Tensor

from comfy_core.networks.clip_vision import ClipVision, ClipVisionDims
from tests.tiny_sd1 import randomise

VIT = ClipVisionDims(width=64, layers=3, mlp_width=128, patch=14, image=56, projection=32)
DEEP_VIT = ClipVisionDims(width=32, layers=25, mlp_width=64, patch=14, image=42, projection=48, activation="gelu")
"""More than 24 layers: one of OpenCLIP's."""
OPEN_CLIP = (
    ("vision_model.embeddings.class_embedding", "class_embedding"),
    ("vision_model.embeddings.patch_embedding.weight", "conv1.weight"),
    ("vision_model.embeddings.position_embedding.weight", "positional_embedding"),
    ("vision_model.pre_layrnorm.", "ln_pre."),
    ("vision_model.post_layernorm.", "ln_post."),
    ("vision_model.encoder.layers.", "transformer.resblocks."),
    (".self_attn.out_proj.", ".attn.out_proj."),
    (".layer_norm1.", ".ln_1."),
    (".layer_norm2.", ".ln_2."),
    (".mlp.fc1.", ".mlp.c_fc."),
    (".mlp.fc2.", ".mlp.c_proj."),
)


def vision_tensors(dims: ClipVisionDims = VIT, seed: int = 0) -> dict[str, Tensor]:
    """The encoder's tensors by name, in the layout of `transformers`."""
    network = ClipVision(dims)
    torch.nn.init.normal_(network.vision_model.embeddings.class_embedding)
    randomise(network, torch.Generator().manual_seed(seed))
    tensors = {name: value.clone() for name, value in network.state_dict().items()}
    tensors["vision_model.embeddings.position_ids"] = torch.arange(dims.places)[None]
    return tensors


def open_clip_layout(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same in the layout of OpenCLIP: queries, keys and values packed, the projection transposed."""
    packed: dict[str, Tensor] = {"visual.proj": tensors["visual_projection.weight"].T.contiguous()}
    for name, value in tensors.items():
        match = re.fullmatch(r"vision_model\.encoder\.layers\.(\d+)\.self_attn\.q_proj\.(weight|bias)", name)
        if match:
            parts = [tensors[name.replace("q_proj", f"{letter}_proj")] for letter in "qkv"]
            packed[f"visual.transformer.resblocks.{match[1]}.attn.in_proj_{match[2]}"] = torch.cat(parts)
        elif not re.search(r"[qkv]_proj|position_ids|visual_projection", name):
            for theirs, ours in OPEN_CLIP:
                name = name.replace(theirs, ours)
            packed[f"visual.{name}"] = value
    return packed
